"""The verdict of a reconcile report (reliability R1, R4, R6)."""

from __future__ import annotations

import json

import pytest

from loaders.errors import ExitCode
from loaders.reconcile.outcomes import Count
from loaders.reconcile.report import SCHEMA, Finding, TableReport, as_document, show, verdict


def report(**changes: object) -> TableReport:
    values: dict = {
        "system": "dtx1",
        "table": "exemption",
        "as_of": "2026-01-01 00:00:00+00",
        "source_rows": 3,
        "checked_target_rows": 2,
        "counts": (Count("publish", "mapped", 2), Count("skip", "superseded", 1)),
        "findings": (),
    }
    return TableReport(**{**values, **changes})


FINDING = Finding("gone", 1, ("7",), "Run it again.")


@pytest.mark.parametrize(
    ("reports", "expected"),
    [
        pytest.param([report()], ExitCode.CLEAN, id="every row proven"),
        pytest.param([], ExitCode.LOSS, id="nothing was checked"),
        pytest.param([report(source_rows=0, counts=())], ExitCode.LOSS, id="a table with no rows is no pass"),
        pytest.param([report(source_rows=4)], ExitCode.LOSS, id="one row more than dispositions"),
        pytest.param([report(source_rows=2)], ExitCode.LOSS, id="one row fewer than dispositions"),
        pytest.param([report(findings=(FINDING,))], ExitCode.LOSS, id="a finding"),
        pytest.param(
            [report(counts=(Count("publish", "mapped", 2), Count("unexplained", "no_disposition", 1)))],
            ExitCode.LOSS,
            id="one row unexplained",
        ),
        pytest.param([report(), report(source_rows=9)], ExitCode.LOSS, id="one table of two"),
    ],
)
def test_r4_verdict(reports: list[TableReport], expected: ExitCode) -> None:
    assert verdict(reports) == expected
    assert as_document(reports)["clean"] == (expected == ExitCode.CLEAN)


def test_document_separates_unexplained_from_dispositions() -> None:
    counts = (Count("publish", "mapped", 2), Count("unexplained", "no_disposition", 1))
    document = as_document([report(counts=counts)])
    (table,) = document["tables"]
    assert document["schema"] == SCHEMA == "dtx.reconcile/1"
    assert table["unexplained"] == 1
    assert [each["disposition"] for each in table["dispositions"]] == ["publish"]
    assert sum(each["rows"] for each in table["dispositions"]) + table["unexplained"] == table["source_rows"]


def test_json_goes_to_stdout_alone(capsys: pytest.CaptureFixture[str]) -> None:
    show([report(findings=(FINDING,))], as_json=True)
    captured = capsys.readouterr()
    assert json.loads(captured.out)["tables"][0]["findings"][0]["keys"] == ["7"]
    assert captured.err == ""


def test_table_names_each_finding_and_its_remedy(capsys: pytest.CaptureFixture[str]) -> None:
    show([report(findings=(FINDING,))], as_json=False)
    out = capsys.readouterr().out
    assert "gone" in out
    assert "Run it again." in out
    assert "LOSS OR DRIFT" in out


@pytest.mark.parametrize(("system", "is_archived"), [("dtx1", True), ("dispatch", False)])
def test_the_archive_is_missed_only_where_one_is_required(
    capsys: pytest.CaptureFixture[str], system: str, is_archived: bool
) -> None:
    show([report(system=system)], as_json=False)
    out = capsys.readouterr().out
    assert ("archived" in out) is is_archived
    assert ("NO" in out) is is_archived
