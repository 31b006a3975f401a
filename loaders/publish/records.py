"""What the ledger keeps of the models' verdicts: dispositions and rejects, changed where they differ and only there."""

from __future__ import annotations

from collections.abc import Sequence

import psycopg
from psycopg import sql

from loaders.publish.contract import LedgerModel
from loaders.publish.drift import APPLIES
from loaders.publish.frozen import FrozenModel
from loaders.publish.query import relation_sql

_DISPOSITION_COLUMNS: tuple[str, ...] = ("disposition", "reason_code", "decision_id")
_REJECT_COLUMNS = ("source_key", "reason_code", "column_name", "payload")
_MAKE_EQUAL = (
    """
    delete from {table} as ledger
    where {scope} and not exists (select from {model} as model where model.{key} = ledger.{key})
    """,
    """
    update {table} as ledger set {assignments}, run_id = {run_id}
    from {model} as model
    where {scope} and model.{key} = ledger.{key} and ({old}) is distinct from ({new})
    """,
    """
    insert into {table} (system, source_table, {key}, {columns}{stage_column}, run_id)
    select {system}, {source_table}, model.{key}, {new}{stage_value}, {run_id}
    from {model} as model
    where not exists (select from {table} as ledger where {scope} and ledger.{key} = model.{key})
    """,
)


def record_ledger_model(connection: psycopg.Connection, model: LedgerModel, run_id: int) -> None:
    """Make the ledger's dispositions or transform-stage rejects of one source table equal to the model's rows.

    Args:
        connection: in the transaction that froze the inputs.
        model: a `dsp_` or `rej_` model.
        run_id: recorded on rows that are new or changed.
    """
    scope = sql.SQL("ledger.system = {} and ledger.source_table = {}").format(
        model.meta.system, model.meta.source_table
    )
    if model.kind == "disposition":
        key, columns, stage = "source_key", _DISPOSITION_COLUMNS, ""
    else:
        key, columns, stage = "legacy_key", _REJECT_COLUMNS, "transform"
        scope += sql.SQL(" and ledger.stage = 'transform'")
    parts = {
        "table": sql.Identifier("migration", model.kind),
        "key": sql.Identifier(key),
        "model": relation_sql(model.relation),
        "scope": scope,
        "columns": sql.SQL(", ").join(map(sql.Identifier, columns)),
        "system": sql.Literal(model.meta.system),
        "source_table": sql.Literal(model.meta.source_table),
        "stage_column": sql.SQL(", stage" if stage else ""),
        "stage_value": sql.SQL(", 'transform'" if stage else ""),
        "run_id": sql.Literal(run_id),
        "assignments": sql.SQL(", ").join(
            sql.SQL("{0} = model.{0}").format(sql.Identifier(column)) for column in columns
        ),
        "old": sql.SQL(", ").join(sql.Identifier("ledger", column) for column in columns),
        "new": sql.SQL(", ").join(sql.Identifier("model", column) for column in columns),
    }
    for statement in _MAKE_EQUAL:
        connection.execute(sql.SQL(statement).format(**parts))


