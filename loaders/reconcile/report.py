"""The reconcile report: one shape for people and for machines, and the verdict that both end in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from loaders.console import print_json, print_table, stdout
from loaders.errors import ExitCode
from loaders.reconcile.archives import ArchivedFile
from loaders.reconcile.outcomes import Count
from loaders.systems import SYSTEMS

SCHEMA = "dtx.reconcile/1"


@dataclass(frozen=True)
class Finding:
    """Something that keeps the verdict from being clean.

    `keys` are source keys (or target ids, as `what` says); at most ten, `rows` says how many there are.
    """

    what: str
    rows: int
    keys: tuple[str, ...]
    what_to_do: str


@dataclass(frozen=True)
class TableReport:
    """What became of one source table's rows; `archive` is the newest verified file that holds them all."""

    system: str
    table: str
    as_of: str
    source_rows: int
    checked_target_rows: int
    counts: tuple[Count, ...]
    findings: tuple[Finding, ...]
    archive: ArchivedFile | None = None

    @property
    def unexplained(self) -> int:
        """Rows without a proven disposition."""
        return sum(count.rows for count in self.counts if count.disposition == "unexplained")

    @property
    def accounted(self) -> int:
        """Rows with a proven disposition."""
        return sum(count.rows for count in self.counts if count.disposition != "unexplained")

    @property
    def clean(self) -> bool:
        """Every source row has a proven disposition, and nothing else was found (reliability R1, R6)."""
        return not self.findings and self.unexplained == 0 and self.accounted == self.source_rows > 0


def verdict(reports: Sequence[TableReport]) -> ExitCode:
    """The exit code: clean only when there is a table, and each is clean (reliability R4, R6)."""
    return ExitCode.CLEAN if reports and all(report.clean for report in reports) else ExitCode.LOSS


def as_document(reports: Sequence[TableReport]) -> dict[str, Any]:
    """The machine form; docs/reconcile.md describes it. No clock in it: the same ledger gives the same bytes (R6)."""
    return {
        "schema": SCHEMA,
        "clean": verdict(reports) == ExitCode.CLEAN,
        "tables": [
            {
                "system": report.system,
                "table": report.table,
                "as_of": report.as_of,
                "source_rows": report.source_rows,
                "dispositions": [
                    {"disposition": count.disposition, "reason_code": count.reason_code, "rows": count.rows}
                    for count in report.counts
                    if count.disposition != "unexplained"
                ],
                "unexplained": report.unexplained,
                "checked_target_rows": report.checked_target_rows,
                "archive": None if report.archive is None else asdict(report.archive),
                "findings": [asdict(finding) for finding in report.findings],
            }
            for report in reports
        ],
    }


def show(reports: Sequence[TableReport], *, as_json: bool) -> None:
    """Print the report: JSON for machines, else a table by disposition and reason, then findings, then the verdict."""
    if as_json:
        print_json(as_document(reports))
        return
    print_table(
        "What became of every source row",
        ("table", "disposition", "reason", "rows"),
        [
            (report.table, count.disposition, count.reason_code, count.rows)
            for report in reports
            for count in report.counts
        ],
    )
    is_archived = any(SYSTEMS[report.system].is_archived for report in reports)
    print_table(
        "Source rows = sum of dispositions",
        (
            *("table", "as of (UTC)", "source rows", "accounted", "unexplained", "target rows"),
            *(("archived",) if is_archived else ()),
            "verdict",
        ),
        [
            (
                report.table,
                report.as_of,
                report.source_rows,
                report.accounted,
                report.unexplained,
                report.checked_target_rows,
                *(("NO" if report.archive is None else report.archive.rows,) if is_archived else ()),
                "clean" if report.clean else "LOSS OR DRIFT",
            )
            for report in reports
        ],
    )
    findings = [(report.table, finding) for report in reports for finding in report.findings]
    if findings:
        print_table(
            "Findings",
            ("table", "finding", "rows", "keys (first ten)", "what to do"),
            [(table, each.what, each.rows, ", ".join(each.keys), each.what_to_do) for table, each in findings],
        )
    if not reports:
        stdout.print("Nothing was checked: no table has been replicated.")
