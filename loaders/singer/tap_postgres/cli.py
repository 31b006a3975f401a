"""`tap-postgres`: a Singer tap's command line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg

from loaders.singer.tap.cli import run_tap
from loaders.singer.tap.plan import StreamPlan
from loaders.singer.tap.source import Opened
from loaders.singer.tap_postgres.catalogue import Column, Table, read_tables
from loaders.singer.tap_postgres.config import TapConfig
from loaders.singer.tap_postgres.queries import bookmark_query, copy_statement
from loaders.singer.tap_postgres.reader import read_rows
from loaders.singer.tap_postgres.snapshot import consistent_snapshot
from loaders.singer.tap_postgres.source import connect, naming_errors


@dataclass(frozen=True)
class PostgresSession:
    """A connection in the snapshot."""

    connection: psycopg.Connection
    schema: str
    tables: Mapping[str, Table]

    def highest_key(self, stream: StreamPlan[Column]) -> str | None:
        """The highest finite replication key, as the server prints it."""
        statement = bookmark_query(self.schema, stream, self.tables[stream.table.name])
        with naming_errors(stream.table.name):
            row = self.connection.execute(statement).fetchone()
            return row[0] if row else None

    def read_rows(self, stream: StreamPlan[Column]) -> Iterator[tuple[bytes, int]]:
        """The rows as blocks of CSV; the server renders them."""
        # What a database without an encoding holds may be no UTF-8: its bytes pass, the target sets them aside (M8).
        is_bytes = self.connection.info.parameter_status("server_encoding") == "SQL_ASCII"
        encoding = "SQL_ASCII" if is_bytes else "UTF8"
        statement = copy_statement(self.schema, stream, self.tables[stream.table.name], encoding)
        with naming_errors(stream.table.name):
            yield from read_rows(self.connection, statement, stream.table.name)


class PostgresSource:
    """The source's server."""

    def __init__(self, config: TapConfig) -> None:
        self._config = config
        self._tables: Mapping[str, Table] = {}

    @property
    def database(self) -> str:
        """The source's database."""
        return self._config.database

    def read_tables(self) -> Mapping[str, Table]:
        """The tables that are there."""
        with naming_errors(self.database), connect(self._config) as connection:
            self._tables = read_tables(connection, self._config)
        return self._tables

    @contextmanager
    def open(self, streams: Sequence[StreamPlan[Column]]) -> Iterator[Opened[Column]]:
        """One snapshot on as many connections as are wanted."""
        config = self._config
        tables = [self._tables[stream.table.name] for stream in streams]
        wanted = max(1, min(config.connections, len(streams)))
        with (
            naming_errors(self.database),
            consistent_snapshot(lambda: connect(config), config.source_schema, tables, wanted) as snapshot,
        ):
            sessions = [PostgresSession(each, config.source_schema, self._tables) for each in snapshot.connections]
            yield Opened(sessions, snapshot.as_of, () if snapshot.is_locked else (_NOT_LOCKED,))


_NOT_LOCKED = (
    "the source's user may not lock all tables, so that a TRUNCATE or ALTER TABLE meanwhile could show in them; "
    "grant SELECT on whole tables, or see that nobody changes them"
)


def main() -> None:
    """Run the tap: exit 0 done, 1 loss or drift, 2 could not run, 3 refused."""
    run_tap("tap-postgres", TapConfig, PostgresSource)


if __name__ == "__main__":
    main()
