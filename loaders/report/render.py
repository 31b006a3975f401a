"""Turns the document `dtx.report/1` into one page of HTML that needs nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from loaders.report.figures import DISPOSITIONS, table_figures, total
from loaders.report.page import page_environment

_PARTS = {
    "reconcile": "dtx.reconcile/1",
    "preflight": "dtx.preflight/2",
    "what_if": "dtx.what_if/1",
    "rejects": "dtx.rejects/1",
}


def render(report: Mapping[str, Any]) -> str:
    """Render the page; the same document gives the same bytes (reliability R6).

    Args:
        report: `dtx.report/1`: `generated_at`, `code_version`, `environment`, `target`, and the four documents
            `reconcile`, `preflight`, `what_if` and `rejects`, of which each may be `{"problem", "what_to_do"}` instead.

    Raises:
        ValueError: a part has a schema that this page does not know.
    """
    for part, schema in _PARTS.items():
        if "problem" not in report[part] and report[part]["schema"] != schema:
            raise ValueError(f"{part}: {report[part]['schema']} is not {schema}")
    tables = [table_figures(table) for table in report["reconcile"].get("tables", [])]
    environment = page_environment()
    environment.filters["second"] = _second
    return environment.get_template("page.html.jinja").render(
        report=report, tables=tables, total=total(tables), dispositions=DISPOSITIONS
    )


def _second(instant: str) -> str:
    """An instant as people read it: `2026-01-02T03:04:05.6+00:00` is `2026-01-02 03:04:05 UTC`; none is `never`."""
    if not instant:
        return "never"
    return f"{datetime.fromisoformat(instant).astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
