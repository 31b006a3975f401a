"""PostgreSQL connections of each role, with the session settings that exactness depends on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import psycopg
import psycopg.sql
from psycopg import errors

from loaders.errors import ConfigurationError, ServiceError
from loaders.postgres import open_postgres
from loaders.settings import Settings

Role = Literal["transform", "publisher", "rollback", "owner"]

_NOTICED_SECONDS = 2
# Timestamps render the same whatever the server's zone (reliability E3); floats round-trip; bytea prints as hex.
_SESSION = "-c TimeZone=UTC -c extra_float_digits=1 -c bytea_output=hex -c DateStyle=ISO,YMD -c client_encoding=UTF8"


def connect(settings: Settings, role: Role, *, autocommit: bool = False) -> psycopg.Connection:
    """Open a connection to the target database as one of the migration's roles.

    Args:
        settings: the settings.
        role: whose user and password to use.
        autocommit: as psycopg's.

    Raises:
        ServiceError: the server is out of reach or refuses the role.
    """
    user, password = {
        "transform": (settings.target_user, settings.target_password),
        "publisher": (settings.publisher_user, settings.publisher_password),
        "rollback": (settings.rollback_user, settings.rollback_password),
        "owner": (settings.owner_user, settings.owner_password),
    }[role]
    target = f"{settings.system.prefix}TARGET"
    return open_postgres(
        host=settings.target_host,
        port=settings.target_port,
        database=settings.target_database,
        user=user,
        password=password,
        hint=f"Check {target}_HOST, {target}_PORT, {target}_DATABASE and this role's user and password in .env.",
        application_name=f"dtx {role}",
        options=_SESSION,
        autocommit=autocommit,
    )


def take_lock(connection: psycopg.Connection, lock: tuple[int, int]) -> bool:
    """Take an advisory lock for as long as the connection lives; false where somebody else keeps it.

    A process that was killed holds it until the server notices: milliseconds, more on a busy machine.

    Args:
        connection: whose lock it is to be.
        lock: the lock's two numbers.
    """
    try:
        with connection.transaction():
            connection.execute(f"set local lock_timeout = '{_NOTICED_SECONDS}s'")
            connection.execute("select pg_advisory_lock(%s, %s)", lock)
    except errors.LockNotAvailable:
        return False
    return True


@contextmanager
def reading(what: str, *, built_from: str, hint: str) -> Iterator[None]:
    """Around queries that read what dbt built and the ledger; PostgreSQL's own text may hold row values (X1).

    Args:
        what: what is read, for a query that fails.
        built_from: what has to be there.
        hint: how it gets there.

    Raises:
        ConfigurationError: something of it is not there.
        ServiceError: a query failed.
    """
    try:
        yield
    except (errors.UndefinedTable, errors.UndefinedColumn, errors.InvalidSchemaName) as error:
        raise ConfigurationError(
            f"{built_from} has not been built, or by older code (SQLSTATE {error.sqlstate})", hint=hint
        ) from None
    except psycopg.Error as error:
        sqlstate = error.sqlstate or "none: the connection was lost"
        raise ServiceError(
            f"{what} could not be read (SQLSTATE {sqlstate})", hint="Is PostgreSQL up? Run it again."
        ) from None


@contextmanager
def one_reading(settings: Settings, what: str, *, built_from: str, hint: str) -> Iterator[psycopg.Connection]:
    """A connection of the transform role for `reading`, all of it in one read-only snapshot.

    Raises:
        ServiceError: the server is out of reach; else as `reading`.
    """
    with connect(settings, "transform") as connection, reading(what, built_from=built_from, hint=hint):
        connection.execute("set transaction isolation level repeatable read read only")
        yield connection
        connection.rollback()


def fetch_value(connection: psycopg.Connection, query: psycopg.sql.Composable | str, parameters: Any = None) -> Any:
    """The first column of a query that must return a row.

    Raises:
        LookupError: it returned none.
    """
    row = connection.execute(query, parameters).fetchone()  # type: ignore[arg-type]
    if row is None:
        raise LookupError("a query that must return a row returned none")
    return row[0]
