"""Whether the shared columns of inserted rows are as they were inserted, other batches' places aside (P13)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import psycopg
from psycopg import sql

from loaders.publish.canonical import row_hash
from loaders.publish.catalogue import Table
from loaders.publish.json_place import merged, value_at
from loaders.publish.query import only_row

Execute = Callable[..., psycopg.Cursor[Any]]


def find_shared_edits(execute: Execute, table: Table, shared_columns: Sequence[str], scope: Sequence[int]) -> None:
    """Mark the rows to be undone whose shared columns have changed: `referenced` by what of ours stands in them still,
    else `edited`.

    Args:
        execute: of the undo of one batch, whose rows are in the temporary table dtx_undo.
        table: the target table.
        shared_columns: of the batch.
        scope: batches that a rehearsed rollback would have taken back by then; their places count as taken back.
    """
    execute(
        "create temp table dtx_undone (id_map_id bigint, column_name text, target_id {key_type}, json_path text[], "
        "value jsonb, objects_before integer) on commit drop"
    )
    values, joins = [], []
    for number, name in enumerate(shared_columns):
        column, undone = sql.Identifier("target", name), sql.Identifier(f"undone_{number}")
        longest = _undo_places(execute, name, scope) if table.columns[name].type_name == "jsonb" else None
        if longest is None:
            values.append(sql.SQL("{} as {}").format(column, sql.Identifier(name)))
            continue
        places = sql.SQL("select target_id, json_path, value, objects_before from dtx_undone where column_name = {}")
        changed = merged(
            places.format(name),
            sql.Identifier(table.relation.schema, table.relation.name),
            sql.Identifier(table.key_column.name),
            sql.Identifier(name),
            longest,
        )
        joins.append(sql.SQL("left join ({}) as {} on {}.target_id = undo.key").format(changed, undone, undone))
        values.append(
            sql.SQL("case when {0}.target_id is null then {1} else {0}.value end as {2}").format(
                undone, column, sql.Identifier(name)
            )
        )
    execute(
        """
        update {undo} as undo set
            reason = case when edited.is_ours then 'referenced' else 'edited' end,
            referenced_by = case when edited.is_ours then 'migration.id_map' end
        from (
            select undo.id_map_id, {stands} as is_ours
            from {undo} as undo
            inner join {target} as target on target.{key} = undo.key
            {joins}
            cross join lateral (select {values}) as shared
            where undo.reason is null and {hash_now} is distinct from undo.shared_hash
        ) as edited
        where undo.id_map_id = edited.id_map_id
        """,
        joins=sql.SQL(" ").join(joins),
        values=sql.SQL(", ").join(values),
        hash_now=row_hash({name: table.columns[name].type_name for name in shared_columns}, "shared"),
        stands=_stands(table, shared_columns),
    )


def _undo_places(execute: Execute, name: str, scope: Sequence[int]) -> int | None:
    """Collect the untouched places of the batches in scope, with what was there before the first of them.

    Returns:
        The number of keys of the longest path; None when there is no place.
    """
    execute(
        """
        insert into dtx_undone
        select distinct on (id_map.id_map_id)
            id_map.id_map_id, {name}, undo.key, id_map.json_path, (before_image.column_values ->> {name})::jsonb,
            before_image.objects_before
        from {undo} as undo
        inner join {target} as target on target.{key} = undo.key
        inner join migration.id_map
            on id_map.target_table = {target_table} and id_map.target_id = undo.target_id
            and id_map.json_path is not null and id_map.state = 'migrated'
        inner join migration.before_image on before_image.id_map_id = id_map.id_map_id
        inner join migration.batch on batch.batch_id = before_image.batch_id and batch.columns = array[{name}]
        where undo.reason is null and batch.batch_id = any ({scope}::bigint[]) and {hash_now} = id_map.published_hash
        order by id_map.id_map_id, before_image.batch_id
        """,
        name=name,
        scope=list(scope),
        hash_now=row_hash({name: "jsonb"}, "target", sql.SQL("id_map.json_path")),
    )
    counted = execute("select max(cardinality(json_path)) from dtx_undone where column_name = {name}", name=name)
    (longest,) = only_row(counted)
    return None if longest is None else int(longest)


def _stands(table: Table, shared_columns: Sequence[str]) -> sql.Composable:
    """SQL for "a published value of ours stands in a shared column of `target`, and is not undone before"."""
    standing = [
        sql.SQL("batch.columns = array[{}] and {} is not null").format(
            name, value_at(sql.Identifier("target", name), sql.SQL("other.json_path"))
        )
        for name in shared_columns
        if table.columns[name].type_name == "jsonb"
    ]
    if not standing:
        return sql.SQL("false")
    return sql.SQL("""
        exists (
            select from migration.id_map as other
            inner join migration.batch on batch.batch_id = other.batch_id
            where other.target_table = {target_table} and other.target_id = undo.target_id
            and other.json_path is not null and other.state = 'migrated' and ({standing})
            and not exists (select from dtx_undone where dtx_undone.id_map_id = other.id_map_id)
        )
    """).format(target_table=str(table.relation), standing=sql.SQL(" or ").join(standing))
