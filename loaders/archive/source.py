"""Reads the legacy tables for an archive: one snapshot, the tap's reader, the archive's dialect (A1, E4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from loaders.archive.catalogue import SourceTable
from loaders.archive.csv_format import archived_columns, select
from loaders.archive.manifest import ArchivedColumn
from loaders.errors import LossError, RefusedError, ServiceError
from loaders.settings import Settings
from loaders.singer.tap_mysql.catalogue import Table, read_tables
from loaders.singer.tap_mysql.config import TapConfig
from loaders.singer.tap_mysql.reader import read_lines
from loaders.singer.tap_mysql.rendering import Column, quote_name
from loaders.singer.tap_mysql.snapshot import consistent_snapshot
from loaders.singer.tap_mysql.source import Connection, connect, naming_errors, query

_SERVER_VARIABLES = ("version", "version_comment", "character_set_server", "collation_server", "sql_mode")


@dataclass(frozen=True)
class Source:
    """The legacy tables in one snapshot.

    Attributes:
        connection: a session on the snapshot.
        as_of: the snapshot's time.
        tables: by name, with their columns as the archive renders them.
        server: version and character sets.
    """

    connection: Connection
    as_of: datetime
    tables: Mapping[str, Table]
    columns: Mapping[str, tuple[Column, ...]]
    server: dict[str, str]

    def count(self, table: str) -> int:
        """Rows of a table, as the server counts them."""
        with naming_errors(table):
            return int(query(self.connection, f"select count(*) from {quote_name(table)}")[0][0])

    def create_statement(self, table: str) -> str:
        """The table's DDL."""
        with naming_errors(table):
            return str(query(self.connection, f"show create table {quote_name(table)}")[0][1])

    def blocks(self, table: str) -> Iterator[tuple[bytes, int]]:
        """The table's records in blocks, with their number; must be read to the end."""
        return blocks(self.connection, table, self.columns[table])

    def checksum(self, table: str) -> int:
        """The server's own checksum of the table."""
        return checksum(self.connection, table)


@contextmanager
def open_source(settings: Settings, catalogue: Mapping[str, SourceTable]) -> Iterator[Source]:
    """Open one snapshot of the catalogue's tables.

    Raises:
        LossError: a table is gone.
        RefusedError: a table can neither take part in the snapshot nor be locked.
        ServiceError: the legacy server is out of reach, or failed.
    """
    config = TapConfig(
        host=settings.source_host,
        port=settings.source_port,
        user=settings.source_user,
        password=settings.source_password,
        database=settings.source_database,
        tables=tuple(catalogue),
        bytes_columns=frozenset(f"{table.name}.{column}" for table in catalogue.values() for column in table.payloads),
    )
    with naming_errors(config.database):
        connection = connect(config)
        try:
            found = read_tables(connection, config)
        finally:
            connection.close()
        tables = {name: found[name] for name in catalogue}
        with consistent_snapshot(lambda: connect(config), list(tables.values()), 1) as snapshot:
            if snapshot.uncovered:
                raise RefusedError(
                    f"these tables cannot take part in the snapshot: {', '.join(snapshot.uncovered)}",
                    hint="Their engine has no snapshots: grant LOCK TABLES to the source's user.",
                )
            (session,) = snapshot.connections
            yield Source(
                connection=session,
                as_of=snapshot.as_of,
                tables=tables,
                columns={name: archived_columns(table) for name, table in tables.items()},
                server=server_facts(session),
            )


def blocks(connection: Connection, table: str, columns: tuple[Column, ...]) -> Iterator[tuple[bytes, int]]:
    """A table's records in blocks, with their number; must be read to the end.

    Raises:
        LossError: a value could not be rendered.
        ServiceError: the server failed.
    """
    try:
        with naming_errors(table):
            yield from read_lines(connection, select(table, columns), table)
    except OSError as error:
        raise ServiceError(
            f"the connection to the MySQL server broke at {table} ({type(error).__name__})", hint="Run it again."
        ) from None


def checksum(connection: Connection, table: str) -> int:
    """CHECKSUM TABLE, row by row.

    Raises:
        LossError: the server has none to give.
    """
    with naming_errors(table):
        value = query(connection, f"checksum table {quote_name(table)} extended")[0][1]
    if value is None:
        raise LossError(f"{table}: the server gives no checksum", hint="Does CHECK TABLE find it damaged?")
    return int(value)


def server_facts(connection: Connection) -> dict[str, str]:
    """Version and character sets of a server."""
    variables = ", ".join(f"cast(@@global.{name} as char)" for name in _SERVER_VARIABLES)
    return dict(zip(_SERVER_VARIABLES, map(str, query(connection, f"select {variables}")[0]), strict=True))


def described(columns: tuple[Column, ...]) -> tuple[ArchivedColumn, ...]:
    """The columns as the manifest has them."""
    return tuple(
        ArchivedColumn(
            name=column.name,
            mysql_type=column.column_type,
            character_set=column.character_set,
            encoding="hex" if column.is_binary else "text",
        )
        for column in columns
    )
