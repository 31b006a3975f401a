"""What differs since it was published: source against target, row by row and place by place (P6, P7)."""

from __future__ import annotations

from dataclasses import replace

import psycopg
from psycopg import sql

from loaders.publish.canonical import column_value, rendered, row_hash
from loaders.publish.frozen import FrozenModel, make_ready, table_kind
from loaders.publish.query import relation_sql

# Of a drifted row: the source alone has changed, and its place is the same.
APPLIES = sql.SQL("source_state = 'changed' and target_state = 'same' and same_mapping")


def freeze_drift(connection: psycopg.Connection, frozen: FrozenModel) -> None:
    """Hold every published row against the model and against the target, and keep those that differ (P6, P7).

    `source_state` is same, changed or gone, `target_state` same, changed or deleted. A row that was published under
    another list of columns, for another target row or at another path counts as changed at the source: its mapping did
    change. One that was published with a column that the target has lost counts as changed there. A value whose place
    is gone counts as deleted.
    """
    hashed = frozen.contract.hashed_columns
    column_sets = [
        columns
        for (columns,) in connection.execute(
            "select distinct columns from migration.batch where model = %s and target_table = %s",
            [frozen.contract.model, frozen.contract.meta.target_table],
        )
    ]
    selects = [_drift_select(frozen, columns, same_columns=columns == hashed) for columns in column_sets or [hashed]]
    connection.execute(
        sql.SQL("create {kind} {drifted} as {selects}").format(
            kind=table_kind(frozen), drifted=frozen.drifted, selects=sql.SQL(" union all ").join(selects)
        )
    )


def freeze_changes(connection: psycopg.Connection, frozen: FrozenModel) -> FrozenModel:
    """Freeze the drifted rows that may be updated from the source: changed there, untouched in the target (P7).

    Returns:
        A model over those rows that updates what it published; shared columns are not among it.
    """
    contract = frozen.contract
    mode = "merge_json" if frozen.merges else "update"
    meta = contract.meta.model_copy(
        update={"mode": mode, "requires_verified_file": None, "shared_columns": [], "resolve": None}
    )
    own = tuple(name for name in contract.columns if name in frozen.hash_types)
    changes = replace(
        frozen,
        contract=replace(contract, meta=meta, columns=own),
        stem=f"{frozen.stem}_changes",
        is_reapplied=True,
    )
    connection.execute(
        sql.SQL("create {kind} {pending} as select {keys}, {columns}, row_hash from {drifted} where {applies}").format(
            kind=table_kind(frozen),
            pending=changes.pending,
            keys=sql.SQL(", ").join(map(sql.Identifier, changes.contract.key_columns)),
            columns=changes.column_list(),
            drifted=frozen.drifted,
            applies=APPLIES,
        )
    )
    make_ready(connection, changes)
    return changes


def _drift_select(frozen: FrozenModel, columns: list[str], *, same_columns: bool) -> sql.Composed:
    meta = frozen.contract.meta
    live, path = frozen.target.columns, frozen.path_of("id_map")
    types = {name: live[name].type_name for name in columns if name in live}
    moves = _moves(frozen)
    changed = [
        sql.SQL("case when {model} is distinct from {target} then {name} end").format(
            model=rendered(sql.Identifier("model", name), type_name),
            target=rendered(column_value("target", name, path), type_name),
            name=name,
        )
        for name, type_name in frozen.hash_types.items()
    ]
    changed += [sql.SQL("case when {} then {} end").format(moved, name) for name, moved in moves.items()]
    return sql.SQL("""
        select * from (
            select
                id_map.source_key,
                id_map.legacy_key,
                id_map.target_id::{key_type} as target_id,
                id_map.json_path,
                case
                    when model.legacy_key is null then 'gone'
                    when mapping.is_same and {model_hash} = id_map.published_hash then 'same'
                    else 'changed'
                end as source_state,
                case
                    when {is_gone} then 'deleted'
                    when {target_hash} = id_map.published_hash then 'same'
                    else 'changed'
                end as target_state,
                case
                    when target.{key} is null or model.legacy_key is null then array[]::text[]
                    else array_remove(array[{changed}]::text[], null)
                end as columns,
                mapping.is_same as same_mapping,
                {model_columns},
                case when model.legacy_key is not null then {model_hash} end as row_hash
            from migration.id_map
            inner join migration.batch on batch.batch_id = id_map.batch_id
            left join (select {keys}, {casts} from {model} as model) as model
                on model.legacy_key = id_map.legacy_key
            left join {target} as target on target.{key} = id_map.target_id::{key_type}
            cross join lateral (select {same_columns} and not ({moved}) as is_same) as mapping
            where id_map.entity = {entity} and id_map.target_table = {target_table} and id_map.state = 'migrated'
            and batch.model = {name} and batch.columns = {columns}
        ) as compared
        where source_state <> 'same' or target_state <> 'same'
    """).format(
        same_columns=same_columns,
        moved=sql.SQL(" or ").join(moves.values()) if moves else sql.SQL("false"),
        key_type=frozen.key_type,
        key=frozen.key,
        is_gone=_is_gone(frozen, path),
        model_hash=row_hash(frozen.hash_types, "model"),
        target_hash=row_hash(types, "target", path) if len(types) == len(columns) else sql.SQL("null::bytea"),
        changed=sql.SQL(", ").join(changed),
        model_columns=frozen.column_list("model"),
        keys=frozen.key_list("model"),
        casts=frozen.cast_list("model"),
        model=relation_sql(frozen.contract.relation),
        target=relation_sql(frozen.contract.target),
        entity=meta.entity,
        target_table=meta.target_table,
        name=frozen.contract.model,
        columns=columns,
    )


def _moves(frozen: FrozenModel) -> dict[str, sql.Composable]:
    """SQL for "the model names another target row, or another path, than was published", by key column."""
    moves: dict[str, sql.Composable] = {}
    if frozen.contract.meta.mode != "insert":
        # NULL: the row names its parent instead.
        moves["target_id"] = sql.SQL("coalesce(model.target_id <> id_map.target_id::{}, false)").format(frozen.key_type)
    if frozen.merges:
        moves["json_path"] = sql.SQL("coalesce(model.json_path <> id_map.json_path, false)")
    return moves


def _is_gone(frozen: FrozenModel, path: sql.Identifier | None) -> sql.Composable:
    if path is None:
        return sql.SQL("target.{} is null").format(frozen.key)
    (column,) = frozen.contract.columns
    return sql.SQL("{} is null").format(column_value("target", column, path))
