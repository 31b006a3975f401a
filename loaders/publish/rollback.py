"""Takes back what was published: exactly the rows that nobody has touched since, children first (P13)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg

from loaders.console import meter, print_json, print_table
from loaders.database import connect
from loaders.errors import ExitCode, RefusedError, ServiceError
from loaders.failpoints import failpoint
from loaders.publish.engine import require_ledger
from loaders.publish.faults import describe
from loaders.publish.interrupt import Interrupt
from loaders.publish.runs import writing_run
from loaders.publish.session import WriterSession
from loaders.publish.undo import PublishedBatch, Undo, UndoTarget, read_undo_target
from loaders.settings import Settings


@dataclass
class RollbackReport:
    """Rows by (table, mode) taken back, by (table, reason, referring column) left; `run_id` None: a dry run."""

    run_id: int | None
    undone: Counter[tuple[str, str]] = field(default_factory=Counter)
    refused: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    batches: int = 0

    @property
    def exit_code(self) -> ExitCode:
        """LOSS when rows were left in place."""
        return ExitCode.LOSS if self.refused else ExitCode.CLEAN

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

    def show(self, *, as_json: bool) -> None:
        """Print the report on stdout."""
        if as_json:
            print_json(self.as_json())
            return
        title = "Dry run: what dtx rollback would do" if self.run_id is None else f"Rolled back by run {self.run_id}"
        lines: list[tuple[object, ...]] = [
            (table, "deleted again" if mode == "insert" else "restored", rows, "")
            for (table, mode), rows in sorted(self.undone.items())
        ]
        lines += [
            (table, f"left in place: {reason}", rows, by) for (table, reason, by), rows in sorted(self.refused.items())
        ]
        if not self.batches:
            lines.append(("", "nothing to roll back: no committed batch", 0, ""))
        print_table(title, ("table", "what", "rows", "referenced by"), lines)


def committed_batches(connection: psycopg.Connection, run_id: int | None, batch_id: int | None) -> list[PublishedBatch]:
    """The batches of a run, or one batch, that are not rolled back yet; the last first, so that children go first.

    Raises:
        RefusedError: the ledger knows no such run or batch.
    """
    table, value = ("run", run_id) if run_id is not None else ("batch", batch_id)
    if connection.execute(f"select from migration.{table} where {table}_id = %s", [value]).fetchone() is None:
        raise RefusedError(f"the ledger knows no {table} {value}", hint=f"migration.{table} lists them.")
    rows = connection.execute(
        "select batch_id, target_table, mode, columns, shared_columns, rows_published from migration.batch "
        f"where {table}_id = %s and state = 'committed' order by batch_id desc",
        [value],
    ).fetchall()
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
        RefusedError: unknown run or batch, another writer holds the lock, or the target lost what was published.
        ServiceError: the server is out of reach or failed for longer than the retries last.
        KeyboardInterrupt: `interrupt` asked; batches that were rolled back stay so.
    """
    session = WriterSession(lambda: connect(settings, "rollback"), interrupt)
    report = RollbackReport(None)
    try:
        require_ledger(session.connection)
        if not dry_run:
            session.lock()
        batches = committed_batches(session.connection, run_id, batch_id)
        targets = {
            name: read_undo_target(session.connection, name) for name in {batch.target_table for batch in batches}
        }
        session.connection.rollback()
        if dry_run:
            _rehearse(session, batches, targets, report)
            return report
        with writing_run(session, "rollback", report.as_json) as new_run:
            report.run_id = new_run
            _take_back(session, batches, targets, report)
        return report
    except psycopg.Error as error:
        raise ServiceError(
            f"the rollback failed with {describe(error)}; what was taken back before stays so",
            hint="Put that right, then run the same command again to go on where it stopped.",
        ) from None
    finally:
        session.close()


def _take_back(
    session: WriterSession,
    batches: Sequence[PublishedBatch],
    targets: dict[str, UndoTarget],
    report: RollbackReport,
) -> None:
    with meter("rolling back", sum(batch.rows for batch in batches), "rows") as progress:
        for batch in batches:
            failpoint("rollback.between_batches")
            session.interrupt.check()
            undo = Undo(session, batch, targets[batch.target_table], scope=None)
            outcome = session.attempt(undo.run, undo.recall)
            _count(report, batch, outcome.undone, outcome.refused)
            progress.advance(batch.rows)


def _rehearse(
    session: WriterSession,
    batches: Sequence[PublishedBatch],
    targets: dict[str, UndoTarget],
    report: RollbackReport,
) -> None:
    scope = [batch.batch_id for batch in batches]
    for batch in batches:
        session.interrupt.check()
        outcome = Undo(session, batch, targets[batch.target_table], scope).rehearse()
        _count(report, batch, outcome.undone, outcome.refused)


def _count(report: RollbackReport, batch: PublishedBatch, undone: int, refused: Counter[tuple[str, str]]) -> None:
    report.batches += 1
    report.undone[batch.target_table, batch.mode] += undone
    for (reason, by), rows in refused.items():
        report.refused[batch.target_table, reason, by] += rows
