"""The sandbox: private servers, generated legacy data and a reference DTX 2.0 for newcomers, tests and CI."""
