"""The one statement of a batch that changes the target."""

from __future__ import annotations

from psycopg import sql

from loaders.publish.frozen import FrozenModel
from loaders.publish.json_place import merged
from loaders.publish.query import relation_sql


def write_statement(frozen: FrozenModel, rows: sql.Identifier, longest: int) -> sql.Composed:
    """The statement that writes a batch's rows.

    Args:
        frozen: the model.
        rows: the batch's rows, with their target_id; the rows that they change are locked.
        longest: of mode merge_json: the number of keys of the longest path.
    """
    contract = frozen.contract
    parts = {"target": relation_sql(contract.target), "key": frozen.key, "rows": rows}
    if contract.meta.mode == "insert":
        others = [sql.SQL(", {}").format(sql.Identifier(name)) for name in frozen.own_columns]
        return sql.SQL("""
            insert into {target} ({key}{columns}) overriding system value select target_id{columns} from {rows}
        """).format(**parts, columns=sql.SQL("").join(others))
    if contract.meta.mode == "update":
        assignments = [sql.SQL("{0} = rows.{0}").format(sql.Identifier(name)) for name in frozen.own_columns]
        return sql.SQL("""
            update {target} as target set {assignments} from {rows} as rows where target.{key} = rows.target_id
        """).format(**parts, assignments=sql.SQL(", ").join(assignments))
    (name,) = contract.columns
    column = sql.Identifier(name)
    places = sql.SQL("""
        select target_id, json_path, {column} as value, cardinality(json_path) as objects_before from {rows}
    """).format(column=column, rows=rows)
    return sql.SQL("""
        update {target} as target set {column} = changed.value
        from ({changed}) as changed
        where target.{key} = changed.target_id
    """).format(**parts, column=column, changed=merged(places, parts["target"], frozen.key, column, longest))