def record_rejects(connection: psycopg.Connection, frozen: FrozenModel, run_id: int, verdicts: sql.Composable) -> None:
    """Write rejects of the stages files and publish; one that the ledger has alike is left as it is.

    Args:
        connection: in a transaction.
        frozen: whose pending rows were rejected.
        run_id: recorded on rejects that are new or changed.
        verdicts: a relation of (legacy_key, stage, reason_code, column_name, sqlstate).
    """
    meta = frozen.contract.meta
    parts = {
        "verdicts": verdicts,
        "pending": frozen.pending,
        "system": sql.Literal(meta.system),
        "source_table": sql.Literal(meta.source_table),
        "run_id": sql.Literal(run_id),
    }
    connection.execute(
        sql.SQL("""
            delete from migration.reject using {verdicts} as verdict
            where reject.system = {system} and reject.source_table = {source_table}
            and reject.legacy_key = verdict.legacy_key
            and reject.stage in ('files', 'publish') and reject.stage <> verdict.stage
        """).format(**parts)
    )
    connection.execute(
        sql.SQL("""
            insert into migration.reject (
                system, source_table, source_key, legacy_key, stage, reason_code, column_name, sqlstate, payload, run_id
            )
            select
                {system}, {source_table}, pending.source_key, verdict.legacy_key, verdict.stage, verdict.reason_code,
                verdict.column_name, verdict.sqlstate, to_jsonb(pending) - array['row_hash', 'shared_hash'], {run_id}
            from {verdicts} as verdict
            inner join {pending} as pending on pending.legacy_key = verdict.legacy_key
            on conflict (system, source_table, legacy_key, stage) do update set
                source_key = excluded.source_key, reason_code = excluded.reason_code,
                column_name = excluded.column_name, sqlstate = excluded.sqlstate, payload = excluded.payload,
                run_id = excluded.run_id, recorded_at = clock_timestamp()
            where
                (reject.source_key, reject.reason_code, reject.column_name, reject.sqlstate, reject.payload)
                is distinct from (
                    excluded.source_key, excluded.reason_code, excluded.column_name, excluded.sqlstate, excluded.payload
                )
        """).format(**parts)
    )


def forget_rejects(
    connection: psycopg.Connection, frozen: FrozenModel, published: sql.Composable, in_range: sql.Composable
) -> None:
    """Remove the rejects of rows that are published now.

    Args:
        connection: in a batch's transaction.
        frozen: whose rows they are.
        published: a relation with legacy_key.
        in_range: SQL for "the row of `reject` is in the batch's range".
    """
    meta = frozen.contract.meta
    connection.execute(
        sql.SQL("""
            delete from migration.reject using {published} as published
            where reject.system = {system} and reject.source_table = {source_table}
            and {in_range} and reject.legacy_key = published.legacy_key and reject.stage in ('files', 'publish')
        """).format(published=published, system=meta.system, source_table=meta.source_table, in_range=in_range)
    )


def drop_stale_rejects(connection: psycopg.Connection, models: Sequence[FrozenModel]) -> None:
    """Remove rejects of the stages files and publish for rows that no model of their source table has any more."""
    pending: dict[tuple[str, str], list[sql.Composable]] = {}
    for frozen in models:
        source = (frozen.contract.meta.system, frozen.contract.meta.source_table)
        pending.setdefault(source, []).append(sql.SQL("select legacy_key from {}").format(frozen.pending))
    for (system, source_table), selects in pending.items():
        connection.execute(
            sql.SQL("""
                delete from migration.reject
                where system = {system} and source_table = {source_table} and stage in ('files', 'publish')
                and not exists (select from ({pending}) as pending where pending.legacy_key = reject.legacy_key)
            """).format(system=system, source_table=source_table, pending=sql.SQL(" union all ").join(selects))
        )


def record_drift(connection: psycopg.Connection, frozen: FrozenModel, run_id: int) -> sql.Composed:
    """Write what differs, and was not applied, between the model, the ledger and the target to `migration.drift`.

    Returns:
        What was written, as a relation: a query in parentheses.
    """
    meta = frozen.contract.meta
    connection.execute(
        sql.SQL("""
            insert into migration.drift (
                run_id, model, legacy_key, target_table, target_id, source_state, target_state, columns
            )
            select
                {run_id}, {model}, legacy_key, {target_table}, target_id::text, source_state, target_state, columns
            from {drifted} as drifted
            where not ({applies}) or not exists (
                select from migration.id_map
                where id_map.entity = {entity} and id_map.target_table = {target_table}
                and id_map.legacy_key = drifted.legacy_key and id_map.state = 'migrated'
                and id_map.published_hash = drifted.row_hash
            )
        """).format(
            run_id=run_id,
            model=frozen.contract.model,
            target_table=meta.target_table,
            entity=meta.entity,
            drifted=frozen.drifted,
            applies=APPLIES,
        )
    )
    return sql.SQL("(select * from migration.drift where run_id = {} and model = {})").format(
        run_id, frozen.contract.model
    )
