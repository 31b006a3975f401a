"""Connections to the target database, and what its errors mean to an operator."""

from __future__ import annotations

import psycopg
from psycopg import errors

from loaders.errors import MigrationError, RefusedError, ServiceError
from loaders.postgres import open_postgres
from loaders.singer.target_postgres.config import TargetConfig

_LOCK_TIMEOUT = "60s"


def connect(config: TargetConfig) -> psycopg.Connection:
    """Open a connection; the first statement begins a transaction.

    Raises:
        ServiceError: the server is out of reach or refuses the role.
    """
    return open_postgres(
        host=config.host,
        port=config.port,
        database=config.database,
        user=config.user,
        password=config.password,
        hint="Check DTX_TARGET_HOST, _PORT, _DATABASE, _USER and _PASSWORD in .env; for dispatch they are "
        "DISPATCH_TARGET_….",
        application_name="target-postgres",
        options=f"-c TimeZone=UTC -c client_encoding=UTF8 -c lock_timeout={_LOCK_TIMEOUT}",
    )


def database_error(error: psycopg.Error, table: str) -> MigrationError:
    """Our error for one of PostgreSQL's. Its text may hold row values, so only SQLSTATE and column are kept (X1)."""
    column = f".{error.diag.column_name}" if error.diag.column_name else ""
    where = f"{table}{column} (SQLSTATE {error.sqlstate or 'none'}); the table is as it was"
    match error:
        case errors.LockNotAvailable():
            return ServiceError(
                f"another session held on to {where}",
                hint=f"It was waited for {_LOCK_TIMEOUT}; pg_stat_activity shows who reads the raw layer.",
            )
        case errors.InsufficientPrivilege():
            return RefusedError(
                f"the role may not load {where}", hint="`dtx setup` creates the raw schema for the transform role."
            )
        case errors.FeatureNotSupported():
            return RefusedError(
                f"a view depends on a column whose type changes between text and bytes: {where}",
                hint="Drop the views on the table; dbt makes them again.",
            )
        case _:
            return ServiceError(f"PostgreSQL refused to load {where}")
