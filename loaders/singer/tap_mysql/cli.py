"""`tap-mysql`: a Singer tap's command line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from loaders.singer.tap.cli import run_tap
from loaders.singer.tap.plan import StreamPlan
from loaders.singer.tap.source import Opened
from loaders.singer.tap_mysql.catalogue import Table, read_tables
from loaders.singer.tap_mysql.config import TapConfig
from loaders.singer.tap_mysql.queries import bookmark_query, rows_query
from loaders.singer.tap_mysql.reader import read_lines
from loaders.singer.tap_mysql.rendering import Column
from loaders.singer.tap_mysql.snapshot import Snapshot, consistent_snapshot
from loaders.singer.tap_mysql.source import Connection, connect, naming_errors, query


@dataclass(frozen=True)
class MySQLSession:
    """A connection in the snapshot."""

    connection: Connection

    def highest_key(self, stream: StreamPlan[Column]) -> str | None:
        """The highest replication key, as the server prints it."""
        with naming_errors(stream.table.name):
            highest: str | None = query(self.connection, bookmark_query(stream))[0][0]
            return highest

    def read_rows(self, stream: StreamPlan[Column]) -> Iterator[tuple[bytes, int]]:
        """The rows as blocks of CSV; the server renders them."""
        with naming_errors(stream.table.name):
            yield from read_lines(self.connection, rows_query(stream), stream.table.name)


class MySQLSource:
    """The legacy server."""

    def __init__(self, config: TapConfig) -> None:
        self._config = config
        self._tables: Mapping[str, Table] = {}

    @property
    def database(self) -> str:
        """The legacy database."""
        return self._config.database

    def read_tables(self) -> Mapping[str, Table]:
        """The tables that are there."""
        with naming_errors(self.database):
            connection = connect(self._config)
            try:
                self._tables = read_tables(connection, self._config)
            finally:
                connection.close()
        return self._tables

    @contextmanager
    def open(self, streams: Sequence[StreamPlan[Column]]) -> Iterator[Opened[Column]]:
        """One snapshot on as many connections as are wanted and can be had."""
        tables = [self._tables[stream.table.name] for stream in streams]
        wanted = max(1, min(self._config.connections, len(streams)))
        with (
            naming_errors(self.database),
            consistent_snapshot(lambda: connect(self._config), tables, wanted) as snapshot,
        ):
            sessions = [MySQLSession(connection) for connection in snapshot.connections]
            yield Opened(sessions, snapshot.as_of, tuple(_warnings(snapshot)))


def main() -> None:
    """Run the tap: exit 0 done, 1 loss or drift, 2 could not run, 3 refused."""
    run_tap("tap-mysql", TapConfig, MySQLSource)


def _warnings(snapshot: Snapshot) -> Iterator[str]:
    if snapshot.is_single:
        yield (
            "the tables could not be locked for the moment that several snapshots need, so one connection "
            "reads them all; grant LOCK TABLES to the source's user, and look for writers that take more than 10 s"
        )
    if snapshot.uncovered:
        yield (
            f"not in the snapshot and not locked: {', '.join(snapshot.uncovered)}; later changes may show in "
            "them; grant LOCK TABLES to the source's user, or stop the writers"
        )


if __name__ == "__main__":
    main()
