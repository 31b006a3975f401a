"""Streams the keys of the live legacy table beside the ledger, so that a lost extract cannot pass as a whole one."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pymysql
from psycopg import sql
from pymysql.cursors import SSCursor

from loaders.console import meter
from loaders.errors import ServiceError
from loaders.reconcile.source_tables import SourceTable
from loaders.settings import Settings

_FETCH = 10_000


def open_source(settings: Settings) -> pymysql.Connection[SSCursor]:
    """Connect to DTX 1.0 for reading, in one consistent snapshot.

    Raises:
        ServiceError: the legacy server is out of reach; without it nothing can be judged (exit code 2).
    """
    try:
        connection = pymysql.connect(
            host=settings.source_host,
            port=settings.source_port,
            user=settings.source_user,
            password=settings.source_password.get_secret_value(),
            database=settings.source_database,
            charset="utf8mb4",
            cursorclass=SSCursor,
            init_command="set session time_zone = '+00:00'",
        )
        with connection.cursor() as cursor:
            cursor.execute("start transaction with consistent snapshot, read only")
    except pymysql.MySQLError as error:
        where = f"{settings.source_host}:{settings.source_port}/{settings.source_database}"
        raise ServiceError(
            f"cannot read DTX 1.0 at {where} (MySQL error {error.args[0] if error.args else 'unknown'})",
            hint="Reconcile compares with the live source: is it up, and are DTX_SOURCE_* right?",
        ) from None
    return connection


def load_live_keys(
    source: pymysql.Connection[SSCursor], target: psycopg.Connection, table: SourceTable, expected_rows: int
) -> None:
    """Fill the temporary table `live_key(source_key)` with the keys that the legacy table holds now.

    Args:
        source: a connection from `open_source`.
        target: where the temporary table is made; its rows last until the next call.
        table: a table with at least one key column.
        expected_rows: what the progress display counts towards.
    """
    target.execute("drop table if exists live_key")
    target.execute("create temporary table live_key (source_key text not null)")
    with (
        meter(f"reading keys of {table.name}", expected_rows, "rows") as progress,
        target.cursor() as cursor,
        cursor.copy("copy live_key from stdin") as copy,
    ):
        for keys in _keys(source, table):
            for key in keys:
                copy.write_row((key,))
            progress.advance(len(keys))
    target.execute("analyze live_key")


def _keys(source: pymysql.Connection[SSCursor], table: SourceTable) -> Iterator[list[str]]:
    columns = ", ".join(f"cast(`{column.replace('`', '``')}` as char)" for column in table.key_columns)
    with source.cursor() as cursor:
        cursor.execute(f"select concat_ws('+', {columns}) from `{table.name.replace('`', '``')}`")
        while rows := cursor.fetchmany(_FETCH):
            yield [row[0] for row in rows]


def raw_key(table: SourceTable) -> sql.Composable:
    """SQL for the source key of a row of the raw table, aliased `raw`."""
    columns = sql.SQL(", ").join(sql.SQL("raw.{}").format(sql.Identifier(column)) for column in table.key_columns)
    return sql.SQL("concat_ws('+', {})").format(columns)
