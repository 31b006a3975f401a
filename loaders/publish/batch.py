"""One batch: its rows, the id map and the batch's state in one transaction (reliability, Techniques)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from loaders.errors import LossError
from loaders.failpoints import failpoint
from loaders.ledger.code_version import code_version
from loaders.publish.canonical import column_value, row_hash
from loaders.publish.faults import faulty_columns
from loaders.publish.frozen import FrozenModel
from loaders.publish.gates import CONSTRAINT_VIOLATION, live_gates
from loaders.publish.places import objects_before
from loaders.publish.query import only_row, relation_sql
from loaders.publish.read_back import check_read_back
from loaders.publish.records import forget_rejects, record_rejects
from loaders.publish.session import WriterSession
from loaders.publish.writes import write_statement

_NO_OBJECTS = sql.SQL("select null::text as legacy_key, null::integer as objects_before")
_ROWS, _REFUSED = sql.Identifier("pg_temp", "dtx_batch"), sql.Identifier("pg_temp", "dtx_refused")


@dataclass(frozen=True, slots=True)
class KeyRange:
    """Pending rows with `after` < legacy_key <= `upto` by bytes; `after` None: from the first. `rows`: how many."""

    after: str | None
    upto: str
    rows: int

    def condition(self, alias: str) -> sql.Composable:
        """SQL for "the row of `alias` is in the range"."""
        key = sql.Identifier(alias, "legacy_key")
        upper = sql.SQL("{} <= {}").format(key, self.upto)
        return upper if self.after is None else sql.SQL("{} > {} and {}").format(key, self.after, upper)


@dataclass(frozen=True, slots=True)
class BatchOutcome:
    """Rows of one committed batch: rows_in = published + present + Σ rejected (reason code to rows)."""

    rows_in: int
    published: int
    present: int
    rejected: Counter[str]


class _Recorded:
    """A transaction that leaves a row in migration.batch, by which `recall` finds out whether it committed (P2)."""

    def __init__(self, session: WriterSession, frozen: FrozenModel, key_range: KeyRange, ordinal: int) -> None:
        self._session, self._frozen = session, frozen
        self._range, self._ordinal = key_range, ordinal
        self._batch_id: int | None = None
        self._outcome: BatchOutcome | None = None
        self._mode = frozen.contract.meta.mode
        self._parts: dict[str, Any] = {
            "rows": _ROWS,
            "refused": _REFUSED,
            "target": relation_sql(frozen.contract.target),
            "key": frozen.key,
            "entity": frozen.contract.meta.entity,
            "target_table": frozen.contract.meta.target_table,
            "columns": frozen.column_list(),
            "in_range": sql.SQL("select pending.* from {} as pending where {}").format(
                frozen.pending, key_range.condition("pending")
            ),
        }

    def recall(self) -> BatchOutcome | None:
        """What the last attempt counted, if the ledger says that it was committed (P2)."""
        committed = self._session.connection.execute(
            "select from migration.batch where batch_id = %s", [self._batch_id]
        ).fetchone()
        return None if committed is None else self._outcome

    def _execute(self, statement: str, **parts: Any) -> psycopg.Cursor[Any]:
        return self._session.connection.execute(sql.SQL(statement).format(**self._parts, **parts))

    def _record_batch(self, outcome: BatchOutcome) -> None:
        meta = self._frozen.contract.meta
        recorded = self._execute(
            """
            insert into migration.batch (
                run_id, model, entity, target_table, mode, ordinal, columns, shared_columns, state, input_fingerprint,
                fencing_token, rows_in, rows_published, rows_present, rows_rejected, code_version, started_at
            )
            select
                {run_id}, {model}, {entity}, {target_table}, {mode}, {ordinal}, {hashed}, {shared}, 'committed',
                sha256(coalesce(
                    string_agg(convert_to(legacy_key, 'UTF8') || row_hash, ''::bytea order by legacy_key), ''::bytea
                )),
                {token}, {rows_in}, {published}, {present}, {rejected}, {code_version}, now()
            from ({in_range}) as pending
            returning batch_id
            """,
            run_id=self._session.run_id,
            model=self._frozen.contract.model,
            mode=meta.mode,
            ordinal=self._ordinal,
            hashed=self._frozen.contract.hashed_columns,
            shared=meta.shared_columns,
            token=self._session.fencing_token,
            rows_in=outcome.rows_in,
            published=outcome.published,
            present=outcome.present,
            rejected=outcome.rejected.total(),
            code_version=code_version(),
        )
        (self._batch_id,) = only_row(recorded)
        self._outcome = outcome


class Batch(_Recorded):
    """One attempt, or several, at publishing a range of rows.

    Args:
        session: the connection.
        frozen: the model.
        key_range: which rows.
        ordinal: the batch's number in its run and model.
        looks_again: whether the parents are looked for once more, and rows without one rejected by their reason. In a
            batch of rows to insert the constraints find out as well; to look cost 5 s of 300,000 rows' 59.
    """

    def __init__(
        self, session: WriterSession, frozen: FrozenModel, key_range: KeyRange, ordinal: int, *, looks_again: bool
    ) -> None:
        super().__init__(session, frozen, key_range, ordinal)
        self._looks_again = looks_again or frozen.contract.meta.mode != "insert"
        self._is_view = False

    def run(self) -> BatchOutcome:
        """Write the batch and commit it.

        Raises:
            psycopg.Error: it was not committed.
            LossError: the target stored other values than were published; it was not committed.
            RefusedError: another run has the lease.
        """
        self._session.begin_batch()
        failpoint("publish.batch_started")
        if self._mode != "insert":
            self._hold_targets()
        self._find_refused()
        self._take_rows()
        outcome = self._count()
        self._record_batch(outcome)
        self._record_ids()
        if self._mode != "insert":
            # Without statistics the joins with the target are planned for a handful of rows.
            self._execute("analyze {rows}")
            self._record_before_images()
        if outcome.published:
            self._write(outcome.published)
        failpoint("publish.rows_written")
        self._execute("set constraints all immediate")
        check_read_back(self._execute, self._frozen, self._range.rows)
        if not self._frozen.is_reapplied:
            record_rejects(self._session.connection, self._frozen, self._session.run_id, _REFUSED)
            forget_rejects(self._session.connection, self._frozen, _ROWS, self._range.condition("reject"))
        if self._is_view:
            self._execute("drop view {rows}")
        failpoint("publish.before_commit")
        self._session.connection.commit()
        failpoint("publish.after_commit")
        return outcome

    def _hold_targets(self) -> None:
        """Keep the application from changing the target rows until the batch ends; what it did before is seen."""
        self._execute("""
            select from {target} as target inner join ({in_range}) as pending on pending.target_id = target.{key}
            order by target.{key} for no key update of target
        """)

    def _find_refused(self) -> None:
        """Rows whose parent, own target row or free place has gone since the gates looked (P5)."""
        self._execute(
            'create temp table dtx_refused (legacy_key text collate "C" primary key, stage text, reason_code text, '
            "column_name text, sqlstate text) on commit drop"
        )
        for gate in live_gates(self._frozen) if self._looks_again else ():
            self._execute(
                """
                with pending as ({in_range})
                insert into {refused} (legacy_key, stage, reason_code, column_name)
                select distinct verdict.legacy_key, 'publish', verdict.reason_code, {column}
                from ({select}) as verdict
                where not exists (select from {refused} as known where known.legacy_key = verdict.legacy_key)
                """,
                column=gate.column,
                select=gate.select,
            )

    def _take_rows(self) -> None:
        """Name what is to be written; only rows that the id map lacks draw an id (P8)."""
        self._is_view = self._frozen.supplies_key and self._mode == "insert" and self._are_all_due()
        if self._is_view:
            # A copy of these would only be the frozen rows once more, at 3 microseconds a row.
            self._execute("""
                create temp view dtx_batch as
                select pending.{key} as target_id, pending.* from ({in_range}) as pending
            """)
            return
        self._copy_due_rows()

    def _are_all_due(self) -> bool:
        """Whether the batch's stretch of the id map is empty, and none of its rows refused."""
        (is_any_settled,) = only_row(
            self._execute(
                """
                select exists (select from {refused}) or exists (
                    select from migration.id_map
                    where id_map.entity = {entity} and id_map.target_table = {target_table} and {in_map_range}
                    and id_map.state = 'migrated'
                )
                """,
                in_map_range=self._range.condition("id_map"),
            )
        )
        return not is_any_settled

    def _copy_due_rows(self) -> None:
        draw: sql.Composable = sql.SQL("")
        mapped = "not exists (select {mapped})"
        if self._mode == "insert" and self._frozen.supplies_key:
            draw = sql.SQL("pending.{} as target_id, ").format(self._frozen.key)
        elif self._mode == "insert":
            draw = sql.SQL("nextval({})::{} as target_id, ").format(self._frozen.target.sequence, self._frozen.key_type)
        if self._frozen.is_reapplied:
            # Whoever edited the row since the freeze wins.
            mapped = """
                exists (
                    select {mapped} and id_map.published_hash = (
                        select {hash} from {target} as target where target.{key} = pending.target_id
                    )
                )
            """
        self._execute(
            """
            create temp table dtx_batch on commit drop as
            select {draw} pending.*
            from (
                select pending.* from ({in_range}) as pending
                where {is_due} and not exists (
                    select from {refused} as refused where refused.legacy_key = pending.legacy_key
                )
                order by pending.legacy_key
            ) as pending
            """,
            draw=draw,
            is_due=sql.SQL(mapped).format(
                **self._parts,
                hash=row_hash(self._frozen.hash_types, "target", self._frozen.path_of("pending")),
                # The range keeps the look-up to the batch's own stretch of the index, however long the map is.
                mapped=sql.SQL("""
                    from migration.id_map
                    where id_map.entity = {entity} and id_map.target_table = {target_table} and {in_map_range}
                    and id_map.legacy_key = pending.legacy_key and id_map.state = 'migrated'
                """).format(**self._parts, in_map_range=self._range.condition("id_map")),
            ),
        )

    def _count(self) -> BatchOutcome:
        (published,) = only_row(self._execute("select count(*) from {rows}"))
        rejected = Counter(dict(self._execute("select reason_code, count(*) from {refused} group by 1").fetchall()))
        return BatchOutcome(self._range.rows, published, self._range.rows - published - rejected.total(), rejected)

    def _record_ids(self) -> None:
        if self._frozen.is_reapplied:
            self._execute("""
                update migration.id_map set published_hash = rows.row_hash from {rows} as rows
                where id_map.entity = {entity} and id_map.target_table = {target_table}
                and id_map.legacy_key = rows.legacy_key and id_map.state = 'migrated'
            """)
            return
        self._execute(
            """
            insert into migration.id_map (
                entity, source_key, legacy_key, target_table, target_id, json_path, area, state, batch_id,
                published_hash, shared_hash
            )
            select
                {entity}, source_key, legacy_key, {target_table}, target_id::text, {json_path}, {area}, 'migrated',
                {batch_id}, row_hash, shared_hash
            from {rows}
            """,
            json_path=sql.SQL("json_path" if self._frozen.merges else "null"),
            area=self._frozen.contract.meta.area,
            batch_id=self._batch_id,
        )

    def _record_before_images(self) -> None:
        frozen = self._frozen
        path = frozen.path_of("rows")
        self._execute(
            """
            insert into migration.before_image (
                batch_id, id_map_id, target_table, target_id, column_values, objects_before
            )
            select
                {batch_id}, id_map.id_map_id, {target_table}, id_map.target_id, jsonb_build_object({before}),
                objects.objects_before
            from {rows} as rows
            inner join {target} as target on target.{key} = rows.target_id
            inner join migration.id_map
                on id_map.entity = {entity} and id_map.target_table = {target_table} and {in_map_range}
                and id_map.legacy_key = rows.legacy_key and id_map.state = 'migrated'
            left join ({objects}) as objects on objects.legacy_key = rows.legacy_key
            """,
            batch_id=self._batch_id,
            before=sql.SQL(", ").join(
                sql.SQL("{}, {}::text").format(name, column_value("target", name, path))
                for name in frozen.contract.columns
            ),
            in_map_range=self._range.condition("id_map"),
            objects=objects_before(frozen, _ROWS) if frozen.merges else _NO_OBJECTS,
        )

    def _write(self, rows: int) -> None:
        frozen, expected, longest = self._frozen, rows, 0
        if frozen.merges:
            expected, longest = only_row(
                self._execute("select count(distinct target_id), max(cardinality(json_path)) from {rows}")
            )
        written = self._session.connection.execute(write_statement(frozen, _ROWS, longest)).rowcount
        if written != expected:
            raise LossError(
                f"{frozen.contract.meta.target_table}: {written:,} rows were written where {expected:,} should be; "
                "the batch was rolled back",
                hint="Something in the target drops rows as they are written: look at its triggers and rules.",
            )


class RowReject(_Recorded):
    """Records one row that the target refuses, as a batch of its own (P11)."""

    def __init__(
        self,
        session: WriterSession,
        frozen: FrozenModel,
        key_range: KeyRange,
        ordinal: int,
        *,
        error: psycopg.Error,
    ) -> None:
        super().__init__(session, frozen, key_range, ordinal)
        self._error = error

    def run(self) -> BatchOutcome:
        """Write the reject and commit it."""
        outcome = BatchOutcome(1, 0, 0, Counter({CONSTRAINT_VIOLATION: 1}))
        self._session.begin_batch()
        self._record_batch(outcome)
        verdict = sql.SQL(
            "(select pending.legacy_key, 'publish' as stage, {reason} as reason_code, {faulty}::text as column_name, "
            "{sqlstate}::text as sqlstate from ({in_range}) as pending)"
        ).format(
            **self._parts,
            reason=CONSTRAINT_VIOLATION,
            faulty=faulty_columns(self._error, self._frozen.target),
            sqlstate=self._error.sqlstate,
        )
        record_rejects(self._session.connection, self._frozen, self._session.run_id, verdict)
        self._session.connection.commit()
        return outcome
