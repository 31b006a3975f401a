"""Reads every published row back from the target and holds it against the hash recorded when it was published."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg
from psycopg import sql

from loaders.console import meter
from loaders.database import fetch_value
from loaders.reconcile.canonical_hash import Column, RowHasher
from loaders.reconcile.report import Finding
from loaders.reconcile.source_tables import SourceTable

_KEYS_SHOWN = 10


@dataclass(frozen=True)
class _Published:
    """The rows of one source table that went to one target table with one list of columns."""

    target_table: str
    mode: str
    column_names: tuple[str, ...]
    rows: int

    @property
    def identifier(self) -> sql.Identifier:
        return sql.Identifier(*self.target_table.split("."))


class _Tally:
    """Source keys by finding, of which the first ten are kept."""

    def __init__(self) -> None:
        self.keys: dict[str, list[str]] = {}
        self.rows: dict[str, int] = {}

    def add(self, what: str, key: str) -> None:
        self.rows[what] = self.rows.get(what, 0) + 1
        if self.rows[what] <= _KEYS_SHOWN:
            self.keys.setdefault(what, []).append(key)


_WHAT_TO_DO = {
    "target_row_missing": "Somebody deleted it in the target: decide whether it should come back; nothing re-makes it.",
    "target_row_changed": "Somebody edited it in the target: decide which side holds; it is never overwritten.",
    "target_row_claimed_twice": "Two map rows name one place of a target row: look at their batches, roll one back.",
    "twin_of_a_published_row": "A target row that no map row names equals a published one: find out who made it.",
    "file_not_verified": "The row names an object without a verified transfer: run `dtx files`.",
}


def check_target_rows(connection: psycopg.Connection, table: SourceTable) -> tuple[int, list[Finding]]:
    """Check all target rows that came of one source table.

    Args:
        connection: may read the ledger and the application's tables.
        table: the source table; its name is the id map's entity.

    Returns:
        How many target rows were read back, and what was found.
    """
    tally = _Tally()
    checked = 0
    for published in _published(connection, table):
        checked += _check_hashes(connection, table, published, tally)
        if published.mode == "insert":
            _check_twins(connection, published, tally)
    _check_double_claims(connection, table, tally)
    _check_files(connection, table, tally)
    return checked, [
        Finding(what, tally.rows[what], tuple(tally.keys[what]), _WHAT_TO_DO[what]) for what in sorted(tally.rows)
    ]


def _published(connection: psycopg.Connection, table: SourceTable) -> list[_Published]:
    rows = connection.execute(
        """
        select id_map.target_table, batch.mode, batch.columns, count(*)
        from migration.id_map
        inner join migration.batch on id_map.batch_id = batch.batch_id
        where id_map.entity = %s and id_map.state = 'migrated'
        group by 1, 2, 3
        order by 1, 2, 3
        """,
        (table.name,),
    ).fetchall()
    return [_Published(target, mode, tuple(columns), count) for target, mode, columns, count in rows]


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
    return primary_key, [Column(name, types[name]) for name in published.column_names if name in types]


def _check_hashes(connection: psycopg.Connection, table: SourceTable, published: _Published, tally: _Tally) -> int:
    primary_key, columns = _target_columns(connection, published)
    expressions = [_value(column, published) for column in columns]
    # A row whose value stands inside a document is there as long as the value is.
    has_place = published.mode == "merge_json" and columns
    presence = expressions[0] if has_place else sql.SQL("target.{}").format(sql.Identifier(primary_key))
    query = sql.SQL("""
        copy (
            select {values}
            from migration.id_map
            inner join migration.batch on id_map.batch_id = batch.batch_id
            left join {target} as target on id_map.target_id = target.{key}::text
            where
                id_map.entity = {table} and id_map.state = 'migrated' and id_map.target_table = {target_table}
                and batch.mode = {mode} and batch.columns = {names}
            order by id_map.id_map_id
        ) to stdout
    """).format(
        key=sql.Identifier(primary_key),
        values=sql.SQL(", ").join(
            [
                sql.SQL("id_map.source_key, encode(id_map.published_hash, 'hex')"),
                sql.SQL("{} is not null").format(presence),
                *expressions,
            ]
        ),
        target=published.identifier,
        table=sql.Literal(table.name),
        target_table=sql.Literal(published.target_table),
        mode=sql.Literal(published.mode),
        names=sql.Literal(list(published.column_names)),
    )
    hasher = RowHasher(columns)
    # A column that a Django migration dropped since cannot be read back: every hash would differ, and should.
    with (
        meter(f"reading {published.target_table} back", published.rows, "rows") as progress,
        connection.cursor() as cursor,
        cursor.copy(query) as copy,
    ):
        for source_key, expected, is_there, *values in copy.rows():
            if is_there != "t":
                tally.add("target_row_missing", source_key)
            elif hasher.digest(values).hex() != expected:
                tally.add("target_row_changed", source_key)
            progress.advance()
    return published.rows


def _value(column: Column, published: _Published) -> sql.Composable:
    """What a map row of the batch stands for: a column of its target row, or what the column holds at its path."""
    value = sql.SQL("target.{}{}").format(
        sql.Identifier(column.name), sql.SQL("::jsonb" if column.type_name == "json" else "")
    )
    return sql.SQL("({} #> id_map.json_path)").format(value) if published.mode == "merge_json" else value


def _check_twins(connection: psycopg.Connection, published: _Published, tally: _Tally) -> None:
    """Find target rows outside the id map that equal a published row in every published column."""
    primary_key, columns = _target_columns(connection, published)
    row_text = sql.SQL("md5(row({})::text)").format(
        sql.SQL(", ").join(sql.Identifier("target", column.name) for column in columns if column.name != primary_key)
    )
    query = sql.SQL("""
        with target_row as (
            select target.{key}::text as target_id, {row_text} as content
            from {target} as target
        ),

        published as (
            select distinct target_row.content
            from target_row
            inner join migration.id_map on target_row.target_id = id_map.target_id
            inner join migration.batch on id_map.batch_id = batch.batch_id
            where id_map.target_table = {target_table} and batch.mode = 'insert' and id_map.state = 'migrated'
        )

        select target_row.target_id
        from target_row
        inner join published on target_row.content = published.content
        where not exists (
            select from migration.id_map
            where id_map.target_table = {target_table} and id_map.target_id = target_row.target_id
        )
        order by 1
    """).format(
        key=sql.Identifier(primary_key),
        row_text=row_text,
        target=published.identifier,
        target_table=sql.Literal(published.target_table),
    )
    for (target_id,) in connection.execute(query).fetchall():
        tally.add("twin_of_a_published_row", f"{published.target_table} {target_id}")


# Several map rows may share a target row, each with columns of its own, or with places of its own in one column. What
# overlaps: two that made the row; a column that both cover; of two paths in it one that is the other, or begins it.
_DOUBLE_CLAIMS = """
with claims as (
    select
        id_map.id_map_id, id_map.entity, id_map.source_key, id_map.target_table, id_map.target_id, id_map.json_path,
        batch.mode = 'insert' as made_the_row, batch.columns
    from migration.id_map
    inner join migration.batch on id_map.batch_id = batch.batch_id
    where id_map.state = 'migrated' and id_map.target_table in (
        select of_entity.target_table from migration.id_map as of_entity where of_entity.entity = %(entity)s
    )
),

