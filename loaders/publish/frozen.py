"""The frozen input of a run: what is published is what the models held at one moment (reliability P9)."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg
from psycopg import errors, sql

from loaders.publish.canonical import row_hash
from loaders.publish.catalogue import Table
from loaders.publish.contract import PublishContract, Relation
from loaders.publish.query import relation_sql

# What an expression of the target's raises on some value.
RAISED = (errors.DataError, errors.RaiseException)
# What the target's index takes may be too much for one on other types: then the rows are counted.
_NO_INDEX = (errors.InvalidObjectDefinition, errors.ProgramLimitExceeded, errors.UndefinedFunction)
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
        is_reapplied: whether its rows are published already, and only their values have changed (P7).
    """

    contract: PublishContract
    target: Table
    schema: str
    stem: str
    is_reapplied: bool = False

    @property
    def pending(self) -> sql.Identifier:
        """Rows that are not published yet: the model's key columns, the target's columns, row_hash, and shared_hash.

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
    def shared_types(self) -> dict[str, str]:
        """Shared column to the target column's base type."""
        return {name: self.target.columns[name].type_name for name in self.contract.meta.shared_columns}

    @property
    def merges(self) -> bool:
        """Whether its values go to places inside a column."""
        return self.contract.meta.mode == "merge_json"

    def path_of(self, alias: str) -> sql.Identifier | None:
        """The path in the relation `alias`, None where whole columns are published."""
        return sql.Identifier(alias, "json_path") if self.merges else None

    @property
    def supplies_key(self) -> bool:
        """Whether the model gives the rows it inserts their ids, since the target has no sequence to draw them from."""
        return self.target.key_column.name in self.contract.columns

    @property
    def key(self) -> sql.Identifier:
        """The target's primary key column."""
        return sql.Identifier(self.target.key_column.name)

    @property
    def key_type(self) -> sql.SQL:
        """The primary key's type, for casts."""
        return sql.SQL(self.target.key_column.cast_type)

    @property
    def own_columns(self) -> tuple[str, ...]:
        """The supplied columns but for the primary key."""
        return tuple(name for name in self.contract.columns if name != self.target.key_column.name)

    def column_list(self, alias: str | None = None) -> sql.Composed:
        """The supplied columns, separated by commas."""
        parts = [(alias, name) if alias else (name,) for name in self.contract.columns]
        return sql.SQL(", ").join(sql.Identifier(*part) for part in parts)

    def key_list(self, alias: str) -> sql.Composed:
        """The model's key columns in the types that they are compared in: text by its bytes."""
        types = {"target_id": self.key_type, "json_path": sql.SQL("text[]")}
        return sql.SQL(", ").join(
            sql.SQL("{value}::{type} as {name}").format(
                value=sql.Identifier(alias, name), type=types[name], name=sql.Identifier(name)
            )
            if name in types
            else sql.SQL('{value} collate "C" as {name}').format(
                value=sql.Identifier(alias, name), name=sql.Identifier(name)
            )
            for name in self.contract.key_columns
        )

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


def freeze_pending(connection: psycopg.Connection, frozen: FrozenModel) -> bool:
    """Copy the rows that are not published yet, with their hashes, and make the empty table of verdicts.

    Args:
        connection: in the transaction whose snapshot all models share.
        frozen: the model.

    Returns:
        As `make_ready`.
    """
    meta = frozen.contract.meta
    shared = row_hash(frozen.shared_types, "pending") if frozen.shared_types else sql.SQL("null::bytea")
    connection.execute(
        sql.SQL("""
            create {kind} {pending} as
            select pending.*, {hash} as row_hash, {shared} as shared_hash
            from (
                select {keys}, {casts}
                from {model} as model
                where not exists (
                    select from migration.id_map
                    where id_map.entity = {entity} and id_map.target_table = {target_table}
                    and id_map.legacy_key = model.legacy_key and id_map.state = 'migrated'
                )
            ) as pending
        """).format(
            kind=table_kind(frozen),
            pending=frozen.pending,
            hash=row_hash(frozen.hash_types, "pending"),
            shared=shared,
            keys=frozen.key_list("model"),
            casts=frozen.cast_list("model"),
            model=relation_sql(frozen.contract.relation),
            entity=meta.entity,
            target_table=meta.target_table,
        )
    )
    return make_ready(connection, frozen)


def find_targets(connection: psycopg.Connection, frozen: FrozenModel) -> None:
    """Give the pending rows that name a parent instead of a target the parent's id, where the id map has it by now.

    The frozen set stays the same: only the id is looked up (P9).
    """
    resolve = frozen.contract.meta.resolve
    if resolve is None:
        return
    connection.execute(
        sql.SQL("""
            update {pending} as pending set target_id = id_map.target_id::{key_type}
            from migration.id_map
            where pending.target_id is null and id_map.legacy_key = pending.target_legacy_key
            and id_map.entity = {entity} and id_map.target_table = {target_table} and id_map.state = 'migrated'
        """).format(
            pending=frozen.pending, key_type=frozen.key_type, entity=resolve.entity, target_table=resolve.target_table
        )
    )


def discard_rejected(connection: psycopg.Connection, frozen: FrozenModel) -> None:
    """Leave only rows that passed the gates pending."""
    connection.execute(
        sql.SQL("""
            delete from {pending} as pending using {rejected} as rejected
            where rejected.legacy_key = pending.legacy_key
        """).format(pending=frozen.pending, rejected=frozen.rejected)
    )


def make_ready(connection: psycopg.Connection, frozen: FrozenModel) -> bool:
    """Index the pending rows, and make the empty table of verdicts.

    Returns:
        Whether no two pending rows have the same legacy key, which making the index tells at no cost.
    """
    keys_differ = differ(connection, frozen, sql.SQL("(legacy_key)"), keeps_index=True)
    if not keys_differ:
        connection.execute(sql.SQL("create index on {} (legacy_key)").format(frozen.pending))
    # Only ranges of keys are asked of these rows; statistics of all their columns took three times as long.
    connection.execute(sql.SQL("analyze {} (legacy_key)").format(frozen.pending))
    connection.execute(
        sql.SQL("""
            create {kind} {rejected} (
                legacy_key text collate "C" primary key,
                stage text not null,
                reason_code text not null,
                column_name text,
                sqlstate text
            )
        """).format(kind=table_kind(frozen), rejected=frozen.rejected)
    )
    return keys_differ


def differ(
    connection: psycopg.Connection, frozen: FrozenModel, keys: sql.Composable, *, keeps_index: bool = False
) -> bool:
    """Whether the pending rows can have a unique index, which is made in half the time of counting them by key.

    Args:
        connection: in a transaction.
        frozen: the model.
        keys: what follows the table's name in CREATE UNIQUE INDEX.
        keeps_index: whether the index stays.

    Returns:
        False also where an expression raises on some row, or no index of these rows can be made.
    """
    try:
        with connection.transaction(force_rollback=not keeps_index):
            connection.execute(sql.SQL("create unique index on {} {}").format(frozen.pending, keys))
    except (errors.UniqueViolation, *RAISED, *_NO_INDEX):
        return False
    return True


def table_kind(frozen: FrozenModel) -> sql.SQL:
    """How a frozen table is created; unlogged, for it is of no use after a crash."""
    return sql.SQL("table" if frozen.schema == TEMPORARY_SCHEMA else "unlogged table")
