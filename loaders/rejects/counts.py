"""Rejects counted by table, stage, reason and column: transform from the models, the later stages from the ledger."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import psycopg
from psycopg import sql

from loaders.publish.contract import LedgerModel
from loaders.publish.query import relation_sql

KEYS_SHOWN = 10

# One shape for both: the models hold the rejects of the last build, published or not.
_COUNT = """
select
    system, source_table, stage, reason_code, coalesce(column_name, ''), coalesce(sqlstate, ''), count(*),
    count(distinct source_key), (array_agg(distinct source_key order by source_key))[1:{keys}]
from ({rejects}) as reject
group by 1, 2, 3, 4, 5, 6
"""
_FROM_MODEL = """
select
    {system}::text as system, {source_table}::text as source_table, 'transform' as stage, reason_code, column_name,
    null::text as sqlstate, source_key
from {model}
"""
_FROM_LEDGER = """
select system, source_table, stage, reason_code, column_name, sqlstate, source_key
from migration.reject
where stage in ('files', 'publish')
"""


@dataclass(frozen=True, slots=True)
class RejectCount:
    """Rejects of one table, stage, reason and column.

    Attributes:
        rejects: how many; a source row may have several (an address each).
        source_rows: of how many source rows.
        keys: the first ten of their source keys.
    """

    system: str
    source_table: str
    stage: str
    reason_code: str
    column_name: str
    sqlstate: str
    rejects: int
    source_rows: int
    keys: list[str]


@dataclass(frozen=True, slots=True)
class Reason:
    """What the vocabulary says of a reject's reason."""

    meaning: str
    what_to_do: str


def count_rejects(connection: psycopg.Connection, models: Iterable[LedgerModel]) -> list[RejectCount]:
    """Count all rejects, by table, then the most frequent first.

    Args:
        connection: may read the models and the ledger.
        models: those that hold the rejects of the transform stage.
    """
    selects: list[sql.Composable] = [
        sql.SQL(_FROM_MODEL).format(
            system=sql.Literal(model.meta.system),
            source_table=sql.Literal(model.meta.source_table),
            model=relation_sql(model.relation),
        )
        for model in models
    ]
    rejects = sql.SQL(" union all ").join([*selects, sql.SQL(_FROM_LEDGER)])
    rows = connection.execute(sql.SQL(_COUNT).format(keys=sql.Literal(KEYS_SHOWN), rejects=rejects)).fetchall()
    counts = [RejectCount(*row) for row in rows]
    return sorted(counts, key=lambda each: (each.source_table, -each.rejects, each.stage, each.reason_code))


def read_reasons(connection: psycopg.Connection) -> dict[tuple[str, str, str], Reason]:
    """The vocabulary of rejects by (source table, stage, reason code); the table is empty where it is any."""
    rows = connection.execute(
        "select coalesce(source_table, ''), stage, reason_code, meaning, coalesce(what_to_do, '') "
        "from migration_seeds.reason_codes where disposition = 'reject'"
    ).fetchall()
    return {(table, stage, code): Reason(meaning, what_to_do) for table, stage, code, meaning, what_to_do in rows}
