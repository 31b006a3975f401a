"""Replication: `tap-mysql`, `tap-postgres` and `target-postgres`, Singer plugins that move rows as PostgreSQL CSV."""
