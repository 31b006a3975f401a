"""The legacy server for reading, in one consistent snapshot."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Protocol, Self

import psycopg
from psycopg import sql

from loaders.reconcile.source_tables import SourceTable
from loaders.settings import Settings
from loaders.singer.messages import CSV_QUOTE
from loaders.singer.tap_mysql.catalogue import read_tables as read_mysql_tables
from loaders.singer.tap_mysql.reader import read_lines
from loaders.singer.tap_mysql.rendering import POSTGRES, Column, csv_select, quote_name
from loaders.singer.tap_mysql.source import Connection, query
from loaders.singer.tap_mysql.source import connect as connect_mysql
from loaders.singer.tap_mysql.source import naming_errors as naming_mysql_errors
from loaders.singer.tap_postgres.catalogue import read_tables as read_postgres_tables
from loaders.singer.tap_postgres.reader import read_rows
from loaders.singer.tap_postgres.source import connect as connect_postgres
from loaders.singer.tap_postgres.source import naming_errors as naming_postgres_errors
from loaders.sources import mysql_config, postgres_config

_KEYS_AT_ONCE = 20_000
Blocks = Iterator[tuple[bytes, int]]


class Source(Protocol):
    """A legacy server; a context that closes the connection. Blocks are CSV, each with the number of its rows.

    Raises:
        LossError: a table is gone, or a value cannot be read.
        ServiceError: the server is out of reach or failed; without it nothing can be judged (exit code 2).
    """

    def __enter__(self) -> Self:
        """Itself."""

    def __exit__(self, *_: object) -> None:
        """Close the connection."""

    def read_keys(self, table: SourceTable) -> Blocks:
        """The source key of each row of a table with a key."""

    def columns(self, table: str) -> tuple[str, ...]:
        """The names of a table's columns."""

    def read_rows(self, table: str, columns: Mapping[str, bool]) -> Blocks:
        """These columns of each row; those that are true as bytes."""


def open_source(settings: Settings) -> Source:
    """Open the system's legacy server."""
    return PostgresSource(settings) if settings.system.server == "postgres" else MySQLSource(settings)


class MySQLSource:
    """A legacy MySQL."""

    def __init__(self, settings: Settings) -> None:
        self._config = mysql_config(settings)
        self._connection: Connection = connect_mysql(self._config)
        with naming_mysql_errors(settings.source_database):
            query(self._connection, "start transaction with consistent snapshot, read only")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # Without a word to the server: a read that was given up may still be under way.
        self._connection._force_close()  # type: ignore[attr-defined]

    def read_keys(self, table: SourceTable) -> Blocks:
        """The source key of each row."""
        key = f"concat_ws('+', {', '.join(f'cast({quote_name(column)} as char)' for column in table.key_columns)})"
        quote = POSTGRES.quote
        field = f"concat('{quote}', replace({key}, '{quote}', '{quote}{quote}'), '{quote}')"
        with naming_mysql_errors(table.name):
            yield from read_lines(self._connection, f"select {field} from {quote_name(table.name)}", table.name)

    def columns(self, table: str) -> tuple[str, ...]:
        """The names of a table's columns."""
        with naming_mysql_errors(table):
            return tuple(column.name for column in self._live(table))

    def read_rows(self, table: str, columns: Mapping[str, bool]) -> Blocks:
        """These columns of each row."""
        with naming_mysql_errors(table):
            live = [replace(each, as_bytes=columns[each.name]) for each in self._live(table) if each.name in columns]
            yield from read_lines(self._connection, csv_select(table, live), table)

    def _live(self, table: str) -> tuple[Column, ...]:
        return read_mysql_tables(self._connection, self._config.model_copy(update={"tables": (table,)}))[table].columns


class PostgresSource:
    """A legacy PostgreSQL."""

    def __init__(self, settings: Settings) -> None:
        self._config = postgres_config(settings)
        self._connection: psycopg.Connection = connect_postgres(self._config)
        with naming_postgres_errors(settings.source_database):
            self._connection.execute("begin isolation level repeatable read read only")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def read_keys(self, table: SourceTable) -> Blocks:
        """The source key of each row."""
        parts = sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(name)) for name in table.key_columns)
        # By a cursor and not by COPY, of which Python sees every row: 0.1 s for 500,000 short ones instead of 1 s.
        statement = sql.SQL("""
            select {quote} || replace(concat_ws('+', {parts}), {quote}, {quote} || {quote}) || {quote} || chr(10)
            from {relation}
        """).format(quote=sql.Literal(CSV_QUOTE), parts=parts, relation=self._relation(table.name))
        with naming_postgres_errors(table.name), self._connection.cursor(name="read_keys", binary=True) as cursor:
            cursor.execute(statement)
            while rows := cursor.fetchmany(_KEYS_AT_ONCE):
                yield "".join([record for (record,) in rows]).encode(), len(rows)

    def columns(self, table: str) -> tuple[str, ...]:
        """The names of a table's columns."""
        with naming_postgres_errors(table):
            config = self._config.model_copy(update={"tables": (table,)})
            return tuple(column.name for column in read_postgres_tables(self._connection, config)[table].columns)

    def read_rows(self, table: str, columns: Mapping[str, bool]) -> Blocks:
        """These columns of each row; PostgreSQL prints bytes as bytes."""
        return self._read(table, sql.SQL(", ").join(map(sql.Identifier, columns)))

    def _read(self, table: str, what: sql.Composable) -> Blocks:
        statement = sql.SQL("copy (select {} from {}) to stdout (format csv, quote {})").format(
            what, self._relation(table), sql.Literal(CSV_QUOTE)
        )
        with naming_postgres_errors(table):
            yield from read_rows(self._connection, statement, table)

    def _relation(self, table: str) -> sql.Identifier:
        return sql.Identifier(self._config.source_schema, table)
