"""Copies rows into DTX 2.0, with ids drawn from each table's own sequence as the application does."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import psycopg
from psycopg import sql

from sandbox.generator import rendering
from sandbox.generator.plan import GeneratorError

_BUFFER_LINES = 2000


class PostgresCopier:
    """Copies rows in the connection's transaction.

    Args:
        connection: of a role that may insert into DTX 2.0's tables and `migration.id_map`.
    """

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        connection.execute("set time zone 'UTC'")

    def require_empty(self, table: str) -> None:
        """Raise GeneratorError when the table, named with its schema, holds rows."""
        statement = sql.SQL("select from {} limit 1").format(sql.Identifier(*table.split(".")))
        if self._connection.execute(statement).fetchone() is not None:
            raise GeneratorError(f"{table} is not empty", hint="Generate into a fresh database.")

    def reserve(self, table: str, count: int) -> int:
        """Draw `count` ids in a row from the table's sequence; the first of them."""
        name = sql.Literal(table)
        statement = sql.SQL(
            "select setval(pg_get_serial_sequence({0}, 'id'), first + {1} - 1) - {1} + 1"
            " from (select nextval(pg_get_serial_sequence({0}, 'id')) as first) as drawn"
        )
        row = self._connection.execute(statement.format(name, sql.Literal(count))).fetchone()
        assert row is not None
        return int(row[0])

    def copy(self, table: str, columns: str, rows: Iterable[Sequence[Any]]) -> int:
        """Copy rows; memory does not grow with their number.

        Args:
            table: schema and name, such as `public.auth_user`.
            columns: the names of the columns that rows have, in their order, separated by blanks.
            rows: None, bool, int, str, or JSON text.

        Returns:
            The number of rows.
        """
        statement = sql.SQL("copy {} ({}) from stdin").format(
            sql.Identifier(*table.split(".")), sql.SQL(", ").join(map(sql.Identifier, columns.split()))
        )
        count, lines = 0, []
        with self._connection.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                count += 1
                lines.append(rendering.line(row))
                if len(lines) == _BUFFER_LINES:
                    copy.write("".join(lines))
                    lines.clear()
            copy.write("".join(lines))
        return count
