"""The page made of the commands' documents: what it says, and that no value in them can act."""

from __future__ import annotations

import re
from typing import Any

import pytest
from page_support import Page

from loaders.report.render import render

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>\" ' onclick=x {{ 7*7 }} </style> \x1b[31m\u202e"


def table(name: str = "exemption", **changes: Any) -> dict[str, Any]:
    return {
        "system": "dtx1",
        "table": name,
        "as_of": "2026-01-02 03:04:05.678+00:00",
        "source_rows": 5128407,
        "dispositions": [
            {"disposition": "reject", "reason_code": "record_absent", "rows": 7},
            {"disposition": "publish", "reason_code": "mapped", "rows": 5128400},
        ],
        "unexplained": 0,
        "checked_target_rows": 5128400,
        "findings": [],
        **changes,
    }


def option(name: str, *, is_chosen: bool, rolled_back: int = 0) -> dict[str, Any]:
    return {
        "option": name,
        "is_chosen": is_chosen,
        "tables": [
            {
                "source_table": "keyword",
                "source_rows": 9,
                "outcomes": [
                    {"disposition": "update", "reason_code": "mapped", "rows": 4},
                    {"disposition": "skip", "reason_code": "duplicate_value", "rows": 5},
                ],
            }
        ],
        "published": [
            {"source_table": "keyword", "target_table": "public.meta", "may_stay": 0, "to_roll_back": rolled_back}
        ],
        "rollback": ["dtx rollback --run 12"] if rolled_back else [],
    }


def report(*tables: dict[str, Any], clean: bool = True, value: str = "plain", **parts: Any) -> dict[str, Any]:
    """A report in which `value` stands wherever a text stands."""
    return {
        "schema": "dtx.report/1",
        "generated_at": "2026-01-02T04:00:00+00:00",
        "code_version": value,
        "environment": value,
        "target": value,
        "reconcile": {"schema": "dtx.reconcile/1", "clean": clean, "tables": list(tables)},
        "preflight": {
            "schema": "dtx.preflight/2",
            "findings": [
                {"effect": value, "model": value, "where": value, "problem": value, "what_to_do": value, "rows": None}
            ],
            "catalogue": {
                "error": value,
                "findings": [
                    {"effect": "note", "model": "", "where": value, "problem": value, "what_to_do": value, "rows": 7}
                ],
            },
            "models": [
                {
                    "id": value,
                    "question": value,
                    "source_table": value,
                    "relation": value,
                    "effects": {"holds": 1, "attention": 23, "ok": 456},
                    "rows": [{"effect": "holds", "item_name": "value of a row"}],
                }
            ],
        },
        "what_if": {
            "schema": "dtx.what_if/1",
            "decisions": [
                {
                    "decision_id": "D-6",
                    "subject": value,
                    "status": "provisional",
                    "chosen": value,
                    "decided_by": value,
                    "decided_on": None,
                    "text": value,
                    "source_tables": ["keyword"],
                    "options": [option(value, is_chosen=True, rolled_back=3), option("archive", is_chosen=False)],
                    "refused_options": [value],
                }
            ],
        },
        "rejects": {
            "schema": "dtx.rejects/1",
            "rejects": [
                {
                    "source_table": value,
                    "stage": value,
                    "reason_code": value,
                    "column_name": value,
                    "rejects": 1211,
                    "source_rows": 7,
                    "meaning": value,
                    "what_to_do": value,
                }
            ],
            "seeds": [
                {
                    "seed_file": value,
                    "columns": [{"column": value, "description": value, "is_required": True, "choices": [value]}],
                    "lines": [{"line": value, "rejects": 2}],
                    "unusable": [{"line": value, "rejects": 1, "problem": value}],
                    "further_lines": 4,
                    "further_rejects": 5,
                }
            ],
            "stale_models": [{"model": value, "problem": value}],
        },
        **parts,
    }


