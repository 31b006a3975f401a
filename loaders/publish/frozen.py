"""The frozen input of a run: what is published is what the models held at one moment (reliability P9)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import psycopg
from psycopg import sql

from loaders.publish.canonical import rendered, row_hash
from loaders.publish.catalogue import Table
from loaders.publish.contract import PublishContract, Relation
from loaders.publish.query import relation_sql

FROZEN_SCHEMA = "migration_frozen"
# A dry run freezes here; its transaction is rolled back.
TEMPORARY_SCHEMA = "pg_temp"


@dataclass(frozen=True, slots=True)
class FrozenModel:
    """One model's frozen input.

    Attributes:
        contract: what the model publishes.
        target: the target table, as the preflight found it.
        schema: where the frozen tables lie.
        stem: how their names begin; one per run and model.
    """

    contract: PublishContract
    target: Table
    schema: str
    stem: str

    @property
    def pending(self) -> sql.Identifier:
        """Rows that are not published yet: source_key, legacy_key, target_id in mode update, the columns, row_hash.

        Once the gates' rejects are recorded, they are discarded from it.
        """
        return sql.Identifier(self.schema, f"{self.stem}_pending")

    @property
    def rejected(self) -> sql.Identifier:
        """The gates' verdicts on pending rows: legacy_key, stage, reason_code, column_name, sqlstate."""
        return sql.Identifier(self.schema, f"{self.stem}_rejected")

    @property
    def drifted(self) -> sql.Identifier:
        """Published rows that differ now: keys, states, changed columns, and the model's values where it has them."""
        return sql.Identifier(self.schema, f"{self.stem}_drifted")

    @property
    def hash_types(self) -> dict[str, str]:
        """Hashed column to the target column's base type."""
        return {name: self.target.columns[name].type_name for name in self.contract.hashed_columns}

    @property
    def key(self) -> sql.Identifier:
        """The target's primary key column."""
        return sql.Identifier(self.target.key_column.name)

    @property
    def key_type(self) -> sql.SQL:
        """The primary key's type, for casts."""
        return sql.SQL(self.target.key_column.cast_type)

    def column_list(self, alias: str | None = None) -> sql.Composed:
        """The supplied columns, separated by commas."""
        parts = [(alias, name) if alias else (name,) for name in self.contract.columns]
        return sql.SQL(", ").join(sql.Identifier(*part) for part in parts)

    def cast_list(self, alias: str) -> sql.Composed:
        """The supplied columns in the target's base types: no lengths, so that nothing is cut."""
        return sql.SQL(", ").join(
            sql.SQL("{value}::{type} as {name}").format(
                value=sql.Identifier(alias, name),
                type=sql.SQL(self.target.columns[name].cast_type),
                name=sql.Identifier(name),
            )
            for name in self.contract.columns
        )


def lock_inputs(connection: psycopg.Connection, relations: list[Relation]) -> None:
    """Take a share of every input before the transaction's snapshot, so that a dbt run waits instead of mixing in.

    A table that dbt swaps in after the snapshot would look empty: the lock must come first.
    """
    if relations:
        names = sql.SQL(", ").join(map(relation_sql, relations))
        connection.execute("set local lock_timeout = '60s'")
        connection.execute(sql.SQL("lock table {} in access share mode").format(names))


def create_marker(connection: psycopg.Connection, run_id: int) -> sql.Identifier:
    """Make an unlogged table with one row: a server crash empties it together with the frozen input."""
    marker = sql.Identifier(FROZEN_SCHEMA, f"run_{run_id}")
    connection.execute(sql.SQL("create unlogged table {} as select now() as frozen_at").format(marker))
    return marker


def drop_frozen(connection: psycopg.Connection, run_id: int | None = None) -> None:
    """Drop one run's frozen tables; or, for the holder of the writer lock alone, those of all runs."""
    pattern = ".*" if run_id is None else f"run_{run_id}(_.*)?"
    names = connection.execute(
        "select tablename from pg_tables where schemaname = %s and tablename ~ %s", [FROZEN_SCHEMA, f"^{pattern}$"]
    ).fetchall()
    for (name,) in names:
        connection.execute(sql.SQL("drop table {}").format(sql.Identifier(FROZEN_SCHEMA, name)))
    connection.commit()


def freeze_pending(connection: psycopg.Connection, frozen: FrozenModel) -> None:
    """Copy the rows that are not published yet, with their hashes, and make the empty table of verdicts.

    Args:
        connection: in the transaction whose snapshot all models share.
        frozen: the model.
    """
    meta = frozen.contract.meta
    target_id = sql.SQL("target_id::{} as target_id, ").format(frozen.key_type)
    connection.execute(
        sql.SQL("""
            create {kind} {pending} as
            select pending.*, {hash} as row_hash
            from (
                select source_key collate "C" as source_key, legacy_key collate "C" as legacy_key, {target_id} {casts}
                from {model} as model
                where not exists (
                    select from migration.id_map
                    where id_map.entity = {entity} and id_map.target_table = {target_table}
                    and id_map.legacy_key = model.legacy_key and id_map.state = 'migrated'
                )
            ) as pending
        """).format(
            kind=_kind(frozen),
            pending=frozen.pending,
            hash=row_hash(frozen.hash_types, "pending"),
            target_id=target_id if meta.mode == "update" else sql.SQL(""),
            casts=frozen.cast_list("model"),
            model=relation_sql(frozen.contract.relation),
            entity=meta.entity,
            target_table=meta.target_table,
        )
    )
    _make_ready(connection, frozen)


