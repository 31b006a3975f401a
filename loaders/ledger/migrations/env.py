"""Alembic environment: runs the ledger's revisions on the connection that `loaders.ledger.schema` hands over."""

from alembic import context

connection = context.config.attributes["connection"]
context.configure(connection=connection, version_table_schema="migration", transaction_per_migration=True)
with context.begin_transaction():
    context.run_migrations()
