"""Loads rows into MySQL with LOAD DATA, each column's bytes exactly as given."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from typing import Any

import pymysql

from sandbox.generator import rendering
from sandbox.generator.plan import GeneratorError

_CHUNK_BYTES = 32 << 20


class MysqlLoader:
    """Loads tables of the connection's database.

    Args:
        connection: with local_infile allowed on both sides; its session settings are changed.
    """

    def __init__(self, connection: pymysql.Connection[Any]) -> None:
        self._connection = connection
        # A lax server takes zero dates (E2), and TIMESTAMPs are given in UTC (E3).
        self._execute("set session sql_mode = '', time_zone = '+00:00', unique_checks = 0, autocommit = 1")

    def columns(self, table: str) -> list[str]:
        """The table's columns, in order."""
        return [name for name, _ in self._columns(table)]

    def has_key(self, table: str) -> bool:
        """Whether the table has a primary key."""
        return bool(self._execute(f"show keys from {_quote(table)} where key_name = 'PRIMARY'"))

    def require_empty(self, table: str) -> None:
        """Raise GeneratorError when the table holds rows."""
        if self._execute(f"select exists (select * from {_quote(table)})")[0][0]:
            raise GeneratorError(f"{table} is not empty", hint="Generate into a fresh database.")

    def load(self, table: str, rows: Iterable[Sequence[Any]]) -> int:
        """Load rows; memory does not grow with their number.

        Args:
            table: the table's name.
            rows: a value a column in the table's order: None, bool, int, Decimal, str (stored in the column's character
                set) or bytes (stored as they are).

        Returns:
            The number of rows.

        Raises:
            GeneratorError: MySQL changed a value on its way in.
        """
        encodings = [encoding for _, encoding in self._columns(table)]
        count = 0
        with tempfile.NamedTemporaryFile(prefix="dtx1-load-") as file:
            for row in rows:
                count += 1
                file.write(_encode(row, encodings))
                if file.tell() >= _CHUNK_BYTES:
                    self._send(table, file)
            self._send(table, file)
        return count

    def _send(self, table: str, file: Any) -> None:
        file.flush()
        # CHARACTER SET binary: no conversion, so that each column gets the bytes of its own character set.
        self._execute(f"load data local infile '{file.name}' into table {_quote(table)} character set binary")
        if warnings := self._execute("show warnings limit 1"):
            raise GeneratorError(f"{table}: MySQL changed a value: {warnings[0][2]}")
        file.seek(0)
        file.truncate()

    def _columns(self, table: str) -> list[tuple[str, str | None]]:
        return [
            (name, character_set)
            for name, character_set in self._execute(
                "select column_name, character_set_name from information_schema.columns "
                "where table_schema = database() and table_name = %s order by ordinal_position",
                table,
            )
        ]

    def _execute(self, statement: str, *arguments: str) -> list[tuple[Any, ...]]:
        with self._connection.cursor() as cursor:
            cursor.execute(statement, arguments or None)
            return list(cursor.fetchall())


def _encode(row: Sequence[Any], encodings: Sequence[str | None]) -> bytes:
    if not any(type(value) is bytes for value in row):
        line = rendering.line(row)
        if line.isascii():
            return line.encode("ascii")
    return b"\t".join(_encode_value(value, encoding) for value, encoding in zip(row, encodings, strict=True)) + b"\n"


def _encode_value(value: Any, encoding: str | None) -> bytes:
    if isinstance(value, bytes):
        return rendering.escaped_bytes(value)
    rendered = rendering.text(value)
    return rendering.mysql_latin1(rendered) if encoding == "latin1" else rendered.encode()


def _quote(identifier: str) -> str:
    return "`" + identifier.replace("`", "``") + "`"
