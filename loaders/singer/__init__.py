"""Replication: `tap-mysql` and `target-postgres`, two Singer plugins that move rows as PostgreSQL CSV."""
