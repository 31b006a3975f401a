"""Reads every published row back from the target and holds it against the hash recorded when it was published."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg
from psycopg import sql

from loaders.database import fetch_value
from loaders.reconcile.canonical_hash import Column, digest, texts
from loaders.reconcile.double_claims import doubly_claimed
from loaders.reconcile.report import Finding
from loaders.reconcile.source_tables import SourceTable

_KEYS_SHOWN = 10


@dataclass(frozen=True)
class _Published:
    """The rows of one source table that went to one target table with one list of columns.

    `mode` is None where the ledger knows nothing of their batches.
    """

    target_table: str
    mode: str | None
    column_names: tuple[str, ...]
    batch_ids: list[int]
    rows: int

    @property
    def identifier(self) -> sql.Identifier:
        return sql.Identifier(*self.target_table.split("."))


class _Tally:
    """Rows by finding, and the first ten of their keys."""

    def __init__(self) -> None:
        self.keys: dict[str, list[str]] = {}
        self.rows: dict[str, int] = {}

    def add(self, what: str, rows: int, keys: list[str] | None) -> None:
        if rows:
            self.rows[what] = self.rows.get(what, 0) + rows
            self.keys[what] = [*self.keys.get(what, ()), *(keys or ())][:_KEYS_SHOWN]


_WHAT_TO_DO = {
    "target_row_missing": "Somebody deleted it in the target: decide whether it should come back; nothing re-makes it.",
    "target_row_changed": "Somebody edited it in the target: decide which side holds; it is never overwritten.",
    "target_row_claimed_twice": "Two map rows name one place of a target row: look at their batches, roll one back.",
    "twin_of_a_published_row": "A target row that no map row names equals a published one: find out who made it.",
    "batch_not_recorded": "Map rows name a batch that the ledger lacks: restore migration.batch from a backup.",
    "file_not_verified": "The row names an object without a verified transfer: run `dtx files`.",
}


def check_target_rows(connection: psycopg.Connection, table: SourceTable) -> tuple[int, list[Finding]]:
    """Check all target rows that came of one source table.

    Args:
        connection: may read the ledger and the application's tables; in a transaction, for its temporary tables.
        table: the source table; its name is the id map's entity.

    Returns:
        How many target rows were read back, and what was found.
    """
    tally = _Tally()
    groups = _published(connection, table)
    for published in groups:
        if published.mode is None:
            tally.add("batch_not_recorded", published.rows, [f"batch {each}" for each in published.batch_ids])
            continue
        _read_back(connection, table, published)
        _add_losses(connection, tally)
        if published.mode == "insert":
            _add_twins(connection, table, published, tally)
    for target_table in sorted({published.target_table for published in groups}):
        tally.add("target_row_claimed_twice", *doubly_claimed(connection, table.name, target_table, _KEYS_SHOWN))
    _check_files(connection, table, tally)
    return sum(published.rows for published in groups if published.mode is not None), [
        Finding(what, tally.rows[what], tuple(tally.keys[what]), _WHAT_TO_DO[what]) for what in sorted(tally.rows)
    ]


def _published(connection: psycopg.Connection, table: SourceTable) -> list[_Published]:
    rows = connection.execute(
        """
        with mapped as (
            select batch_id, target_table, count(*) as map_rows
            from migration.id_map
            where entity = %s and state = 'migrated' and batch_id is not null
            group by batch_id, target_table
        )

        select
            mapped.target_table, batch.mode, coalesce(batch.columns, '{}'),
            array_agg(mapped.batch_id order by mapped.batch_id), sum(mapped.map_rows)::bigint
        from mapped
        left join migration.batch on mapped.batch_id = batch.batch_id
        group by 1, 2, 3
        order by 1, 2, 3
        """,
        (table.name,),
    ).fetchall()
    return [_Published(target, mode, tuple(columns), ids, count) for target, mode, columns, ids, count in rows]


def _target_columns(connection: psycopg.Connection, published: _Published) -> tuple[str, list[Column]]:
    """The target's primary key column, and the published columns that the target still has with their base types."""
    rows = connection.execute(
        """
        select
            attribute.attname,
            coalesce(base.typname, type.typname),
            coalesce(attribute.attnum = any(constraints.conkey), false)
        from pg_attribute as attribute
        inner join pg_type as type on attribute.atttypid = type.oid
        left join pg_type as base on type.typbasetype = base.oid
        left join pg_constraint as constraints
            on attribute.attrelid = constraints.conrelid and constraints.contype = 'p'
        where attribute.attrelid = %s::regclass and attribute.attnum > 0 and not attribute.attisdropped
        """,
        (published.target_table,),
    ).fetchall()
    types = {name: type_name for name, type_name, _ in rows}
    (primary_key,) = (name for name, _, is_key in rows if is_key)
    # A column that a Django migration dropped since cannot be read back: every hash differs, and should.
    return primary_key, [Column(name, types[name]) for name in published.column_names if name in types]