def test_x1_hostile_values_are_text_and_nothing_else() -> None:
    finding = {"what": HOSTILE, "rows": 1, "keys": [HOSTILE], "what_to_do": HOSTILE}
    dispositions = [{"disposition": "publish", "reason_code": HOSTILE, "rows": 2}]
    hostile = table(HOSTILE, source_rows=3, unexplained=1, dispositions=dispositions, findings=[finding])
    benign = render(report(table(source_rows=3, unexplained=1, dispositions=dispositions, findings=[finding])))

    page = render(report(hostile, clean=False, value=HOSTILE))

    assert [name for name, _ in Page(page).elements] == [name for name, _ in Page(benign).elements]
    attributes = {key for _, found in Page(page).elements for key in found}
    assert attributes <= {
        *("lang", "charset", "name", "content", "http-equiv", "class", "id", "style", "scope", "colspan"),
        *("role", "tabindex", "data-label", "aria-hidden", "aria-labelledby"),
    }
    assert "49" not in Page(page).text
    assert "value of a row" not in page
    assert "\x1b" not in page
    assert "\u202e" not in page
    assert Page(page).text.count("<script>alert(1)</script>") > 25


def test_the_page_needs_nothing_else() -> None:
    page = render(report(table()))
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    assert ("meta", {"http-equiv": "Content-Security-Policy", "content": policy}) in Page(page).elements
    assert {name for name, _ in Page(page).elements}.isdisjoint({"script", "link", "img", "iframe", "a", "form"})
    assert re.search(r"url\(|@import|https?:", page) is None


def test_r6_the_same_documents_give_the_same_bytes() -> None:
    assert render(report(table())) == render(report(table()))


def test_r1_the_figures_are_the_documents_figures_and_add_up() -> None:
    text = Page(
        render(report(table(), table("keyword", source_rows=3, dispositions=[], unexplained=3), clean=False))
    ).text
    assert "Loss or drift: 3 of 5,128,410 source rows are unexplained, 0 findings." in text
    assert "exemption clean 5,128,407 5,128,400 0 0 0 0 0 7 0 5,128,400" in text
    assert "keyword loss or drift 3 0 0 0 0 0 0 0 3" in text
    assert "All tables 5,128,410 5,128,400 0 0 0 0 0 7 3" in text
    assert "unexplained: see the findings 3 all rows of the source 3" in text


@pytest.mark.parametrize(
    ("tables", "clean", "words"),
    [
        ([table()], True, "Every one of 5,128,407 source rows is accounted for."),
        ([], False, "Nothing was checked: no table has been replicated."),
        ([table(source_rows=5128408)], True, "does not add up"),
        ([table(source_rows=5128408)], True, "Loss or drift"),
        ([table(source_rows=0, dispositions=[])], False, "Loss or drift"),
    ],
    ids=["clean", "nothing replicated", "a sum that fails", "a sum that fails is loss", "no rows is no pass"],
)
def test_r6_the_verdict_is_never_better_than_the_figures(tables: list[dict], clean: bool, words: str) -> None:
    assert words in Page(render(report(*tables, clean=clean))).text


def test_what_could_not_be_collected_says_why() -> None:
    failed = {"problem": "cannot connect to MySQL", "what_to_do": "Is the server up?"}
    parts = dict.fromkeys(("reconcile", "preflight", "what_if", "rejects"), failed)
    text = Page(render(report(**parts))).text
    assert text.count("cannot connect to MySQL") == 4
    assert "accounted for" not in text


def test_decisions_and_rejects_name_their_remedies() -> None:
    text = Page(render(report(table(), value="directory_settings"))).text
    assert "directory_settings (chosen): 4 of 9 rows move" in text
    assert "3 rows in public.meta have to be rolled back first dtx rollback --run 12" in text
    assert "directory_settings: not part of moving data" in text
    assert "complete directory_settings (one of directory_settings), then dbt build" in text


def test_every_row_of_a_table_has_its_columns() -> None:
    finding = {"what": "what", "rows": 1, "keys": ["1", "2"], "what_to_do": "look"}
    page = Page(render(report(table(findings=[finding], unexplained=1, source_rows=5128408), clean=False)))
    assert len(page.tables) == 7
    for rows in page.tables:
        assert {sum(spans) for spans in rows} == {sum(rows[0])}
    headings = [found for name, found in page.elements if name == "th"]
    assert all(found.get("scope") in ("col", "row", "rowgroup") for found in headings)


def test_an_unknown_document_is_refused() -> None:
    parts = report(table())
    parts["reconcile"]["schema"] = "dtx.reconcile/2"
    with pytest.raises(ValueError, match=r"dtx\.reconcile/2"):
        render(parts)
