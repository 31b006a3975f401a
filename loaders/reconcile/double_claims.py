"""Map rows that claim one place of a target row: no two may have made it, or have written the same of it."""

from __future__ import annotations

import psycopg
from psycopg import sql

# A map row that has its target row to itself clashes with nobody.
_SHARED_ROWS = """
create temporary table shared_row as
select target_id
from migration.id_map
where target_table = {target_table} and state = 'migrated' and batch_id is not null
group by target_id
having count(*) > 1
"""

# Several map rows may share a target row, each with columns of its own, or with places of its own in one column. What
# overlaps: two that made the row; a column that both cover; of two paths in it one that is the other, or begins it.
_CLASHES = """
with claims as (
    select
        id_map.id_map_id, id_map.entity, id_map.source_key, id_map.target_id, id_map.json_path,
        batch.mode = 'insert' as made_the_row, batch.columns
    from shared_row
    inner join migration.id_map on shared_row.target_id = id_map.target_id
    inner join migration.batch on id_map.batch_id = batch.batch_id
    where id_map.state = 'migrated' and id_map.target_table = {target_table}
),

beginnings as (
    select claims.*, claims.json_path[:depth] as beginning
    from claims
    cross join lateral generate_series(1, cardinality(claims.json_path)) as depth
),

clashes as (
    select one.id_map_id, other.id_map_id as other_id
    from claims as one
    inner join claims as other on one.target_id = other.target_id
    where
        one.id_map_id <> other.id_map_id and one.json_path is null
        and ((one.made_the_row and other.made_the_row) or one.columns && other.columns)
    union all
    select one.id_map_id, other.id_map_id as other_id
    from claims as one
    inner join beginnings as other
        on one.target_id = other.target_id and one.columns = other.columns and one.json_path = other.beginning
        and one.id_map_id <> other.id_map_id
),

clashing as (
    select distinct source_key
    from claims
    where entity = {entity} and id_map_id in (select id_map_id from clashes union all select other_id from clashes)
),

numbered as (
    select source_key, row_number() over (order by source_key) as position from clashing
)

select count(*), array_agg(source_key order by position) filter (where position <= {shown}) from numbered
"""


def doubly_claimed(
    connection: psycopg.Connection, entity: str, target_table: str, shown: int
) -> tuple[int, list[str] | None]:
    """How many source keys of an entity have a map row that clashes with another one of any entity, and the first.

    Args:
        connection: may read the ledger; in a transaction, for a temporary table.
        entity: the source table.
        target_table: schema and name; the target rows that are looked at.
        shown: how many keys to name.
    """
    connection.execute("drop table if exists shared_row")
    target = sql.Literal(target_table)
    if not connection.execute(sql.SQL(_SHARED_ROWS).format(target_table=target)).rowcount:
        return 0, None
    connection.execute("analyze shared_row")
    clashes = sql.SQL(_CLASHES).format(entity=sql.Literal(entity), target_table=target, shown=sql.Literal(shown))
    ((rows, keys),) = connection.execute(clashes).fetchall()
    return rows, keys
