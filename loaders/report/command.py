"""`dtx report`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from loaders.console import print_json, print_table
from loaders.decisions.command import collect_what_if
from loaders.decisions.document import verdict
from loaders.errors import ExitCode, MigrationError
from loaders.ledger.code_version import code_version
from loaders.preflight.examination import examine_all
from loaders.preflight.report import as_document as preflight_document
from loaders.reconcile.command import judge
from loaders.reconcile.report import as_document as reconcile_document
from loaders.rejects.command import collect_rejects
from loaders.report.page import write_page
from loaders.report.render import render
from loaders.settings import Settings, load_settings
from loaders.setup.options import JsonOption, ManifestOption

SCHEMA = "dtx.report/1"
_STATES: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "reconcile": lambda part: "clean" if part["clean"] else "LOSS OR DRIFT",
    "preflight": lambda part: f"{len(part['findings']) + len(part['catalogue']['findings']):,} findings",
    "what_if": lambda part: f"{len(part['decisions']):,} decisions",
    "rejects": lambda part: f"{sum(each['rejects'] for each in part['rejects']):,} rejects",
}


def report_command(
    out: Annotated[Path, typer.Option("--out", metavar="FILE", dir_okay=False, help="The page to write.")],
    manifest: ManifestOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write one HTML page: every row's fate, the decisions in force, the rejects and their remedies, the preflight.

    Reads only. Exit code 1: loss or drift; 2 or 3: a part could not be collected, the page says which and why.
    """
    settings = load_settings()
    report, exit_code = collect_report(settings, manifest or settings.system.manifest)
    write_page(out, render(report))
    if as_json:
        print_json(report)
    else:
        print_table(f"Report {out}", ("part", "state"), _states(report))
    raise typer.Exit(exit_code)


def collect_report(settings: Settings, manifest_path: Path) -> tuple[dict[str, Any], ExitCode]:
    """Collect the page's parts; one that cannot be collected is its problem and remedy instead.

    Args:
        settings: as for reconcile and preflight.
        manifest_path: dbt's manifest.

    Returns:
        The document `dtx.report/1`; and the first failed part's exit code, or the verdict.
    """
    collectors: Mapping[str, Callable[[], Mapping[str, Any]]] = {
        "reconcile": lambda: reconcile_document(judge(settings)),
        "preflight": lambda: preflight_document(examine_all(settings, manifest_path, applies_source_changes=False)),
        "what_if": lambda: collect_what_if(settings),
        "rejects": lambda: collect_rejects(settings, manifest_path),
    }
    report: dict[str, Any] = {
        "schema": SCHEMA,
        "generated_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "code_version": code_version(),
        "environment": settings.environment,
        "target": f"{settings.target_host}:{settings.target_port}/{settings.target_database}",
    }
    failures = []
    for part, collect in collectors.items():
        try:
            report[part] = collect()
        except MigrationError as error:
            report[part] = {"problem": str(error), "what_to_do": error.hint}
            failures.append(error.exit_code)
    if failures:
        return report, failures[0]
    has_loss = not report["reconcile"]["clean"] or verdict(report["what_if"]) is ExitCode.LOSS
    return report, ExitCode.LOSS if has_loss else ExitCode.CLEAN


def _states(report: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [
        (part, report[part]["problem"] if "problem" in report[part] else state(report[part]))
        for part, state in _STATES.items()
    ]
