"""What a publish did, or would do: one line per model, and the same as JSON (`dtx.publish/1`)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import sql

from loaders.console import print_json, print_table, stdout
from loaders.errors import ExitCode
from loaders.publish.contract import PublishContract
from loaders.publish.findings import Finding
from loaders.publish.frozen import FrozenModel
from loaders.publish.query import only_row, relation_sql

SCHEMA = "dtx.publish/1"


@dataclass
class ModelReport:
    """One model's rows: rows_in = published + updated + already_there + rejected + left.

    Attributes:
        contract: what it publishes.
        state: `published`, `nothing to do`, or why it was not (all) published.
        already_there: published by an earlier run.
        rejected: rows by (stage, reason code).
        applied: published rows that were updated from the source.
        drift: rows by what differs; they are among `already_there`, or gone from the model.
        drift_columns: rows by (what differs, column); a row counts once for each of its columns.
        left: rows that the run did not get to.
    """

    contract: PublishContract
    state: str = "nothing to do"
    rows_in: int = 0
    published: int = 0
    updated: int = 0
    already_there: int = 0
    applied: int = 0
    rejected: Counter[tuple[str, str]] = field(default_factory=Counter)
    drift: Counter[str] = field(default_factory=Counter)
    drift_columns: Counter[tuple[str, str]] = field(default_factory=Counter)
    is_held_back: bool = False
    is_over_budget: bool = False

    @property
    def left(self) -> int:
        """Rows that the run did not get to."""
        return self.rows_in - self.published - self.updated - self.already_there - self.rejected.total()

    @property
    def is_held(self) -> bool:
        """Whether the model is not published at all, or no further."""
        return self.is_held_back or self.is_over_budget

    def hold(self, finding: Finding | None) -> None:
        """Hold the model back for what a finding says, or when its gates alone spend the budget."""
        if finding is not None:
            self.is_held_back = True
            self.state = f"held: {finding.where}: {finding.problem}"
        elif self.spends_budget():
            self.is_over_budget = True
            self.state = "held: reject budget spent"

    def count_rejected(self, connection: psycopg.Connection, frozen: FrozenModel) -> None:
        """Add the gates' verdicts."""
        for stage, reason, rows in connection.execute(
            sql.SQL("select stage, reason_code, count(*) from {} group by 1, 2").format(frozen.rejected)
        ):
            self.rejected[stage, reason] += rows

    def count_drift(self, connection: psycopg.Connection, drifted: sql.Composable) -> None:
        """Count what differs anew.

        Args:
            connection: in a transaction.
            drifted: a relation with source_state, target_state and columns.
        """
        self.drift, self.drift_columns = Counter(), Counter()
        counted = sql.SQL("select source_state, target_state, columns, count(*) from {} as drifted group by 1, 2, 3")
        for source_state, target_state, columns, rows in connection.execute(counted.format(drifted)):
            name = drift_name(source_state, target_state)
            self.drift[name] += rows
            self.drift_columns.update({(name, column): rows for column in columns})

    def close(self) -> None:
        """Say what became of a model that was not held back."""
        if self.is_over_budget:
            self.state = "stopped: reject budget spent"
        elif self.published or self.updated or self.applied:
            self.state = "published"

    def expect_published(self) -> None:
        """In a dry run: count what is left as what a publish would write."""
        if self.contract.meta.mode == "insert":
            self.published = self.left
        else:
            self.updated = self.left
        if self.published or self.updated or self.applied:
            self.state = "would be published"

    def expect_applied(self, rows: int) -> None:
        """In a dry run: count drift that a publish would apply as applied."""
        self.applied = rows
        self.drift -= Counter({"source_changed": rows})
        if not self.drift["source_changed"]:
            self.drift_columns = Counter(
                {key: n for key, n in self.drift_columns.items() if key[0] != "source_changed"}
            )

    def spends_budget(self) -> bool:
        """Whether the rejects are past the model's budget."""
        return self.contract.meta.reject_budget.is_spent(self.rejected.total(), self.rows_in)

    def as_json(self) -> dict[str, Any]:
        """The report as it stands in `--json` and in the run's outcome."""
        return {
            "model": self.contract.model,
            "target_table": self.contract.meta.target_table,
            "mode": self.contract.meta.mode,
            "state": self.state,
            "rows_in": self.rows_in,
            "published": self.published,
            "updated": self.updated,
            "already_there": self.already_there,
            "rejected": [
                {"stage": stage, "reason_code": reason, "rows": rows}
                for (stage, reason), rows in sorted(self.rejected.items())
            ],
            "left": self.left,
            "source_changes_applied": self.applied,
            "drift": dict(sorted(self.drift.items())),
            "drift_columns": [
                {"what": what, "column": column, "rows": rows}
                for (what, column), rows in sorted(self.drift_columns.items())
            ],
        }


