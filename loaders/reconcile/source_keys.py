"""Streams the keys of the live legacy table beside the ledger, so that a lost extract cannot pass as a whole one.

A table without a key is streamed whole, and its rows are hashed where the raw table's are ("Source keys" in
docs/architecture.md): what is compared are multisets of rows (reliability R2).
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

import psycopg
from psycopg import sql

from loaders.console import Meter, meter
from loaders.database import fetch_value
from loaders.reconcile.live_source import Source
from loaders.reconcile.source_tables import SourceTable
from loaders.singer.target_postgres.csv_text import is_storable, set_aside_unstorable
from loaders.singer.target_postgres.raw_table import UNSTORABLE, copy_statement

_LIVE_KEYS = sql.Identifier("pg_temp", "live_key")
_LIVE_ROWS = sql.Identifier("pg_temp", "live_row")


def load_live_keys(source: Source, target: psycopg.Connection, table: SourceTable, expected_rows: int) -> None:
    """Fill the temporary table `live_key(source_key)` with the keys that the legacy table holds now.

    Args:
        source: the legacy server.
        target: where the temporary table is made; its rows last until the next call.
        table: the source table.
        expected_rows: what the progress display counts towards.

    Raises:
        LossError: the table is gone, or a value cannot be read.
        ServiceError: the legacy server failed.
    """
    target.execute("drop table if exists live_key, live_row")
    with meter(f"reading {table.name}", expected_rows, "rows") as progress:
        if table.key_columns:
            target.execute("create temporary table live_key (source_key text not null)")
            _copy(target, _LIVE_KEYS, ("source_key",), source.read_keys(table), progress)
        else:
            columns = _as_in(target, table, source.columns(table.name))
            target.execute(
                sql.SQL("create temporary table live_row as select * from {} with no data").format(_raw(table))
            )
            _copy(target, _LIVE_ROWS, tuple(columns), source.read_rows(table.name, columns), progress)
            target.execute(sql.SQL("create temporary table live_key as {}").format(_numbered_hashes(_LIVE_ROWS)))


def count_raw_rows(target: psycopg.Connection, table: SourceTable) -> int:
    """How many rows the raw table has."""
    return int(fetch_value(target, sql.SQL("select count(*) from {}").format(_raw(table))))


def raw_keys(table: SourceTable) -> sql.Composable:
    """A query for `source_key` of each row of the raw table."""
    if not table.key_columns:
        return _numbered_hashes(_raw(table))
    columns = sql.SQL(", ").join(sql.SQL("raw.{}").format(sql.Identifier(column)) for column in table.key_columns)
    return sql.SQL("select concat_ws('+', {}) as source_key from {} as raw").format(columns, _raw(table))


def _raw(table: SourceTable) -> sql.Identifier:
    return sql.Identifier(f"raw_{table.system}", table.name)


def _numbered_hashes(relation: sql.Identifier) -> sql.Composable:
    return sql.SQL("""
        select hashed.row_hash || '#' || row_number() over (partition by hashed.row_hash) as source_key
        from (
            select md5((to_jsonb(raw.*) - array['_loaded_at', {unless_set}])::text) as row_hash
            from {relation} as raw
        ) as hashed
    """).format(relation=relation, unless_set=sql.SQL("case when raw._unstorable is null then '_unstorable' end"))


def _as_in(target: psycopg.Connection, table: SourceTable, live: tuple[str, ...]) -> dict[str, bool]:
    """The live columns that the raw table has, each with whether it holds bytes there."""
    rows = target.execute(
        "select attname::text, atttypid = 'bytea'::regtype from pg_attribute "
        "where attrelid = to_regclass(%s) and attnum > 0 and not attisdropped",
        [_raw(table).as_string(target)],
    ).fetchall()
    is_bytes: dict[str, bool] = dict(rows)
    return {name: is_bytes[name] for name in live if name in is_bytes}


def _copy(
    target: psycopg.Connection,
    into: sql.Identifier,
    columns: tuple[str, ...],
    blocks: Iterable[tuple[bytes, int]],
    progress: Meter,
) -> None:
    # As the load does: what PostgreSQL cannot store goes beside the row, and counts in its hash.
    cursor = target.cursor()
    for storable, group in groupby(blocks, lambda block: is_storable(block[0])):
        with cursor.copy(copy_statement(into, columns if storable else (*columns, UNSTORABLE))) as copy:
            for block, count in group:
                copy.write(block if storable else set_aside_unstorable(block, columns)[0])
                progress.advance(count)