# The temporary table read_back(source_key, target_id, row_hash) holds what is not as it was published: map rows whose
# target row is missing (no target_id) or changed, and target rows that no map row names (no source_key).
# Each row is printed and hashed before the join, which so moves hashes about, and not rows.
_ROWS_MADE = """
create temporary table read_back as
with map_row as (
    select
        source_key, target_id, published_hash,
        coalesce(entity = {entity} and state = 'migrated' and batch_id = any({batch_ids}), false) as is_judged
    from migration.id_map
    where target_table = {target_table} and target_id is not null
),

printed as (
    select {texts} from {target} as target offset 0
),

target_row as (
    select printed.target_id, {digest} as row_hash from printed offset 0
)

select map_row.source_key, target_row.target_id, target_row.row_hash
from map_row
full join target_row on map_row.target_id = target_row.target_id
where
    map_row.source_key is null
    or map_row.is_judged
    and (target_row.target_id is null or target_row.row_hash is distinct from map_row.published_hash)
"""
# A value that stands inside a document is there as long as it is in its place.
_VALUES_PUT = """
create temporary table read_back as
with map_row as (
    select source_key, target_id, published_hash, json_path
    from migration.id_map
    where entity = {entity} and state = 'migrated' and target_table = {target_table} and batch_id = any({batch_ids})
),

printed as (
    select map_row.source_key, map_row.published_hash, {texts}
    from map_row
    left join {target} as target on map_row.target_id = target.{key}::text
    offset 0
),

target_row as (
    select printed.*, {digest} as row_hash from printed offset 0
)

select source_key, case when {is_there} then target_id end as target_id, row_hash
from target_row
where not ({is_there}) or row_hash is distinct from published_hash
"""


def _read_back(connection: psycopg.Connection, table: SourceTable, published: _Published) -> None:
    primary_key, columns = _target_columns(connection, published)
    json_path = sql.SQL("map_row.json_path") if published.mode == "merge_json" else None
    key = sql.SQL("target.{}").format(sql.Identifier(primary_key))
    printed = texts(columns, "target", json_path)
    statement = sql.SQL(_ROWS_MADE if published.mode == "insert" else _VALUES_PUT).format(
        entity=sql.Literal(table.name),
        target_table=sql.Literal(published.target_table),
        batch_ids=sql.Literal(published.batch_ids),
        target=published.identifier,
        key=sql.Identifier(primary_key),
        texts=sql.SQL(", ").join([sql.SQL("{}::text as target_id").format(key), *printed]),
        digest=digest(columns, "printed"),
        is_there=sql.SQL("text_0 is not null" if json_path and columns else "target_id is not null"),
    )
    connection.execute("drop table if exists read_back")
    connection.execute(statement)
    connection.execute("analyze read_back")


def _add_losses(connection: psycopg.Connection, tally: _Tally) -> None:
    query = """
        with loss as (
            select
                source_key,
                case when target_id is null then 'target_row_missing' else 'target_row_changed' end as finding
            from read_back
            where source_key is not null
        ),

        numbered as (
            select finding, source_key, row_number() over (partition by finding order by source_key) as position
            from loss
        )

        select finding, count(*), array_agg(source_key order by position) filter (where position <= %s)
        from numbered
        group by finding
    """
    for finding, rows, keys in connection.execute(query, (_KEYS_SHOWN,)).fetchall():
        tally.add(finding, rows, keys)


def _add_twins(connection: psycopg.Connection, table: SourceTable, published: _Published, tally: _Tally) -> None:
    """Find target rows outside the id map that equal a published row, as it was or as it is, in every such column."""
    if not fetch_value(connection, "select exists (select from read_back where source_key is null)"):
        return
    query = sql.SQL("""
        with content as (
            select published_hash as row_hash
            from migration.id_map
            where
                entity = {entity} and state = 'migrated' and target_table = {target_table}
                and batch_id = any({batch_ids})
            union
            select row_hash from read_back where source_key is not null
        ),

        numbered as (
            select read_back.target_id, row_number() over (order by read_back.target_id) as position
            from read_back
            inner join content on read_back.row_hash = content.row_hash
            where read_back.source_key is null
        )

        select
            count(*),
            array_agg({target_table} || ' ' || target_id order by position) filter (where position <= {shown})
        from numbered
    """).format(
        entity=sql.Literal(table.name),
        target_table=sql.Literal(published.target_table),
        batch_ids=sql.Literal(published.batch_ids),
        shown=sql.Literal(_KEYS_SHOWN),
    )
    ((rows, keys),) = connection.execute(query).fetchall()
    tally.add("twin_of_a_published_row", rows, keys)


def _check_files(connection: psycopg.Connection, table: SourceTable, tally: _Tally) -> None:
    """A table whose rows had files to move may have published only rows whose file was verified (reliability F6)."""
    has_files = fetch_value(
        connection, "select exists (select from migration.file_transfer where entity = %s)", (table.name,)
    )
    if not has_files:
        return
    ((rows, keys),) = connection.execute(
        """
        with unproven as (
            select id_map.source_key, row_number() over (order by id_map.source_key) as position
            from migration.id_map
            left join migration.file_transfer
                on id_map.entity = file_transfer.entity and id_map.legacy_key = file_transfer.legacy_key
            where
                id_map.entity = %s and id_map.batch_id is not null and id_map.state = 'migrated'
                and file_transfer.state is distinct from 'verified'
        )

        select count(*), array_agg(source_key order by position) filter (where position <= %s) from unproven
        """,
        (table.name, _KEYS_SHOWN),
    ).fetchall()
    tally.add("file_not_verified", rows, keys)
