"""One consistent snapshot on several connections (reliability E4).

The first session exports its snapshot, the others take it over. Before that, each locks the tables as any reader does:
TRUNCATE and ALTER TABLE are not covered by a snapshot, and must wait until the tables are read. LOCK TABLE itself takes
no snapshot, so what is committed while it waits is seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime

import psycopg
from psycopg import errors, sql

from loaders.singer.tap_postgres.catalogue import Table


@dataclass(frozen=True)
class Snapshot:
    """Open transactions that all see the database as of the same moment.

    Attributes:
        connections: the sessions.
        as_of: the server's time just before the snapshot was taken.
        is_locked: whether the tables are safe from TRUNCATE and ALTER TABLE meanwhile.
    """

    connections: tuple[psycopg.Connection, ...]
    as_of: datetime
    is_locked: bool


@contextmanager
def consistent_snapshot(
    open_connection: Callable[[], psycopg.Connection], schema: str, tables: Sequence[Table], wanted: int
) -> Iterator[Snapshot]:
    """Open `wanted` sessions on one snapshot; close them at the end.

    Raises:
        ServiceError: a session cannot be opened.
        psycopg.Error: the server failed, or a table is held by a writer that locks out readers.
    """
    with ExitStack() as stack:
        connections = []
        for _ in range(wanted):
            connections.append(open_connection())
            stack.callback(_close, connections[-1])
        locked = [_begin(connection, schema, tables) for connection in connections]
        # The statement's time lies before its snapshot, which is the transaction's.
        row = connections[0].execute("select statement_timestamp(), pg_export_snapshot()").fetchone()
        as_of, exported = row or (None, None)
        for connection in connections[1:]:
            connection.execute(sql.SQL("set transaction snapshot {}").format(sql.Literal(exported)))
        yield Snapshot(tuple(connections), as_of, all(locked))


def _begin(connection: psycopg.Connection, schema: str, tables: Sequence[Table]) -> bool:
    begin = "begin isolation level repeatable read read only"
    names = [sql.Identifier(schema, table.name) for table in tables if table.can_be_locked]
    connection.execute(begin)
    if not names:
        return True
    try:
        connection.execute(sql.SQL("lock table {} in access share mode").format(sql.SQL(", ").join(names)))
    except errors.InsufficientPrivilege:
        # Who may read some columns only, may not lock.
        connection.execute("rollback")
        connection.execute(begin)
        return False
    return True


def _close(connection: psycopg.Connection) -> None:
    with suppress(psycopg.Error, OSError):
        connection.close()
