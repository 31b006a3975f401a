"""Connections to the source, with the session settings that exactness depends on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import errors

from loaders.errors import MigrationError, RefusedError, ServiceError
from loaders.postgres import open_postgres
from loaders.singer.tap_postgres.config import TapConfig

_SESSION = {
    # Moments are printed in the session's zone (reliability E3), dates and intervals in its style, floats with as many
    # digits as tell them apart, bytes as hex digits, money in its locale (E5).
    "TimeZone": "UTC",
    "DateStyle": "ISO,YMD",
    "IntervalStyle": "postgres",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    "lc_monetary": "C",
    "client_encoding": "UTF8",
    # Rows that a policy hides are an error: left out without a word they would be lost.
    "row_security": "off",
    # The target takes its time to commit.
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "lock_timeout": "10s",
}


def connect(config: TapConfig) -> psycopg.Connection:
    """Open a connection without a transaction.

    Raises:
        ServiceError: the server is out of reach or refuses the account.
    """
    return open_postgres(
        host=config.host,
        port=config.port,
        database=config.database,
        user=config.user,
        password=config.password,
        hint="Check DISPATCH_SOURCE_HOST, _PORT, _DATABASE, _USER and _PASSWORD in .env; where "
        "DISPATCH_SOURCE_TLS_CA is set, the server's certificate must be signed by that, for that host.",
        application_name="tap-postgres",
        options=" ".join(f"-c {name}={value}" for name, value in _SESSION.items()),
        autocommit=True,
        sslmode="verify-full" if config.tls_ca else None,
        sslrootcert=str(config.tls_ca) if config.tls_ca else None,
    )


@contextmanager
def naming_errors(where: str) -> Iterator[None]:
    """Turn psycopg's errors into ours; their text may hold row values, so only SQLSTATE is kept (X1)."""
    try:
        yield
    except psycopg.Error as error:
        raise source_error(error, where) from None


def source_error(error: psycopg.Error, where: str) -> MigrationError:
    """Our error for one of psycopg's."""
    state = f"{where} (SQLSTATE {error.sqlstate or 'none'})"
    match error:
        case errors.InsufficientPrivilege():
            return RefusedError(
                f"the source's user may not read all of {state}",
                hint="Grant SELECT on the table or its selected columns; under row security BYPASSRLS too, "
                "for a policy must not hide rows.",
            )
        case errors.UndefinedTable() | errors.UndefinedColumn():
            return ServiceError(f"the source changed while it was read, at {state}", hint="Run it again.")
        case errors.CharacterNotInRepertoire() | errors.UntranslatableCharacter():
            return ServiceError(
                f"a text of the source is no valid text in its own encoding, at {state}",
                hint="Find and mend it there; it cannot be printed as UTF-8.",
            )
        case errors.SerializationFailure():
            return ServiceError(
                f"the source is a standby that gave up the snapshot, at {state}",
                hint="Turn hot_standby_feedback on, raise max_standby_streaming_delay, or read the primary.",
            )
        case _:
            return ServiceError(f"the source's PostgreSQL failed at {state}", hint="Run it again; its log says more.")
