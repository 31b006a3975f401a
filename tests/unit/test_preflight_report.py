"""The order of preflight models, and an examination as a document and as tables."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from loaders.decisions.register import Decision
from loaders.errors import ServiceError
from loaders.preflight.examination import Examination, HeldDecision, SourceCheck
from loaders.preflight.models import Answer, in_order
from loaders.preflight.report import SHOWN_ROWS, as_document, show
from loaders.publish.contract import PreflightMeta, PreflightModel, Relation
from loaders.publish.findings import Finding
from loaders.systems import DISPATCH, DTX1, System

OK = {"effect": "ok", "blocks": None, "what_to_do": "Nothing."}
ATTENTION = {"effect": "attention", "blocks": "D11-7", "what_to_do": "Look at the rows."}
HOLDS = {"effect": "holds", "blocks": "D11-7", "what_to_do": "Say what it means."}
UNTOUCHED = SourceCheck(DTX1, 22, 369, (), None)


def model(id_: str, source_table: str = "exemption") -> PreflightModel:
    meta = PreflightMeta(id=id_, question="Which?", source_table=source_table)
    return PreflightModel("pre_dtx1__which", Relation("migration_preflight", "pre_dtx1__which"), meta)


def answer(*rows: dict[str, Any], id_: str = "P11-5") -> Answer:
    return Answer(model(id_), tuple(rows[0]) if rows else (), rows)


def examination(*answers: Answer, findings: tuple[Finding, ...] = (), source: SourceCheck = UNTOUCHED) -> Examination:
    decided = Decision("D11-5", "form_field", ("archive",), (), "archive", "decided", None, None, None)
    still_open = Decision("D11-6", "keyword", ("archive",), (), "archive", "open", None, None, None)
    held = (HeldDecision(decided, ("pub_a",)), HeldDecision(still_open, ("pub_b", "pub_c")))
    return Examination(findings, source, held, answers)


def test_models_come_in_the_order_of_their_ids() -> None:
    ids = ("R5", "P12-10", "P12-2", "P11-4", "M1", "D11-8")

    assert [each.meta.id for each in in_order(model(id_) for id_ in ids)] == [
        "P11-4",
        "P12-2",
        "P12-10",
        "D11-8",
        "M1",
        "R5",
    ]


@pytest.mark.parametrize(
    ("found", "is_held"),
    [
        (examination(answer({"n": 1, **ATTENTION})), False),
        (examination(answer({"n": 1, **HOLDS})), True),
        (examination(findings=(Finding("rejects", "pub_a", "a.b", "too long"),)), False),
        (examination(findings=(Finding("holds", "pub_a", "D11-6", "open"),)), True),
        (examination(source=SourceCheck(DTX1, 22, 370, (Finding("holds", "", "a.b", "is new"),), None)), True),
        (examination(source=SourceCheck(DTX1, 22, 370, (Finding("note", "", "a.b", "may be NULL"),), None)), False),
    ],
)
def test_r4_what_holds_is_refused_and_what_wants_attention_is_not(found: Examination, is_held: bool) -> None:
    assert found.is_held is is_held


def test_the_document_has_every_row_and_says_whether_the_source_was_asked() -> None:
    rows = [{"value": "9999-12-31", "percent": Decimal("0.10"), **ATTENTION} for _ in range(SHOWN_ROWS + 5)]
    lost = SourceCheck(DTX1, 0, 0, (), ServiceError("the legacy server failed"))

    document = json.loads(json.dumps(as_document(examination(answer(*rows), source=lost)), default=str))

    assert document["schema"] == "dtx.preflight/2"
    assert (document["catalogue"]["checked"], document["catalogue"]["error"]) == (False, "the legacy server failed")
    (found,) = document["models"]
    assert len(found["rows"]) == SHOWN_ROWS + 5
    assert found["effects"] == {"holds": 0, "attention": SHOWN_ROWS + 5, "ok": 0}
    assert found["rows"][0] == {"value": "9999-12-31", "percent": "0.10", **ATTENTION}
    assert {d["decision_id"]: d["holds"] for d in document["decisions"]} == {"D11-5": [], "D11-6": ["pub_b", "pub_c"]}


def test_long_lists_are_cut_and_what_holds_comes_first(capsys: pytest.CaptureFixture[str]) -> None:
    long = answer(*({"customer_id": str(1000 + n), "row_count": 12345, **OK} for n in range(SHOWN_ROWS + 3)))
    held = answer({"value": "9999-12-31", "row_count": 400, **HOLDS}, id_="M1")
    none = answer(id_="R5")

    show(examination(long, held, none))

    printed = capsys.readouterr().out
    assert printed.index("M1: Which? 1 hold") < printed.index("P11-5: Which? 15 in order") < printed.index("R5")
    assert "  and 3 more in migration_preflight.pre_dtx1__which\n" in printed
    assert " 1011 " in printed
    assert " 1012 " not in printed
    assert " 12,345 " in printed
    assert "  holds (1, D11-7): Say what it means.\n" in printed
    assert "Nothing." not in printed
    assert "Findings: 0 block, 0 hold. Rows: 1 hold their table (exemption), 0 to look at.\n" in printed


@pytest.mark.parametrize(("system", "title"), [(DTX1, "DTX 1.0"), (DISPATCH, "The dispatch system")])
def test_the_source_is_called_by_its_name(capsys: pytest.CaptureFixture[str], system: System, title: str) -> None:
    show(examination(source=SourceCheck(system, 26, 240, (), None)))
    show(examination(source=SourceCheck(system, 0, 0, (), ServiceError("the legacy server failed"))))

    printed = capsys.readouterr().out
    assert f"{title}, 26 tables, 240 columns" in printed
    assert f"{title}'s columns were not compared" in printed


def test_x1_a_value_neither_steers_the_terminal_nor_becomes_markup(capsys: pytest.CaptureFixture[str]) -> None:
    show(examination(answer({"item_name": "\x1b[31mred[/] [bold]x", **ATTENTION})))

    printed = capsys.readouterr().out
    assert "\x1b" not in printed
    assert "\\x1b[31mred[/] [bold]x" in printed


def test_the_decision_that_is_open_says_what_it_holds(capsys: pytest.CaptureFixture[str]) -> None:
    show(examination())

    lines = capsys.readouterr().out.splitlines()
    (decided,) = [line for line in lines if "D11-5" in line]
    (still_open,) = [line for line in lines if "D11-6" in line]
    assert "pub_a" not in decided
    assert "pub_b, pub_c" in still_open
