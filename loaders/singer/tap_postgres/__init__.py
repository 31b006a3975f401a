"""`tap-postgres`: reads tables in one snapshot; the server itself renders the rows as PostgreSQL CSV."""
