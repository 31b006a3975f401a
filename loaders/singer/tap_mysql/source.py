"""Connections to the legacy server, with the session settings that exactness depends on."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

import pymysql

from loaders.errors import ConfigurationError, MigrationError, ServiceError
from loaders.singer.tap_mysql.config import TapConfig

Connection: TypeAlias = "pymysql.Connection[Any]"

_SESSION = (
    # TIMESTAMP is printed in the session's zone (reliability E3).
    "set session time_zone = '+00:00'",
    # CHAR without padding, literals with backslashes, whatever the server's mode is.
    "set session sql_mode = ''",
    # The target takes its time to commit; the server must not take the silence for a dead client.
    "set session net_write_timeout = 3600",
    "set session wait_timeout = 86400",
    "set session lock_wait_timeout = 10",
    "set session innodb_lock_wait_timeout = 10",
    "set session transaction isolation level repeatable read",
)


def connect(config: TapConfig) -> Connection:
    """Open a connection; text comes as utf8mb4.

    Raises:
        ServiceError: the server is out of reach or refuses the account; names host, port, database and user.
        ConfigurationError: the CA certificates cannot be read.
    """
    where = f"{config.host}:{config.port}/{config.database} as {config.user}"
    try:
        connection: Connection = pymysql.connect(
            host=config.host,
            port=config.port,
            user=config.user,
            password=config.password.get_secret_value(),
            database=config.database,
            charset="utf8mb4",
            connect_timeout=10,
            autocommit=True,
            **_tls(config),
        )
    except pymysql.MySQLError as error:
        # The server's own words: they name host, account and database, and no row has been read yet (X1).
        raise ServiceError(
            f"cannot connect to the legacy server at {where}: {error.args[-1]} (MySQL error {_number(error)})",
            hint="Check DTX_SOURCE_HOST, _PORT, _DATABASE, _USER and _PASSWORD in .env; where DTX_SOURCE_TLS_CA is "
            "set, the server's certificate must be signed by that, for that host.",
        ) from None
    with naming_errors(where), connection.cursor() as cursor:
        for statement in _SESSION:
            cursor.execute(statement)
    return connection


def _tls(config: TapConfig) -> dict[str, Any]:
    """pymysql's options: with a CA the server must have TLS and a certificate for the host.

    Raises:
        ConfigurationError: the file of the CA certificates cannot be read.
    """
    if config.tls_ca is None:
        return {}
    try:
        ssl.create_default_context(cafile=str(config.tls_ca))
    except OSError:
        raise ConfigurationError(
            f"{config.tls_ca}: no CA certificates can be read from it",
            hint="Correct DTX_SOURCE_TLS_CA: it names a PEM file.",
        ) from None
    return {"ssl_ca": str(config.tls_ca), "ssl_verify_identity": True}


@contextmanager
def naming_errors(where: str) -> Iterator[None]:
    """Turn pymysql's errors into ours; their text may hold row values, so only the number is kept (X1)."""
    try:
        yield
    except pymysql.MySQLError as error:
        raise source_error(error, where) from None


def source_error(error: pymysql.MySQLError, where: str) -> MigrationError:
    """Our error for one of pymysql's, with the server's error number."""
    return ServiceError(
        f"the legacy server failed at {where} (MySQL error {_number(error)})",
        hint="Is it still up, and may DTX_SOURCE_USER read every table?",
    )


def _number(error: pymysql.MySQLError) -> object:
    return error.args[0] if error.args and isinstance(error.args[0], int) else type(error).__name__


def query(connection: Connection, sql: str, arguments: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
    """Run a small query and return its rows."""
    with connection.cursor() as cursor:
        cursor.execute(sql, arguments or None)
        return list(cursor.fetchall())
