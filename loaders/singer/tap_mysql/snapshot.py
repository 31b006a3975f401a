"""One consistent snapshot on several connections (reliability E4).

MySQL cannot hand a snapshot from one session to another. So the tables are read-locked while the sessions open theirs:
nothing is committed to them in between. That takes LOCK TABLES on the selected tables only, for as long as N statements
need. Tables of engines without transactions have no snapshot; they stay locked until they are read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime

import pymysql

from loaders.singer.tap_mysql.catalogue import Table
from loaders.singer.tap_mysql.rendering import quote_name
from loaders.singer.tap_mysql.source import Connection, query


@dataclass(frozen=True)
class Snapshot:
    """Open sessions that all see the database as of the same moment.

    Attributes:
        connections: the sessions; one if the tables could not be locked.
        as_of: the server's time at which the snapshot was taken.
        uncovered: names of tables that may show later changes.
        is_single: fewer sessions than wanted, since the tables could not be locked.
    """

    connections: tuple[Connection, ...]
    as_of: datetime
    uncovered: tuple[str, ...]
    is_single: bool


@contextmanager
def consistent_snapshot(
    open_connection: Callable[[], Connection], tables: Sequence[Table], wanted: int
) -> Iterator[Snapshot]:
    """Open up to `wanted` sessions on one snapshot of these tables; close them at the end.

    Raises:
        ServiceError: a session cannot be opened.
        pymysql.MySQLError: the server failed.
    """
    without_snapshot = [table for table in tables if not table.in_snapshot]
    with_snapshot = [table for table in tables if table.in_snapshot]
    with ExitStack() as stack:

        def session() -> Connection:
            connection = open_connection()
            stack.callback(_close, connection)
            return connection

        is_held = not without_snapshot or _lock(session(), without_snapshot)
        locker = session() if wanted > 1 and with_snapshot else None
        is_locked = locker is not None and _lock(locker, with_snapshot)
        connections = tuple(session() for _ in range(wanted if is_locked else 1))
        as_of = query(connections[0], "select utc_timestamp(6)")[0][0]
        for connection in connections:
            query(connection, "start transaction with consistent snapshot")
        if locker is not None:
            query(locker, "unlock tables")
        yield Snapshot(
            connections=connections,
            as_of=as_of.replace(tzinfo=UTC),
            uncovered=() if is_held else tuple(table.name for table in without_snapshot),
            is_single=locker is not None and not is_locked,
        )


def _lock(connection: Connection, tables: Sequence[Table]) -> bool:
    # Without autocommit InnoDB takes part in the lock and waits for writers that have not committed yet; with it, one
    # of them could commit between two of our snapshots.
    query(connection, "set autocommit = 0")
    try:
        query(connection, "lock tables " + ", ".join(f"{quote_name(table.name)} read" for table in tables))
    except pymysql.MySQLError:
        # No privilege, or a writer that goes on for longer than the session's lock timeout.
        return False
    return True


def _close(connection: Connection) -> None:
    with suppress(pymysql.MySQLError, OSError):
        connection._force_close()  # type: ignore[attr-defined]
