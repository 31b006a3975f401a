"""A place in a jsonb column: a path of keys. How its value is read, put, and taken away with the objects made for it.

All of it is one statement for any number of places in any number of rows, so that several batches, models and people
may write into one document, each at its own places.
"""

from __future__ import annotations

from psycopg import sql


def objects_on_path(column: sql.Composable, path: sql.Composable) -> sql.Composable:
    """SQL for how many of the values that a path leads through, the column itself being the first, are objects.

    Args:
        column: a jsonb expression.
        path: a text[] expression with at least one key.
    """
    return sql.SQL(
        "(select count(*) from generate_series(0, cardinality({path}) - 1) as depth "
        "where jsonb_typeof({column} #> ({path})[:depth]) = 'object')"
    ).format(column=column, path=path)


def is_obstructed(column: sql.Composable, path: sql.Composable) -> sql.Composable:
    """SQL for "a path leads through something that is there and is no object", JSON's null included."""
    return sql.SQL(
        "exists (select from generate_series(0, cardinality({path}) - 1) as depth "
        "where jsonb_typeof({column} #> ({path})[:depth]) <> 'object')"
    ).format(column=column, path=path)


def value_at(column: sql.Composable, path: sql.Composable) -> sql.Composable:
    """SQL for the value at a path, NULL where there is none; the operator alone would step into arrays by number."""
    return sql.SQL("(case when {objects} = cardinality({path}) then {column} #> {path} end)").format(
        objects=objects_on_path(column, path), column=column, path=path
    )


def merged(
    places: sql.Composable, target: sql.Composable, key: sql.Identifier, column: sql.Identifier, longest: int
) -> sql.Composable:
    """SQL for a relation (target_id, value): the column of each target row with all its places changed.

    From the deepest keys up, each object is what it is in the target now, without the keys that go and with those that
    come. An object that has nothing left goes too, if it was not there before this migration.

    Args:
        places: a relation (target_id, json_path, value, objects_before); a value that is NULL takes the key away. No
            path is a beginning of another one of the same target_id.
        target: the target table.
        key: its primary key.
        column: the jsonb column; NULL counts as a missing object.
        longest: the number of keys of the longest path.
    """
    nodes = [
        sql.SQL("node_{level} as (select * from places where cardinality(json_path) = {level})").format(
            level=sql.SQL(str(longest))
        )
    ]
    nodes += [
        sql.SQL("""
            node_{level} as (
                select
                    changed.target_id,
                    changed.json_path,
                    case when content <> '{{}}' or {level} < changed.objects_before then content end as value,
                    changed.objects_before
                from (
                    select
                        target_id,
                        json_path[:{level}] as json_path,
                        jsonb_object_agg(json_path[{below}], value) filter (where value is not null) as added,
                        array_agg(json_path[{below}]) filter (where value is null) as removed,
                        min(objects_before) as objects_before
                    from node_{below}
                    group by 1, 2
                ) as changed
                inner join {target} as target on target.{key} = changed.target_id
                cross join lateral (
                    select
                        coalesce(target.{column} #> changed.json_path, '{{}}')
                        - coalesce(changed.removed, '{{}}') || coalesce(changed.added, '{{}}')
                ) as merged (content)
                union all
                select * from places where cardinality(json_path) = {level}
            )
        """).format(level=sql.SQL(str(level)), below=sql.SQL(str(level + 1)), target=target, key=key, column=column)
        for level in reversed(range(longest))
    ]
    return sql.SQL("with places as ({places}), {nodes} select target_id, value from node_0").format(
        places=places, nodes=sql.SQL(", ").join(nodes)
    )
