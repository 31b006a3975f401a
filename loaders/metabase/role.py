"""The read-only role that Metabase connects as: what it can see, tried with its own password."""

from __future__ import annotations

import psycopg
from psycopg import sql

from loaders.errors import ConfigurationError, RefusedError
from loaders.metabase.desired import SCHEMA
from loaders.postgres import open_postgres
from loaders.settings import Settings

STATEMENT_SECONDS = 120

# Beside the reporting schema only what every role of PostgreSQL sees.
_ELSEWHERE = """
select schema_name.nspname || '.' || relation.relname
from pg_class as relation
inner join pg_namespace as schema_name on schema_name.oid = relation.relnamespace
where
    relation.relkind in ('r', 'p', 'v', 'm', 'f')
    and schema_name.nspname not in ('pg_catalog', 'information_schema', 'pg_toast', %(schema)s)
    and schema_name.nspname not like 'pg\\_temp\\_%%'
    and has_schema_privilege(schema_name.oid, 'usage')
    and (
        has_any_column_privilege(relation.oid, 'select, insert, update, references')
        or has_table_privilege(relation.oid, 'delete, truncate, trigger')
    )
order by 1
limit 5
"""

_COLUMNS = """
select relation.relname || '.' || attribute.attname
from pg_class as relation
inner join pg_namespace as schema_name on schema_name.oid = relation.relnamespace
inner join pg_attribute as attribute on attribute.attrelid = relation.oid
where
    schema_name.nspname = %(schema)s
    and relation.relkind in ('r', 'p', 'v', 'm', 'f')
    and attribute.attnum > 0
    and not attribute.attisdropped
    and has_schema_privilege(schema_name.oid, 'usage')
    and has_column_privilege(relation.oid, attribute.attnum, 'select')
"""


def connect_as_reader(settings: Settings) -> psycopg.Connection:
    """Connect as the reporting role.

    Raises:
        ConfigurationError: its password is not set.
        ServiceError: the server does not let it in.
    """
    if settings.reporting_password is None:
        raise ConfigurationError("DTX_REPORTING_PASSWORD is not set", hint="Metabase connects with it.")
    return open_postgres(
        host=settings.target_host,
        port=settings.target_port,
        database=settings.target_database,
        user=settings.reporting_user,
        password=settings.reporting_password,
        hint="Create the role with that password (create role … login password '…'), then run dtx setup.",
        application_name="dtx reporting",
        autocommit=True,
    )


def restrict_reader(settings: Settings) -> None:
    """Have every session of the reporting role begin read-only and with a limit on each query.

    The role sets this for itself: no other but a superuser may. Its privileges, not this, keep it from writing.
    """
    database = sql.Identifier(settings.target_database)
    with connect_as_reader(settings) as connection:
        connection.execute("set default_transaction_read_only = off")
        for name, value in (("default_transaction_read_only", "on"), ("statement_timeout", f"{STATEMENT_SECONDS}s")):
            connection.execute(
                sql.SQL("alter role {} in database {} set {} = {}").format(
                    sql.Identifier(settings.reporting_user), database, sql.Identifier(name), sql.Literal(value)
                )
            )


def readable_columns(settings: Settings) -> set[str]:
    """What the reporting role can read, each as `table.column`.

    Raises:
        RefusedError: it sees anything but the reporting schema, or nothing in it.
    """
    with connect_as_reader(settings) as connection:
        elsewhere = [name for (name,) in connection.execute(_ELSEWHERE, {"schema": SCHEMA})]
        columns = {name for (name,) in connection.execute(_COLUMNS, {"schema": SCHEMA})}
    if elsewhere:
        raise RefusedError(
            f"{settings.reporting_user} has privileges outside of schema {SCHEMA}: on {', '.join(elsewhere)}",
            hint="Revoke them, from the role and from PUBLIC: whoever may use Metabase would have them too.",
        )
    if not columns:
        raise RefusedError(
            f"{settings.reporting_user} cannot read anything in schema {SCHEMA}",
            hint="Run dtx setup, then dbt build --select tag:reporting.",
        )
    return columns
