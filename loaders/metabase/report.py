"""What people and machines read of a plan, an apply and a check."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from rich.text import Text

from loaders.console import print_json, print_table, stdout, visible
from loaders.metabase.catalogue import Catalogue
from loaders.metabase.diff import Change, Difference

SCHEMA = "dtx.metabase/1"
_LONGEST_VALUE = 160

_SHOWN = {
    "create": ("+ create", "green"),
    "update": ("~ update", "yellow"),
    "record": ("= record", "dim"),
    "edited": ("! edited by hand", "bold magenta"),
    "deleted": ("! deleted by hand", "bold magenta"),
    "removed": ("? not in the catalogue", "cyan"),
    "archive": ("- archive", "red"),
    "forget": ("- forget", "dim"),
}


def document(
    command: str, metabase_url: str, changes: Sequence[Change], catalogue: Catalogue, warnings: Iterable[str]
) -> dict[str, Any]:
    """The JSON document `dtx.metabase/1`.

    Args:
        command: `plan`, `apply` or `check`.
        metabase_url: of which Metabase.
        changes: of all kinds, in the order of their writing.
        catalogue: for what it says is not created.
        warnings: sentences.
    """
    return {
        "schema": SCHEMA,
        "command": command,
        "metabase_url": metabase_url,
        "counts": dict(sorted(Counter(change.action for change in changes).items())),
        "changes": [
            {
                "key": change.key,
                "kind": change.kind,
                "name": change.label,
                "action": change.action,
                "differences": [
                    {"field": each.path, "metabase": each.actual, "catalogue": each.wanted}
                    for each in map(_without_addresses, change.differences)
                ],
            }
            for change in changes
            if change.action != "leave"
        ],
        "questions_not_created": [
            {"question_key": each.question_key, "name": each.name, "missing_fields": list(each.missing_fields)}
            for each in catalogue.questions
            if each.coverage == "none"
        ],
        "schedules": [
            {
                "schedule_id": each.schedule_id,
                "outcome": each.outcome,
                "reason_code": each.reason_code,
                "what_to_do": each.what_to_do,
            }
            for each in catalogue.schedules
            if each.outcome != "subscribe"
        ],
        "warnings": list(warnings),
    }


def show(result: dict[str, Any], changes: Sequence[Change], as_json: bool) -> None:
    """Print the document, or its tables."""
    if as_json:
        print_json(result)
        return
    shown = [change for change in changes if change.action in _SHOWN]
    if shown:
        title = {"plan": "What would change", "apply": "What was done", "check": "Edited by hand"}[result["command"]]
        print_table(title, ("what", "kind", "name", "differences"), [_row(change) for change in shown])
    if result["command"] == "plan":
        _show_left_out(result)
    for warning in result["warnings"]:
        stdout.print(f"warning: {visible(warning)}", soft_wrap=True, markup=False)
    stdout.print(_summary(result, len(shown)), soft_wrap=True, markup=False)


def _row(change: Change) -> tuple[object, ...]:
    words, style = _SHOWN[change.action]
    # All fields of a new object differ from nothing; its name says enough.
    listed = [] if change.action == "create" else change.differences
    return Text(words, style), change.kind, change.label, Text("\n".join(map(_difference, listed)))


def _without_addresses(difference: Difference) -> Difference:
    """People's addresses stay out of every output (X1): how many there are, come and go says what matters."""
    if difference.path != "recipients":
        return difference
    actual = set(difference.actual) if isinstance(difference.actual, list) else set()
    wanted = set(difference.wanted)
    come, go = len(wanted - actual), len(actual - wanted)
    return Difference(difference.path, f"{len(actual)} addresses", f"{len(wanted)} ({come} new, {go} gone)")


def _difference(difference: Difference) -> str:
    difference = _without_addresses(difference)
    return visible(f"{difference.path}: {_value(difference.actual)} → {_value(difference.wanted)}")


def _value(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…"


def _show_left_out(result: dict[str, Any]) -> None:
    if result["questions_not_created"]:
        print_table(
            "Reports without a counterpart, not created",
            ("question", "name", "fields that DTX 2.0 lacks"),
            [
                (each["question_key"], each["name"], ", ".join(each["missing_fields"]))
                for each in result["questions_not_created"]
            ],
        )
    if result["schedules"]:
        print_table(
            "Schedules that are not carried over as they were",
            ("schedule", "outcome", "why", "what to do"),
            [
                (str(each["schedule_id"]), each["outcome"], each["reason_code"], each["what_to_do"])
                for each in result["schedules"]
            ],
        )


def _summary(result: dict[str, Any], shown: int) -> str:
    counts = result["counts"]
    if result["command"] == "check":
        return f"{shown} objects were edited by hand" if shown else "nothing was edited by hand"
    if set(counts) <= {"leave"}:
        return f"nothing to do: {counts.get('leave', 0)} objects are as the catalogue says"
    return ", ".join(f"{number} {action}" for action, number in counts.items())
