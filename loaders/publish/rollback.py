"""Takes back what was published: exactly the rows that nobody has touched since, children first (P13)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import psycopg
from psycopg import errors, sql

from loaders.console import meter
from loaders.database import connect
from loaders.errors import RefusedError, ServiceError
from loaders.failpoints import failpoint
from loaders.publish.canonical import row_hash
from loaders.publish.catalogue import Table, read_table, referencing_keys
from loaders.publish.contract import Relation
from loaders.publish.engine import require_ledger
from loaders.publish.faults import describe
from loaders.publish.interrupt import Interrupt
from loaders.publish.query import relation_sql
from loaders.publish.references import generic_references
from loaders.publish.runs import writing_run
from loaders.publish.session import WriterSession
from loaders.settings import Settings

_UNDO = sql.Identifier("pg_temp", "dtx_undo")


@dataclass(frozen=True, slots=True)
class PublishedBatch:
    """A committed batch of the ledger."""

    batch_id: int
    run_id: int
    model: str
    entity: str
    target_table: str
    mode: Literal["insert", "update"]
    columns: list[str]
    rows: int


@dataclass
class RollbackReport:
    """Rows taken back and rows left in place, per target table and mode; `run_id` is None for a dry run."""

    run_id: int | None
    undone: Counter[tuple[str, str]] = field(default_factory=Counter)
    refused: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    batches: int = 0

    def as_json(self) -> dict[str, Any]:
        """The document that `--json` prints, and the run's outcome."""
        return {
            "schema": "dtx.rollback/1",
            "run_id": self.run_id,
            "dry_run": self.run_id is None,
            "batches": self.batches,
            "undone": [
                {"target_table": table, "mode": mode, "rows": rows}
                for (table, mode), rows in sorted(self.undone.items())
            ],
            "refused": [
                {"target_table": table, "reason": reason, "referenced_by": by or None, "rows": rows}
                for (table, reason, by), rows in sorted(self.refused.items())
            ],
        }


def committed_batches(
    connection: psycopg.Connection, *, run_id: int | None = None, batch_id: int | None = None
) -> list[PublishedBatch]:
    """The batches of a run, or one batch, that are not rolled back yet; the last first, so that children go first.

    Raises:
        RefusedError: the ledger knows no such run or batch.
    """
    column, value = ("run_id", run_id) if run_id is not None else ("batch_id", batch_id)
    table = "run" if run_id is not None else "batch"
    known = connection.execute(f"select from migration.{table} where {column} = %s", [value]).fetchone()
    if known is None:
        connection.rollback()
        raise RefusedError(f"the ledger knows no {table} {value}", hint="`dtx runs` or migration.run lists them.")
    rows = connection.execute(
        "select batch_id, run_id, model, entity, target_table, mode, columns, rows_published from migration.batch "
        f"where {column} = %s and state = 'committed' order by batch_id desc",
        [value],
    ).fetchall()
    connection.rollback()
    return [PublishedBatch(*row) for row in rows]


def roll_back(
    settings: Settings, *, run_id: int | None, batch_id: int | None, dry_run: bool, interrupt: Interrupt
) -> RollbackReport:
    """Roll back a run or a batch.

    Args:
        settings: whose rollback role is used.
        run_id: the run, or None.
        batch_id: the batch, or None; one of the two is given.
        dry_run: only count.
        interrupt: ends the run at a batch's edge.

    Raises:
        RefusedError: unknown run or batch, or another writer holds the lock.
        ServiceError: the server is out of reach or failed for longer than the retries last.
        KeyboardInterrupt: `interrupt` asked; batches that were rolled back stay so.
    """
    session = WriterSession(lambda: connect(settings, "rollback"), interrupt)
    try:
        require_ledger(session.connection)
        if dry_run:
            batches = committed_batches(session.connection, run_id=run_id, batch_id=batch_id)
            report = RollbackReport(None)
            _roll_back_all(session, batches, report)
            return report
        session.lock()
        batches = committed_batches(session.connection, run_id=run_id, batch_id=batch_id)
        report = RollbackReport(None)
        with writing_run(session, "rollback", report.as_json) as report.run_id:
            _roll_back_all(session, batches, report)
        return report
    except psycopg.Error as error:
        raise ServiceError(
            f"the rollback failed with {describe(error)}; what was taken back before stays so",
            hint="Put that right, then run the same command again to go on where it stopped.",
        ) from None
    finally:
        session.close()


