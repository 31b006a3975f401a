"""Publishes one frozen model in batches; a batch that one row spoils is halved until that row stands alone (P11)."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import ExitStack
from itertools import count
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

# Fewer batches than this for each are not worth a connection and a thread.
_WORTH_A_WRITER = 5


class Publisher:
    """Publishes the pending rows of one frozen model and counts them into its report.

    Args:
        session: the run's first connection.
        frozen: the model.
        report: what became of its rows.
        writers: how many batches may be written side by side.
    """

    def __init__(self, session: WriterSession, frozen: FrozenModel, report: ModelReport, *, writers: int) -> None:
        self._session, self._frozen, self._report, self._writers = session, frozen, report, writers
        self._ordinals = count(1)
        self._after: str | None = None
        self._turn, self._counting, self._is_over = threading.Lock(), threading.Lock(), threading.Event()

    def run(self) -> None:
        """Publish batch after batch, in the order of the legacy keys' bytes.

        Raises:
            KeyboardInterrupt: somebody asked to stop; at a batch's edge.
            MigrationError: a batch could not be written; all earlier ones stay.
        """
        rows = self._count_pending()
        with meter(self._frozen.contract.model, rows, "rows") as progress, ExitStack() as stack:
            writers = self._count_writers(rows)
            if writers == 1:
                self._write(self._session, progress)
                return
            others = [self._session.another() for _ in range(writers - 1)]
            for other in others:
                stack.callback(other.close)
            pool = stack.enter_context(ThreadPoolExecutor(writers))
            writing = [pool.submit(self._write, session, progress) for session in (self._session, *others)]
            wait(writing, return_when=FIRST_EXCEPTION)
            self._is_over.set()
            for future in writing:
                future.result()

    def _count_writers(self, rows: int) -> int:
        """More than one where no batch can need another one's rows, or hold what another one waits for."""
        contract = self._frozen.contract
        refers_to_itself = any(
            key.parent == contract.target and key.column in contract.columns for key in self._frozen.target.foreign_keys
        )
        if contract.meta.mode != "insert" or refers_to_itself:
            return 1
        return max(1, min(self._writers, rows // (_WORTH_A_WRITER * contract.meta.batch_size)))

    def _write(self, session: WriterSession, progress: Meter) -> None:
        while (page := self._take_page(session)) is not None:
            self._publish(session, page, progress)

    def _take_page(self, session: WriterSession) -> KeyRange | None:
        with self._turn:
            if self._is_over.is_set() or self._report.is_over_budget:
                return None
            page = self._keys_after(self._after, self._frozen.contract.meta.batch_size)
            read = sql.SQL("select max(legacy_key), count(*) from ({}) as page").format(page)
            upto, rows = self._read(session, read)
            if not rows:
                return None
            key_range, self._after = KeyRange(self._after, upto, rows), upto
            return key_range

    def _publish(self, session: WriterSession, page: KeyRange, progress: Meter) -> None:
        # Parents were looked for when the run began. A batch that fails looks again before it is halved (P5).
        waiting = [(page, False)]
        while waiting and not self._report.is_over_budget:
            failpoint("publish.between_batches")
            session.interrupt.check()
            key_range, looks_again = waiting.pop()
            batch = Batch(session, self._frozen, key_range, next(self._ordinals), looks_again=looks_again)
            try:
                outcome = session.attempt(batch.run, batch.recall)
            except Error as error:
                if not is_row_fault(error):
                    raise ServiceError(
                        f"{self._frozen.contract.model}: a batch failed with {describe(error)}; it was rolled back",
                        hint="Put that right, then run the same command again to go on where it stopped.",
                    ) from None
                if not looks_again:
                    waiting.append((key_range, True))
                    continue
                if key_range.rows > 1:
                    waiting += [(half, True) for half in self._halves(session, key_range)]
                    continue
                outcome = self._reject(session, key_range, error)
            with self._counting:
                self._count(outcome)
                progress.advance(outcome.rows_in)

    def _reject(self, session: WriterSession, key_range: KeyRange, error: Error) -> BatchOutcome:
        if self._frozen.is_reapplied:
            # The row is published; that its change cannot be applied is drift, not a reject.
            return BatchOutcome(1, 0, 1, Counter())
        reject = RowReject(session, self._frozen, key_range, next(self._ordinals), error=error)
        return session.attempt(reject.run, reject.recall)

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

    def _count_pending(self) -> int:
        rows = count_rows(self._session.connection, self._frozen.pending)
        self._session.connection.commit()
        return rows

    def _halves(self, session: WriterSession, key_range: KeyRange) -> list[KeyRange]:
        """The range in two; the lower half last, so that it is taken first."""
        half = key_range.rows // 2
        lower = self._keys_after(key_range.after, half)
        (middle,) = self._read(session, sql.SQL("select max(legacy_key) from ({}) as page").format(lower))
        return [
            KeyRange(middle, key_range.upto, key_range.rows - half),
            KeyRange(key_range.after, middle, half),
        ]

    def _read(self, session: WriterSession, query: sql.Composed) -> tuple[Any, ...]:
        row = only_row(session.connection.execute(query))
        session.connection.commit()
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
