"""Which places of a merge_json model may be written: free, claimed by nobody of ours, and claimed once (M5)."""

from __future__ import annotations

from psycopg import sql

from loaders.publish.frozen import FrozenModel
from loaders.publish.json_place import is_obstructed, objects_on_path
from loaders.publish.query import relation_sql

PLACE_TAKEN, PLACE_CLAIMED_TWICE = "place_taken", "place_claimed_twice"

# Whoever looks for one path at the beginning of another compares equal beginnings: pairs would be a product.
_BEGINNINGS = """
    select
        pending.legacy_key, pending.target_id, pending.json_path, depth, pending.json_path[:depth] as beginning
    from pending
    cross join lateral generate_series(1, cardinality(pending.json_path)) as depth
    where pending.target_id is not null
"""


def places_free(frozen: FrozenModel) -> sql.Composable:
    """SQL for (legacy_key, reason_code) of the rows of `pending` whose way is blocked or whose place has another value.

    An equal value is no obstacle: it is published as it is, and a rollback leaves it where it was.
    """
    (name,) = frozen.contract.columns
    column, path = sql.Identifier("target", name), sql.Identifier("pending", "json_path")
    return sql.SQL("""
        select pending.legacy_key, {reason} as reason_code
        from pending
        inner join {target} as target on target.{key} = pending.target_id
        where {is_obstructed} or {column} #> {path} <> {value}
    """).format(
        reason=PLACE_TAKEN,
        target=relation_sql(frozen.contract.target),
        key=frozen.key,
        is_obstructed=is_obstructed(column, path),
        column=column,
        path=path,
        value=sql.Identifier("pending", name),
    )


def places_unclaimed(frozen: FrozenModel) -> sql.Composable:
    """SQL for (legacy_key, reason_code) of the rows of `pending` whose path a published row has, or leads into."""
    return sql.SQL("""
        select beginnings.legacy_key, {reason} as reason_code
        from ({beginnings}) as beginnings
        inner join migration.id_map
            on id_map.target_table = {target_table} and id_map.target_id = beginnings.target_id::text
            and id_map.json_path = beginnings.beginning and id_map.state = 'migrated'
        inner join migration.batch on batch.batch_id = id_map.batch_id and batch.columns = {columns}
    """).format(
        reason=PLACE_TAKEN,
        beginnings=sql.SQL(_BEGINNINGS),
        target_table=frozen.contract.meta.target_table,
        columns=frozen.contract.hashed_columns,
    )


def places_claimed_once() -> sql.Composable:
    """SQL for (legacy_key, reason_code) of the rows of `pending` of which one's path is another's, or begins it."""
    return sql.SQL("""
        with beginnings as ({beginnings}),

        claims as (
            select shorter.legacy_key as shorter_key, longer.legacy_key as longer_key
            from beginnings as shorter
            inner join beginnings as longer
                on longer.target_id = shorter.target_id and longer.beginning = shorter.json_path
                and longer.legacy_key <> shorter.legacy_key
            where shorter.depth = cardinality(shorter.json_path)
        )

        select shorter_key as legacy_key, {reason} as reason_code from claims
        union
        select longer_key as legacy_key, {reason} as reason_code from claims
    """).format(beginnings=sql.SQL(_BEGINNINGS), reason=PLACE_CLAIMED_TWICE)


def objects_before(frozen: FrozenModel, rows: sql.Composable) -> sql.Composable:
    """SQL for a relation (legacy_key, objects_before): how many objects of each row's path this migration did not make.

    Whatever lies in an object that an earlier row of ours needed made inherits that: the object goes with the last.

    Args:
        frozen: the model.
        rows: the batch's rows; not written yet, and without before-images.
    """
    (name,) = frozen.contract.columns
    return sql.SQL("""
        with beginnings as (
            select rows.legacy_key, rows.target_id::text as target_id, depth, rows.json_path[:depth] as beginning
            from {rows} as rows
            cross join lateral generate_series(0, cardinality(rows.json_path) - 1) as depth
        ),

        made as (
            select distinct
                id_map.target_id,
                before_image.objects_before as depth,
                id_map.json_path[:before_image.objects_before] as beginning
            from (select distinct target_id from beginnings) as changed
            inner join migration.id_map
                on id_map.target_table = {target_table} and id_map.target_id = changed.target_id
                and id_map.json_path is not null and id_map.state = 'migrated'
            inner join migration.batch on batch.batch_id = id_map.batch_id and batch.columns = {columns}
            inner join migration.before_image
                on before_image.id_map_id = id_map.id_map_id
                and before_image.objects_before < cardinality(id_map.json_path)
        ),

        inherited as (
            select beginnings.legacy_key, min(made.depth) as depth
            from beginnings
            inner join made
                on made.target_id = beginnings.target_id and made.depth = beginnings.depth
                and made.beginning = beginnings.beginning
            group by beginnings.legacy_key
        )

        select rows.legacy_key, least({objects}, inherited.depth) as objects_before
        from {rows} as rows
        inner join {target} as target on target.{key} = rows.target_id
        left join inherited on inherited.legacy_key = rows.legacy_key
    """).format(
        objects=objects_on_path(sql.Identifier("target", name), sql.Identifier("rows", "json_path")),
        rows=rows,
        target=relation_sql(frozen.contract.target),
        key=frozen.key,
        target_table=frozen.contract.meta.target_table,
        columns=frozen.contract.hashed_columns,
    )
