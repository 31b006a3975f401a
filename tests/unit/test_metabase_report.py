"""What a plan says: every object once, the fields that differ, and no address of anybody (X1)."""

from __future__ import annotations

import json

import pytest
from metabase_catalogue import CATALOGUE

from loaders.metabase import report
from loaders.metabase.diff import Change, Difference

EDITED = Change(
    "subscription:9",
    "subscription",
    "Accounts, weekly mon 6:00",
    "edited",
    (
        Difference("recipients", ["ann@example.com", "bob@example.com"], ["bob@example.com"]),
        Difference("schedule_hour", 7, 6),
    ),
)
CREATED = Change("question:report:1", "question", "Account Master", "create", (Difference("name", "(absent)", "x"),))
LEFT = Change("group:readers", "group", "DTX report readers", "leave")


def printed(capsys: pytest.CaptureFixture[str], *changes: Change, command: str = "plan", as_json: bool = False) -> str:
    document = report.document(command, "http://metabase.test", changes, CATALOGUE, ["Mind the gap."])
    report.show(document, changes, as_json)
    return capsys.readouterr().out


def test_the_document_names_its_shape_and_holds_what_is_to_be_done(capsys: pytest.CaptureFixture[str]) -> None:
    document = json.loads(printed(capsys, EDITED, CREATED, LEFT, as_json=True))

    assert document["schema"] == "dtx.metabase/1"
    assert document["counts"] == {"create": 1, "edited": 1, "leave": 1}
    assert [(each["key"], each["action"]) for each in document["changes"]] == [
        ("subscription:9", "edited"),
        ("question:report:1", "create"),
    ]
    assert document["changes"][0]["differences"][1] == {"field": "schedule_hour", "metabase": 7, "catalogue": 6}
    assert [each["question_key"] for each in document["questions_not_created"]] == ["report:3"]
    assert [each["schedule_id"] for each in document["schedules"]] == [10]


@pytest.mark.parametrize("as_json", [True, False])
def test_x1_no_address_is_printed(capsys: pytest.CaptureFixture[str], as_json: bool) -> None:
    text = printed(capsys, EDITED, as_json=as_json)
    assert "@" not in text
    assert "1 (0 new, 1 gone)" in text


def test_the_table_says_what_differs_and_what_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(capsys, EDITED, CREATED, LEFT)
    assert "! edited by hand" in text
    assert "schedule_hour: 7 → 6" in text
    assert "+ create" in text
    assert "SRS-Nothing" in text
    assert "no_recurrence" in text
    assert "Mind the gap." in text
    assert "DTX report readers" not in text
    assert text.splitlines()[-1] == "1 create, 1 edited, 1 leave"


def test_nothing_to_do_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys, LEFT).splitlines()[-1] == "nothing to do: 1 objects are as the catalogue says"
    assert printed(capsys, command="check").splitlines()[-1] == "nothing was edited by hand"
    assert "1 objects were edited by hand" in printed(capsys, EDITED, command="check")
