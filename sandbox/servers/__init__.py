"""Private MariaDB, PostgreSQL, S3 and Metabase servers on free loopback ports, for the sandbox and for tests."""
