"""The report by component: parts that are the whole, and the first load's figures beside them."""

from __future__ import annotations

from typing import Any

import pytest
from typer.testing import CliRunner

from loaders.cli import app
from loaders.components.command import as_document
from loaders.components.figures import Component, components
from loaders.components.links import LINKS, LinkCheck
from loaders.errors import RefusedError
from loaders.reconcile.outcomes import Count
from loaders.reconcile.report import TableReport
from loaders.systems import DISPATCH, VARIABLE

TABLES = [
    {"source_table": "junction", "component": "template_products"},
    {"source_table": "lookup", "component": ""},
    {"source_table": "message", "component": "notifications"},
]
FIRST = [
    {
        "component": "template_products",
        "source_table": "junction",
        "selected_rows": "8",
        "published_rows": "4",
        "option": "course_key",
    }
]
OPTIONS = {("junction", "course_key"): {"publish": 4, "reject": 4, "skip": 2}, ("junction", "other"): {"publish": 9}}


def report(table: str, rows: int, *counts: tuple[str, str, int]) -> TableReport:
    return TableReport("dispatch", table, "", rows, 0, tuple(Count(*count) for count in counts), ())


def judged(*counts: tuple[str, str, int], rows: int = 10) -> Component:
    reports = [report("junction", rows, *counts), report("message", 1, ("publish", "mapped", 1))]
    found, _ = components(TABLES, reports, FIRST, OPTIONS)
    return found


def test_a_row_is_left_out_published_rejected_or_unexplained() -> None:
    found = judged(
        ("publish", "mapped", 3), ("publish", "derived", 1), ("reject", "gone", 2), ("skip", "unwanted", 3),
        ("unexplained", "not_published", 1),
    )  # fmt: skip
    assert (found.left_out, found.published, found.rejected) == ({"unwanted": 3}, 4, {"gone": 2})
    assert (found.unexplained, found.selected, found.rate) == ({"not_published": 1}, 7, 4 / 7)
    assert found.adds_up
    assert not found.is_clean


def test_parts_that_are_not_the_whole_are_no_clean_report() -> None:
    short = judged(("publish", "mapped", 9))
    assert not short.adds_up
    assert not as_document([short], [])["clean"]
    assert as_document([judged(("publish", "mapped", 10))], [])["clean"]


def test_nothing_selected_has_no_rate() -> None:
    assert judged(("skip", "unwanted", 10)).rate is None


def test_the_first_load_stands_beside_what_its_option_gives_now() -> None:
    first = judged(("publish", "mapped", 10)).first_load
    assert first is not None
    assert (first.selected, first.published, first.rate) == (8, 4, 0.5)
    assert (first.selected_under_option, first.published_under_option) == (8, 4)


@pytest.mark.parametrize(("fault", "is_right"), [({}, True), ({"orphans": 1}, False), ({"wrong": 1}, False)])
def test_a_link_is_right_when_it_leads_to_the_row_that_is_named(fault: dict[str, Any], is_right: bool) -> None:
    figures = {"rows": 5, "linked": 3, "none_named": 1, "unresolved": 1, "orphans": 0, "wrong": 0, **fault}
    check = LinkCheck(LINKS[0], **figures)
    assert check.is_right is is_right
    assert as_document([], [check])["clean"] is is_right


def test_dtx1_has_no_components(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "")
    refused = CliRunner().invoke(app, ["components"]).exception
    assert isinstance(refused, RefusedError)
    assert DISPATCH.command in (refused.hint or "")
