"""Private MariaDB, PostgreSQL and S3 servers on free loopback ports, for the sandbox and for tests."""
