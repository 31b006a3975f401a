"""What is done about an object, from what is wanted, what is there and what was applied last."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from loaders.metabase.diff import BY_HAND, WRITES, Change, Choices, Difference, changes, unequal
from loaders.metabase.objects import Found, Line, Wanted

OLD, NEW, HAND = {"name": "old"}, {"name": "new"}, {"name": "by hand"}


def change(
    wanted: dict[str, Any] | None,
    found: dict[str, Any] | None,
    applied: dict[str, Any] | str | None,
    *,
    is_made: bool = True,
    **choices: bool,
) -> Change:
    """`applied` is "begun" for a line without fields, None for no line."""
    key = "question:1"
    lines = {} if applied is None else {key: Line(key, "question", 7, None, None if applied == "begun" else applied)}  # type: ignore[arg-type]
    (only,) = changes(
        [] if wanted is None else [Wanted(key, "question", "Q", wanted)],
        {} if found is None else {key: Found(7, None, found)},
        lines,
        Choices(**choices),
        is_made=is_made,
    )
    return only


@pytest.mark.parametrize(
    ("wanted", "found", "applied", "action"),
    [
        (NEW, None, None, "create"),
        (NEW, None, "begun", "create"),
        (NEW, NEW, NEW, "leave"),
        (NEW, NEW, None, "record"),
        (NEW, NEW, "begun", "record"),
        (NEW, NEW, OLD, "record"),
        (NEW, OLD, OLD, "update"),
        (NEW, OLD, "begun", "update"),
        (NEW, HAND, NEW, "edited"),
        (NEW, HAND, OLD, "edited"),
        (NEW, HAND, None, "edited"),
        (NEW, None, OLD, "deleted"),
        (None, OLD, OLD, "removed"),
        (None, None, OLD, "forget"),
        (None, {"archived": True}, OLD, "forget"),
    ],
)
def test_each_case_has_its_action(wanted: Any, found: Any, applied: Any, action: str) -> None:
    assert change(wanted, found, applied).action == action


@pytest.mark.parametrize(
    ("wanted", "found", "applied", "action"),
    [
        (NEW, HAND, NEW, "update"),
        (NEW, HAND, None, "update"),
        (NEW, None, OLD, "create"),
        (NEW, NEW, NEW, "leave"),
    ],
)
def test_edits_are_overwritten_only_where_that_was_asked_for(
    wanted: Any, found: Any, applied: Any, action: str
) -> None:
    assert change(wanted, found, applied, overwrite_edits=True).action == action


def test_what_the_catalogue_lost_is_archived_only_where_that_was_asked_for() -> None:
    assert change(None, OLD, OLD).action == "removed"
    assert change(None, OLD, OLD, archive_removed=True).action == "archive"


def test_what_metabase_has_anyway_is_set_the_first_time_and_guarded_later() -> None:
    assert change(NEW, OLD, None, is_made=False).action == "update"
    assert change(NEW, HAND, NEW, is_made=False).action == "edited"
    assert change(None, OLD, OLD, is_made=False, archive_removed=True).action == "forget"


def test_fields_that_nobody_asks_about_do_not_count() -> None:
    assert change(NEW, {**NEW, "updated_at": "later"}, NEW).action == "leave"


def test_only_the_edited_field_decides_not_one_that_the_catalogue_changed() -> None:
    applied = {"name": "old", "description": "d"}
    assert change({"name": "new", "description": "d"}, applied, applied).action == "update"
    assert change({"name": "new", "description": "d"}, {**applied, "description": "hand"}, applied).action == "edited"
    # Somebody made by hand the same change as the catalogue.
    assert change({"name": "new", "description": "e"}, {**applied, "name": "new"}, applied).action == "update"


def test_without_choices_no_edit_is_ever_written_over() -> None:
    for found, applied in itertools.product((HAND, None), (NEW, OLD)):
        assert not change(NEW, found, applied).writes


def test_writes_and_edits_are_told_apart() -> None:
    assert not WRITES & BY_HAND


def test_differences_lead_to_the_smallest_part() -> None:
    actual = {"a": {"x": 1, "y": [1, 2]}, "b": 1, "more": 5}
    assert unequal(actual, {"a": {"x": 1, "y": [2, 1]}, "b": 1, "c": None}) == (
        Difference("a > y", [1, 2], [2, 1]),
        Difference("c", "(absent)", None),
    )
    assert unequal({"a": {"x": 1, "gone": 2}}, {"a": {"x": 1}}) == (Difference("a > gone", 2, "(absent)"),)