def _roll_back_all(session: WriterSession, batches: Sequence[PublishedBatch], report: RollbackReport) -> None:
    scope = [batch.batch_id for batch in batches]
    with meter("rolling back", sum(batch.rows for batch in batches), "rows") as progress:
        for batch in batches:
            session.interrupt.check()
            failpoint("rollback.between_batches")
            undo = _Undo(session, batch, scope, dry_run=report.run_id is None)
            undone, refused = session.attempt(undo.run, undo.recall)
            report.batches += 1
            report.undone[batch.target_table, batch.mode] += undone
            report.refused.update(refused)
            progress.advance(batch.rows)


Result = tuple[int, Counter[tuple[str, str, str]]]


class _Undo:
    """One batch taken back in one transaction."""

    def __init__(self, session: WriterSession, batch: PublishedBatch, scope: list[int], *, dry_run: bool) -> None:
        self._session, self._batch, self._scope, self._dry_run = session, batch, scope, dry_run
        table = read_table(session.connection, Relation(*batch.target_table.split(".")))
        session.connection.rollback()
        if table is None or not table.columns.keys() >= set(batch.columns):
            raise RefusedError(
                f"{batch.target_table} is gone or has lost a column that batch {batch.batch_id} wrote",
                hint="Restore the column, or undo by hand: migration.id_map and migration.before_image have the rows.",
            )
        self._table: Table = table
        self._result: Result | None = None
        self._parts: dict[str, Any] = {
            "undo": _UNDO,
            "target": relation_sql(table.relation),
            "key": sql.Identifier(table.key_column.name),
            "key_type": sql.SQL(table.key_column.cast_type),
            "hash": row_hash({name: table.columns[name].type_name for name in batch.columns}, "target"),
            "batch_id": batch.batch_id,
            "entity": batch.entity,
            "target_table": batch.target_table,
            "run_id": session.run_id,
        }

    def run(self) -> Result:
        """Find the rows, take back the untouched ones, record the others; commit, or roll back when rehearsing."""
        if not self._dry_run:
            self._session.begin_batch()
        self._find_rows()
        if self._batch.mode == "insert":
            self._find_references()
        if not self._dry_run:
            try:
                self._take_back()
                self._execute("set constraints all immediate")
            except errors.ForeignKeyViolation:
                # A child came while we looked: the next attempt sees and names it.
                raise errors.SerializationFailure from None
        self._result = self._count()
        if self._dry_run:
            self._session.connection.rollback()
            return self._result
        self._record()
        failpoint("rollback.before_commit")
        self._session.connection.commit()
        return self._result

    def recall(self) -> Result | None:
        """What the last attempt counted, if the ledger says that it was committed (P2)."""
        row = self._execute("select rolled_back_by from migration.batch where batch_id = {batch_id}").fetchone()
        return self._result if row and row[0] == self._session.run_id else None

    def _execute(self, statement: str, **parts: Any) -> psycopg.Cursor[Any]:
        return self._session.connection.execute(sql.SQL(statement).format(**self._parts, **parts))

    def _find_rows(self) -> None:
        if self._batch.mode == "insert":
            published = sql.SQL(
                "select id_map.*, null::jsonb as column_values from migration.id_map "
                "where id_map.batch_id = {batch_id} and id_map.state = 'migrated'"
            ).format(**self._parts)
        else:
            published = sql.SQL(
                "select id_map.*, before_image.column_values from migration.before_image "
                "inner join migration.id_map on id_map.target_table = before_image.target_table "
                "and id_map.target_id = before_image.target_id and id_map.entity = {entity} "
                "and id_map.state = 'migrated' where before_image.batch_id = {batch_id}"
            ).format(**self._parts)
        self._execute(
            """
            create temp table dtx_undo on commit drop as
            select
                published.id_map_id, published.legacy_key, published.target_id, published.published_hash,
                published.column_values, published.batch_id, published.target_id::{key_type} as key,
                case
                    when target.{key} is null then 'deleted'
                    when {hash} is distinct from published.published_hash then 'edited'
                end as reason,
                null::text as referenced_by
            from ({published}) as published
            left join {target} as target on target.{key} = published.target_id::{key_type}
            """,
            published=published,
        )
        # Without statistics the joins below are planned for a handful of rows: 8 s instead of 0.3 s for 10,000.
        self._execute("analyze {undo}")

    def _find_references(self) -> None:
        connection = self._session.connection
        for reference in referencing_keys(connection, self._table.relation):
            condition = sql.SQL("child.{} = undo.key").format(sql.Identifier(reference.column))
            self._refuse_referenced(reference.child, reference.column, condition)
        for generic in generic_references(connection, self._table):
            condition = sql.SQL(
                "child.{object} = undo.key::{object_type} and child.{content_type} in ("
                "select id from {content_types} where app_label || '_' || model = {table})"
            ).format(
                object=sql.Identifier(generic.object_column),
                object_type=sql.SQL(generic.object_type),
                content_type=sql.Identifier(generic.content_type_column),
                content_types=relation_sql(generic.content_types),
                table=self._table.relation.name,
            )
            self._refuse_referenced(generic.table, generic.object_column, condition)

    def _refuse_referenced(self, child: Relation, column: str, condition: sql.Composable) -> None:
        child_table = read_table(self._session.connection, child)
        beyond: sql.Composable = sql.SQL("true")
        if self._dry_run and child_table is not None and child_table.key is not None:
            # The rollback itself would have removed these children before.
            beyond = sql.SQL(
                "not exists (select from migration.id_map where id_map.target_table = {child} "
                "and id_map.target_id = child.{key}::text and id_map.state = 'migrated' "
                "and id_map.batch_id = any ({scope}))"
            ).format(child=str(child), key=sql.Identifier(child_table.key.name), scope=self._scope)
        self._execute(
            "update {undo} as undo set reason = 'referenced', referenced_by = {by} where undo.reason is null "
            "and exists (select from {child} as child where {condition} and {beyond})",
            by=f"{child}.{column}",
            child=relation_sql(child),
            condition=condition,
            beyond=beyond,
        )

    def _take_back(self) -> None:
        change: sql.Composable = sql.SQL("delete from {target} as target using {undo} as undo").format(**self._parts)
        if self._batch.mode == "update":
            restored = sql.SQL(", ").join(
                sql.SQL("{} = (undo.column_values ->> {})::{}").format(
                    sql.Identifier(name), name, sql.SQL(self._table.columns[name].cast_type)
                )
                for name in self._batch.columns
            )
            change = sql.SQL("update {target} as target set {restored} from {undo} as undo").format(
                **self._parts, restored=restored
            )
        # The hash is compared once more in the statement itself: whoever edits the row meanwhile wins.
        self._execute(
            """
            with taken as (
                {change} where undo.reason is null and target.{key} = undo.key and {hash} = undo.published_hash
                returning undo.id_map_id
            )
            update {undo} as undo set reason = 'edited'
            where undo.reason is null and not exists (select from taken where taken.id_map_id = undo.id_map_id)
            """,
            change=change,
        )

    def _count(self) -> Result:
        undone, refused = 0, Counter[tuple[str, str, str]]()
        for reason, by, rows in self._execute(
            "select reason, coalesce(referenced_by, ''), count(*) from {undo} group by 1, 2"
        ):
            if reason is None:
                undone = rows
            else:
                refused[self._batch.target_table, reason, by] = rows
        return undone, refused

    def _record(self) -> None:
        # An update of a row that another batch had published takes the row back to that batch's values, not away.
        self._execute("""
            update migration.id_map set
                state = case when undo.batch_id = {batch_id} then 'undone' else id_map.state end,
                published_hash = case
                    when undo.batch_id = {batch_id} then id_map.published_hash
                    else (select {hash} from {target} as target where target.{key} = undo.key)
                end
            from {undo} as undo
            where undo.reason is null and id_map.id_map_id = undo.id_map_id
        """)
        self._execute("""
            insert into migration.rollback_refusal (
                run_id, batch_id, legacy_key, target_table, target_id, reason, referenced_by
            )
            select {run_id}, {batch_id}, legacy_key, {target_table}, target_id, reason, referenced_by
            from {undo} where reason is not null
        """)
        self._execute("""
            update migration.batch set
                state = case
                    when exists (select from {undo} where reason is not null) then batch.state else 'rolled_back'
                end,
                rolled_back_at = clock_timestamp(),
                rolled_back_by = {run_id}
            where batch_id = {batch_id}
        """)
