"""Counts of source rows by option, and of published rows that an option contradicts; reads only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import psycopg
from psycopg import sql

from loaders.database import fetch_value
from loaders.systems import System

# A row that an insert published belongs to an option that says `publish`; any other mode to one that says `update`.
# Rows of keys that the source no longer has are reconcile's to name, and no option's.
_STANDING = """
with standing as (
    select
        id_map.source_key,
        id_map.target_table,
        batch.run_id,
        batch.batch_id,
        case when batch.mode = 'insert' then 'publish' else 'update' end as disposition
    from migration.id_map
    inner join migration.batch on id_map.batch_id = batch.batch_id
    where id_map.entity = {source_table} and id_map.state = 'migrated'
),

ruled as (
    select outcome.option, outcome.source_key, outcome.disposition
    from ({rulings}) as outcome (option, source_key, disposition)
)

select
    ruled.option,
    standing.target_table,
    standing.run_id,
    standing.batch_id,
    count(*) filter (where ruled.disposition = standing.disposition),
    count(*) filter (where ruled.disposition is distinct from standing.disposition)
from standing
inner join ruled on standing.source_key = ruled.source_key
group by 1, 2, 3, 4
order by 1, 2, 3, 4
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Source rows of one table that one option gives one disposition and reason."""

    decision_id: str
    source_table: str
    option: str
    disposition: str
    reason_code: str
    rows: int


@dataclass(frozen=True, slots=True)
class Standing:
    """Rows of one batch that are published now, as one option sees them: `agreeing` may stay, `contradicting` may not.

    A target row that somebody deleted counts: the ledger, not the target, is read.
    """

    source_table: str
    option: str
    target_table: str
    run_id: int
    batch_id: int
    agreeing: int
    contradicting: int


def outcomes_model(system: System) -> str:
    """The model that counts the rows by option."""
    return f"migration_intermediate.int_{system.name}__outcomes_by_option"


def read_outcomes(connection: psycopg.Connection, system: System, decision_ids: Sequence[str]) -> list[Outcome]:
    """What each option of these decisions would do, from the models."""
    rows = connection.execute(
        sql.SQL(
            "select decision_id, source_table, option, disposition, coalesce(reason_code, ''), sum(row_count)::bigint "
            "from {} where decision_id = any(%s) group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4, 5"
        ).format(sql.Identifier(*outcomes_model(system).split("."))),
        [list(decision_ids)],
    ).fetchall()
    return [Outcome(*row) for row in rows]


def tables_with_published_rows(connection: psycopg.Connection, source_tables: Iterable[str]) -> list[str]:
    """Those of the source tables of which this migration has rows in the target."""
    published = "select from migration.id_map where entity = %s and state = 'migrated' and batch_id is not null"
    return [table for table in source_tables if fetch_value(connection, f"select exists ({published})", [table])]


def read_standing(
    connection: psycopg.Connection, system: System, source_table: str, options: Sequence[str]
) -> list[Standing]:
    """The batches that have published rows of a source table, once for each option.

    Args:
        connection: may read the ledger and the models.
        system: the source's.
        source_table: as in the id map's `entity`.
        options: of the decision that rules the table; with one only, the dispositions are that option's.
    """
    by_option = sql.Identifier(
        "migration_intermediate", f"int_{system.name}__{system.short_name(source_table)}_by_option"
    )
    if len(options) > 1:
        rulings = sql.SQL("select option, source_key, disposition from {}").format(by_option)
    else:
        rulings = sql.SQL("select {}::text, source_key, disposition from {}").format(
            sql.Literal(options[0]),
            sql.Identifier("migration_dispositions", f"dsp_{system.name}__{system.short_name(source_table)}"),
        )
    query = sql.SQL(_STANDING).format(source_table=sql.Literal(source_table), rulings=rulings)
    return [Standing(source_table, *row) for row in connection.execute(query)]


def read_batches(connection: psycopg.Connection, run_ids: Iterable[int]) -> dict[int, set[int]]:
    """The batches of each run that are not rolled back."""
    rows = connection.execute(
        "select run_id, batch_id from migration.batch where state = 'committed' and run_id = any(%s)", [list(run_ids)]
    ).fetchall()
    batches: dict[int, set[int]] = {}
    for run_id, batch_id in rows:
        batches.setdefault(run_id, set()).add(batch_id)
    return batches


def rollback_commands(
    contradicted: set[tuple[int, int]], batches: dict[int, set[int]], confirm: str, dtx: str = "dtx"
) -> list[str]:
    """The commands that take back these batches, the last first, so that children go before parents.

    Args:
        contradicted: run and batch of each batch that holds rows to take back.
        batches: all batches of those runs that are not rolled back; a run that is wanted whole is one command.
        confirm: what production wants to be told, with a leading space; else empty.
        dtx: how dtx is called for the system.
    """
    commands = []
    for run_id in sorted({run for run, _ in contradicted}, reverse=True):
        wanted = {batch for run, batch in contradicted if run == run_id}
        if wanted == batches[run_id]:
            commands.append(f"{dtx} rollback --run {run_id}{confirm}")
        else:
            commands += [f"{dtx} rollback --batch {batch}{confirm}" for batch in sorted(wanted, reverse=True)]
    return commands
