"""Publishes one frozen model in batches; a batch that one row spoils is halved until that row stands alone (P11)."""

from __future__ import annotations

from collections import Counter
from typing import Any

from psycopg import Error, sql

from loaders.console import Meter, meter
from loaders.errors import ServiceError
from loaders.failpoints import failpoint
from loaders.publish.batch import Batch, BatchOutcome, KeyRange, RowReject
from loaders.publish.faults import describe, is_row_fault
from loaders.publish.frozen import FrozenModel
from loaders.publish.query import count_rows, only_row
from loaders.publish.report import ModelReport
from loaders.publish.session import WriterSession


class Publisher:
    """Publishes the pending rows of one frozen model and counts them into its report."""

    def __init__(self, session: WriterSession, frozen: FrozenModel, report: ModelReport) -> None:
        self._session, self._frozen, self._report = session, frozen, report
        self._ordinal = 0

    def run(self) -> None:
        """Publish batch after batch, in the order of the legacy keys' bytes.

        Raises:
            KeyboardInterrupt: somebody asked to stop; at a batch's edge.
            MigrationError: a batch could not be written; all earlier ones stay.
        """
        with meter(self._frozen.contract.model, self._count_pending(), "rows") as progress:
            after: str | None = None
            while (page := self._next_page(after)) is not None:
                self._publish(page, progress)
                if self._report.is_over_budget:
                    return
                after = page.upto

    def _publish(self, page: KeyRange, progress: Meter) -> None:
        waiting = [page]
        while waiting and not self._report.is_over_budget:
            failpoint("publish.between_batches")
            self._session.interrupt.check()
            key_range = waiting.pop()
            try:
                outcome = self._attempt(Batch(self._session, self._frozen, key_range, self._next_ordinal()))
            except Error as error:
                if not is_row_fault(error):
                    raise ServiceError(
                        f"{self._frozen.contract.model}: a batch failed with {describe(error)}; it was rolled back",
                        hint="Put that right, then run the same command again to go on where it stopped.",
                    ) from None
                if key_range.rows > 1:
                    waiting += self._halves(key_range)
                    continue
                outcome = self._reject(key_range, error)
            self._count(outcome)
            progress.advance(outcome.rows_in)

    def _attempt(self, batch: Batch | RowReject) -> BatchOutcome:
        return self._session.attempt(batch.run, batch.recall)

    def _reject(self, key_range: KeyRange, error: Error) -> BatchOutcome:
        if self._frozen.is_reapplied:
            # The row is published; that its change cannot be applied is drift, not a reject.
            return BatchOutcome(1, 0, 1, Counter())
        return self._attempt(RowReject(self._session, self._frozen, key_range, self._next_ordinal(), error=error))

    def _count(self, outcome: BatchOutcome) -> None:
        report = self._report
        if self._frozen.is_reapplied:
            report.applied += outcome.published
            return
        if self._frozen.contract.meta.mode == "insert":
            report.published += outcome.published
        else:
            report.updated += outcome.published
        report.rejected += Counter({("publish", reason): rows for reason, rows in outcome.rejected.items()})
        report.already_there += outcome.present
        report.is_over_budget = report.spends_budget()

    def _next_ordinal(self) -> int:
        self._ordinal += 1
        return self._ordinal

    def _count_pending(self) -> int:
        rows = count_rows(self._session.connection, self._frozen.pending)
        self._session.connection.commit()
        return rows

    def _next_page(self, after: str | None) -> KeyRange | None:
        page = self._keys_after(after, self._frozen.contract.meta.batch_size)
        upto, rows = self._read(sql.SQL("select max(legacy_key), count(*) from ({}) as page").format(page))
        return KeyRange(after, upto, rows) if rows else None

    def _halves(self, key_range: KeyRange) -> list[KeyRange]:
        """The range in two; the lower half last, so that it is taken first."""
        half = key_range.rows // 2
        lower = self._keys_after(key_range.after, half)
        (middle,) = self._read(sql.SQL("select max(legacy_key) from ({}) as page").format(lower))
        return [
            KeyRange(middle, key_range.upto, key_range.rows - half),
            KeyRange(key_range.after, middle, half),
        ]

    def _read(self, query: sql.Composed) -> tuple[Any, ...]:
        row = only_row(self._session.connection.execute(query))
        self._session.connection.commit()
        return row

    def _keys_after(self, after: str | None, rows: int) -> sql.Composable:
        beyond = sql.SQL("true") if after is None else sql.SQL("pending.legacy_key > {}").format(after)
        return sql.SQL("""
            select pending.legacy_key
            from {pending} as pending
            where {beyond}
            order by pending.legacy_key
            limit {rows}
        """).format(pending=self._frozen.pending, beyond=beyond, rows=rows)