beginnings as (
    select claims.*, claims.json_path[:depth] as beginning
    from claims
    cross join lateral generate_series(1, cardinality(claims.json_path)) as depth
),

clashes as (
    select one.id_map_id, other.id_map_id as other_id
    from claims as one
    inner join claims as other on one.target_table = other.target_table and one.target_id = other.target_id
    where
        one.id_map_id <> other.id_map_id and one.json_path is null
        and ((one.made_the_row and other.made_the_row) or one.columns && other.columns)
    union all
    select one.id_map_id, other.id_map_id as other_id
    from claims as one
    inner join beginnings as other
        on one.target_table = other.target_table and one.target_id = other.target_id and one.columns = other.columns
        and one.json_path = other.beginning and one.id_map_id <> other.id_map_id
)

select distinct claims.source_key
from claims
where claims.entity = %(entity)s and claims.id_map_id in (
    select id_map_id from clashes union all select other_id from clashes
)
order by 1
"""


def _check_double_claims(connection: psycopg.Connection, table: SourceTable, tally: _Tally) -> None:
    for (source_key,) in connection.execute(_DOUBLE_CLAIMS, {"entity": table.name}).fetchall():
        tally.add("target_row_claimed_twice", source_key)


def _check_files(connection: psycopg.Connection, table: SourceTable, tally: _Tally) -> None:
    """A table whose rows had files to move may have published only rows whose file was verified (reliability F6)."""
    has_files = fetch_value(
        connection, "select exists (select from migration.file_transfer where entity = %s)", (table.name,)
    )
    if not has_files:
        return
    rows = connection.execute(
        """
        select id_map.source_key
        from migration.id_map
        left join migration.file_transfer
            on id_map.entity = file_transfer.entity and id_map.legacy_key = file_transfer.legacy_key
        where
            id_map.entity = %s and id_map.batch_id is not null and id_map.state = 'migrated'
            and file_transfer.state is distinct from 'verified'
        order by 1
        """,
        (table.name,),
    )
    for (source_key,) in rows.fetchall():
        tally.add("file_not_verified", source_key)
