"""What a batch wrote, read back before it is committed (P3)."""

from __future__ import annotations

from psycopg import sql

from loaders.errors import LossError
from loaders.publish.canonical import column_value, comparable
from loaders.publish.frozen import FrozenModel
from loaders.publish.query import only_row
from loaders.publish.shared import Execute


def check_read_back(execute: Execute, frozen: FrozenModel, rows: int) -> None:
    """Compare what the target holds now with what was frozen, column by column as the row hash renders them.

    Args:
        execute: of a batch whose rows are written; knows `rows`, `target` and `key`.
        frozen: the model.
        rows: of the batch, for the message.

    Raises:
        LossError: some rows are not there, or hold other values.
    """
    types, path = frozen.hash_types, frozen.path_of("rows")
    differs = {
        name: sql.SQL("{} is distinct from {}").format(
            comparable(column_value("target", name, path), type_name),
            comparable(sql.Identifier("rows", name), type_name),
        )
        for name, type_name in types.items()
    }
    # Either keeps the join to the batch's own rows, however large the table is: ids that were drawn are a stretch
    # of the primary key; name-based ones lie all over it and are looked up one by one.
    if frozen.supplies_key:
        found = """
            left join lateral (
                select found.* from {target} as found where found.{key} = rows.target_id offset 0
            ) as target on true
        """
    else:
        found = """
            left join {target} as target
                on target.{key} = rows.target_id
                and target.{key} between (select min(target_id) from {rows}) and (select max(target_id) from {rows})
        """
    joined = "from {rows} as rows" + found + "where target.{key} is null or {differs}"
    any_differs = sql.SQL(" or ").join(differs.values())
    (wrong,) = only_row(execute("select count(*) " + joined, differs=any_differs))
    if wrong == 0:
        return
    counted = sql.SQL(", ").join(sql.SQL("count(*) filter (where {})").format(each) for each in differs.values())
    counts = only_row(execute("select {counted} " + joined, counted=counted, differs=any_differs))
    table = frozen.contract.meta.target_table
    columns = [f"{table}.{name}" for name, count in zip(types, counts, strict=True) if count]
    raise LossError(
        f"{', '.join(columns) or table}: {wrong:,} of {rows:,} rows read back with other values than "
        "were published; the batch was rolled back",
        hint="Something in the target changes values as they are written: look at its triggers and types.",
    )