def freeze_drift(connection: psycopg.Connection, frozen: FrozenModel) -> None:
    """Hold every published row against the model and against the target, and keep those that differ (P6, P7).

    `source_state` is same, changed or gone, `target_state` same, changed or deleted. A row that was published under
    another list of columns counts as changed at the source: its mapping did change. One that was published with a
    column that the target has lost counts as changed there.
    """
    hashed = frozen.contract.hashed_columns
    column_sets = [
        columns
        for (columns,) in connection.execute(
            "select distinct columns from migration.batch where model = %s and target_table = %s",
            [frozen.contract.model, frozen.contract.meta.target_table],
        )
    ]
    selects = [_drift_select(frozen, columns, same_mapping=columns == hashed) for columns in column_sets or [hashed]]
    connection.execute(
        sql.SQL("create {kind} {drifted} as {selects}").format(
            kind=_kind(frozen), drifted=frozen.drifted, selects=sql.SQL(" union all ").join(selects)
        )
    )


def freeze_changes(connection: psycopg.Connection, frozen: FrozenModel) -> FrozenModel:
    """Freeze the drifted rows that may be updated from the source: changed there, untouched in the target (P7).

    Returns:
        A model of mode update over those rows.
    """
    contract = frozen.contract
    meta = contract.meta.model_copy(update={"mode": "update", "requires_verified_file": None})
    changes = replace(frozen, contract=replace(contract, meta=meta), stem=f"{frozen.stem}_changes")
    connection.execute(
        sql.SQL("""
            create {kind} {pending} as
            select source_key, legacy_key, target_id, {columns}, row_hash
            from {drifted}
            where source_state = 'changed' and target_state = 'same' and same_mapping
        """).format(kind=_kind(frozen), pending=changes.pending, columns=frozen.column_list(), drifted=frozen.drifted)
    )
    _make_ready(connection, changes)
    return changes


def discard_rejected(connection: psycopg.Connection, frozen: FrozenModel) -> None:
    """Leave only rows that passed the gates pending."""
    connection.execute(
        sql.SQL("""
            delete from {pending} as pending using {rejected} as rejected
            where rejected.legacy_key = pending.legacy_key
        """).format(pending=frozen.pending, rejected=frozen.rejected)
    )


def _make_ready(connection: psycopg.Connection, frozen: FrozenModel) -> None:
    connection.execute(sql.SQL("create index on {} (legacy_key)").format(frozen.pending))
    connection.execute(sql.SQL("analyze {}").format(frozen.pending))
    connection.execute(
        sql.SQL("""
            create {kind} {rejected} (
                legacy_key text collate "C" primary key,
                stage text not null,
                reason_code text not null,
                column_name text,
                sqlstate text
            )
        """).format(kind=_kind(frozen), rejected=frozen.rejected)
    )


def _drift_select(frozen: FrozenModel, columns: list[str], *, same_mapping: bool) -> sql.Composed:
    meta = frozen.contract.meta
    live = frozen.target.columns
    target_hash = (
        row_hash({name: live[name].type_name for name in columns}, "target")
        if live.keys() >= set(columns)
        else sql.SQL("null::bytea")
    )
    changed = sql.SQL(", ").join(
        sql.SQL("case when {model} is distinct from {target} then {name} end").format(
            model=rendered(sql.Identifier("model", name), type_name),
            target=rendered(sql.Identifier("target", name), type_name),
            name=name,
        )
        for name, type_name in frozen.hash_types.items()
    )
    return sql.SQL("""
        select * from (
            select
                id_map.source_key,
                id_map.legacy_key,
                id_map.target_id::{key_type} as target_id,
                case
                    when model.legacy_key is null then 'gone'
                    when {same_mapping} and {model_hash} = id_map.published_hash then 'same'
                    else 'changed'
                end as source_state,
                case
                    when target.{key} is null then 'deleted'
                    when {target_hash} = id_map.published_hash then 'same'
                    else 'changed'
                end as target_state,
                case
                    when target.{key} is null or model.legacy_key is null then array[]::text[]
                    else array_remove(array[{changed}]::text[], null)
                end as columns,
                {same_mapping} as same_mapping,
                {model_columns},
                case when model.legacy_key is not null then {model_hash} end as row_hash
            from migration.id_map
            inner join migration.batch on batch.batch_id = id_map.batch_id
            left join (select legacy_key, {casts} from {model} as model) as model
                on model.legacy_key = id_map.legacy_key
            left join {target} as target on target.{key} = id_map.target_id::{key_type}
            where id_map.entity = {entity} and id_map.target_table = {target_table} and id_map.state = 'migrated'
            and batch.model = {name} and batch.columns = {columns}
        ) as compared
        where source_state <> 'same' or target_state <> 'same'
    """).format(
        same_mapping=same_mapping,
        key_type=frozen.key_type,
        key=frozen.key,
        model_hash=row_hash(frozen.hash_types, "model"),
        target_hash=target_hash,
        changed=changed,
        model_columns=frozen.column_list("model"),
        casts=frozen.cast_list("model"),
        model=relation_sql(frozen.contract.relation),
        target=relation_sql(frozen.contract.target),
        entity=meta.entity,
        target_table=meta.target_table,
        name=frozen.contract.model,
        columns=columns,
    )


def _kind(frozen: FrozenModel) -> sql.SQL:
    # Unlogged: a frozen table is of no use after a crash.
    return sql.SQL("table" if frozen.schema == TEMPORARY_SCHEMA else "unlogged table")
