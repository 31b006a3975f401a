"""How every connection to PostgreSQL is made: one wording, for an operator, where a server lets nobody in."""

from __future__ import annotations

from typing import Any

import psycopg
from pydantic import SecretStr

from loaders.errors import ServiceError


def open_postgres(
    *, host: str, port: int, database: str, user: str, password: SecretStr, hint: str, **options: Any
) -> psycopg.Connection:
    """Connect.

    Args:
        host: of the server.
        port: of the server.
        database: its name.
        user: the role.
        password: the role's.
        hint: what to do when the server lets nobody in.
        options: as psycopg's.

    Raises:
        ServiceError: the server is out of reach or refuses the role; names host, port, database and role.
    """
    try:
        return psycopg.connect(
            host=host,
            port=port,
            dbname=database,
            user=user,
            password=password.get_secret_value(),
            connect_timeout=10,
            **options,
        )
    except psycopg.OperationalError as error:
        # The reason is libpq's own: it names host, port, database and role, never a password; no row exists yet (X1).
        where = f"{host}:{port}/{database} as {user}"
        raise ServiceError(f"cannot connect to PostgreSQL at {where}: {_reason(str(error))}", hint=hint) from None


def _reason(text: str) -> str:
    """What the last server that was tried said, without advice of libpq's and what the error says itself."""
    lines = [line for line in text.splitlines() if line.strip() and not line[0].isspace()]
    return " ".join(lines[-1].rpartition(" failed: ")[2].split()) if lines else "no reason given"
