"""Reads what COPY sends as fast as the server sends it."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
from psycopg import sql
from psycopg.abc import Buffer

from loaders.errors import LossError

_BLOCK_BYTES = 1 << 20


def read_rows(connection: psycopg.Connection, statement: sql.Composed, table: str) -> Iterator[tuple[bytes, int]]:
    """Run a COPY to STDOUT; yield its rows in blocks.

    Args:
        connection: nothing else may use it until the end.
        statement: the COPY.
        table: named in errors.

    Yields:
        A block of about 1 MiB and the number of its rows.

    Raises:
        LossError: fewer rows came than the server says it sent.
        psycopg.Error: the server failed.
    """
    with connection.cursor() as cursor:
        came = 0
        rows: list[Buffer] = []
        size = 0
        with cursor.copy(statement) as copy:
            # One message holds one row.
            for row in copy:
                rows.append(row)
                size += len(row)
                if size >= _BLOCK_BYTES:
                    yield b"".join(rows), len(rows)
                    came += len(rows)
                    rows, size = [], 0
        if rows:
            yield b"".join(rows), len(rows)
            came += len(rows)
        if came != cursor.rowcount:
            raise LossError(f"{table}: {cursor.rowcount:,} rows were sent and {came:,} came", hint="Run it again.")