@dataclass
class PublishReport:
    """All models of a run; `run_id` is None for a dry run."""

    run_id: int | None
    models: list[ModelReport]

    @property
    def exit_code(self) -> ExitCode:
        """LOSS for drift or a spent budget, REFUSED for a model that a finding holds, else CLEAN."""
        if any(model.drift or model.is_over_budget for model in self.models):
            return ExitCode.LOSS
        if any(model.is_held_back for model in self.models):
            return ExitCode.REFUSED
        return ExitCode.CLEAN

    def as_json(self) -> dict[str, Any]:
        """The document that `--json` prints."""
        return {
            "schema": SCHEMA,
            "run_id": self.run_id,
            "dry_run": self.run_id is None,
            "exit_code": int(self.exit_code),
            "models": [model.as_json() for model in self.models],
        }

    def show(self, *, as_json: bool) -> None:
        """Print the report on stdout."""
        if as_json:
            print_json(self.as_json())
            return
        title = "Dry run: what dtx publish would do" if self.run_id is None else f"Published by run {self.run_id}"
        print_table(
            title,
            ("model", "rows in", "published", "updated", "already there", "rejected", "left", "drift", "state"),
            [
                (
                    model.contract.model,
                    model.rows_in,
                    model.published,
                    model.updated,
                    model.already_there,
                    _listed({reason: rows for (_, reason), rows in model.rejected.items()}),
                    model.left,
                    _listed(model.drift),
                    model.state,
                )
                for model in self.models
            ],
        )
        if differing := [
            (model.contract.model, what, column, rows)
            for model in self.models
            for (what, column), rows in sorted(model.drift_columns.items())
        ]:
            print_table("Drift by column", ("model", "what", "column", "rows"), differing)
        done = sum(model.published + model.updated + model.applied for model in self.models)
        if self.run_id is not None and not done:
            stdout.print("Nothing to publish: everything that may land is there already.", soft_wrap=True)


def start_report(connection: psycopg.Connection, frozen: FrozenModel) -> ModelReport:
    """Count a frozen model: rows in and already there; nothing judged or published yet."""
    report = ModelReport(frozen.contract)
    rows, pending = only_row(
        connection.execute(
            sql.SQL("select (select count(*) from {}), (select count(*) from {})").format(
                relation_sql(frozen.contract.relation), frozen.pending
            )
        )
    )
    report.rows_in, report.already_there = rows, rows - pending
    return report


def drift_name(source_state: str, target_state: str) -> str:
    """One word for a pair of states (P6, P7); what changed on both sides is a conflict."""
    names = {
        ("same", "changed"): "changed_in_target",
        ("same", "deleted"): "deleted_in_target",
        ("changed", "same"): "source_changed",
        ("gone", "same"): "source_gone",
        ("gone", "deleted"): "gone_on_both_sides",
    }
    return names.get((source_state, target_state), "conflict")


def _listed(counts: dict[str, int] | Counter[str]) -> str:
    return ", ".join(f"{name} {rows:,}" for name, rows in sorted(counts.items())) or "0"


def model_reports(reports: Sequence[ModelReport]) -> dict[str, Any]:
    """The run's outcome as the ledger keeps it."""
    return {"models": [report.as_json() for report in reports]}
