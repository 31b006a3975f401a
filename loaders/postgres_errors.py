"""Why a server let nobody in, as an operator can act on it: one wording for every connection."""

from __future__ import annotations

import psycopg

from loaders.errors import ServiceError


def cannot_connect(
    error: psycopg.OperationalError, *, host: str, port: int, database: str, user: str, hint: str
) -> ServiceError:
    """The error of a PostgreSQL connection that could not be made.

    The reason is libpq's own: it names host, port, database and role, never a password, and no row exists yet (X1).
    """
    where = f"{host}:{port}/{database} as {user}"
    return ServiceError(f"cannot connect to PostgreSQL at {where}: {_reason(str(error))}", hint=hint)


def _reason(text: str) -> str:
    """What the last server that was tried said, without advice of libpq's and what `cannot_connect` says itself."""
    lines = [line for line in text.splitlines() if line.strip() and not line[0].isspace()]
    return " ".join(lines[-1].rpartition(" failed: ")[2].split()) if lines else "no reason given"
