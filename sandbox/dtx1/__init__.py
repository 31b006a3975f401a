"""DTX 1.0 as the sandbox makes it: the tables of the source catalogue on a MySQL server."""
