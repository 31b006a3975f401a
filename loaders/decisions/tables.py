"""The document `dtx.what_if/1` as tables: options side by side, and the commands that a change of mind needs first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from loaders.console import print_table, stdout
from loaders.decisions.document import (
    DISPOSITIONS,
    chosen_options,
    outcomes_of,
    rows_of,
    rows_to_roll_back,
    unaccounted,
)

_CHOSEN = {"decided": "chosen", "provisional": "chosen, provisional", "open": "default, still open"}
Row = tuple[object, ...]


def show(document: Mapping[str, Any], *, register: bool, reasons: bool) -> None:
    """Print the document.

    Args:
        document: `dtx.what_if/1`.
        register: also the overview, and of the decisions only those that leave a choice.
        reasons: count by reason as well as by disposition.
    """
    if register:
        _show_register(document)
    for decision in document["decisions"]:
        if not register or len(decision["options"]) > 1:
            _show_decision(decision, reasons=reasons)
    faults = list(unaccounted(document))
    if faults:
        print_table(
            "Options that do not rule on every row: correct the model int_…__<table>_by_option",
            ("decision", "option", "table", "rows", "of"),
            faults,
        )


def _show_register(document: Mapping[str, Any]) -> None:
    print_table(
        "Decisions",
        ("decision", "subject", "options", "status", "decided", "tables", "rows that move", "to roll back first"),
        [
            (
                decision["decision_id"],
                decision["subject"],
                ", ".join(
                    f"{option['option']} (chosen)" if option["is_chosen"] else option["option"]
                    for option in decision["options"]
                ),
                decision["status"],
                ", ".join(filter(None, (decision["decided_by"], decision["decided_on"]))),
                ", ".join(decision["source_tables"]) or "none counted",
                sum(
                    each["rows"]
                    for option in chosen_options(decision)
                    for table in option["tables"]
                    for each in table["outcomes"]
                    if each["disposition"] in ("publish", "update")
                ),
                sum(rows_to_roll_back(option) for option in chosen_options(decision)),
            )
            for decision in document["decisions"]
        ],
    )


def _show_decision(decision: Mapping[str, Any], *, reasons: bool) -> None:
    heads = [
        f"{option['option']} ({_CHOSEN[decision['status']]})" if option["is_chosen"] else option["option"]
        for option in decision["options"]
    ]
    rows = [row for table in decision["source_tables"] for row in _table_rows(decision, table, reasons=reasons)]
    print_table(
        f"{decision['decision_id']} {decision['subject']}",
        ("table", "disposition", *(["reason"] if reasons else []), *heads),
        rows,
    )
    for option in decision["refused_options"]:
        _say(f"{option}: not part of moving data; choosing it is refused")
    for option in decision["options"]:
        for place in option["published"]:
            if place["to_roll_back"]:
                _say(
                    f"{option['option']}: {place['to_roll_back']:,} rows of {place['source_table']} are published in "
                    f"{place['target_table']} and have to be rolled back first"
                )
    for commands, options in _remedies(decision).items():
        _say(f"before {' or '.join(options)}, then dbt build and dtx publish; --dry-run shows what somebody edited:")
        for command in commands:
            _say(f"  {command}")


def _say(line: str) -> None:
    stdout.print(line, markup=False, soft_wrap=True)


def _remedies(decision: Mapping[str, Any]) -> dict[tuple[str, ...], list[str]]:
    """Rollback commands to the options that need them; several options often need the same."""
    remedies: dict[tuple[str, ...], list[str]] = {}
    for option in decision["options"]:
        if option["rollback"]:
            remedies.setdefault(tuple(option["rollback"]), []).append(option["option"])
    return remedies


def _table_rows(decision: Mapping[str, Any], table: str, *, reasons: bool) -> Iterator[Row]:
    parts = ("disposition", "reason_code") if reasons else ("disposition",)
    counts: Counter[tuple[str, ...]] = Counter()
    for option in decision["options"]:
        for each in outcomes_of(option, table):
            counts[(option["option"], *(each[part] for part in parts))] += each["rows"]
    keys = {key[1:] for key in counts}
    for key in sorted(keys, key=lambda each: (DISPOSITIONS.index(each[0]), each)):
        yield (table, *key, *(counts[option["option"], *key] for option in decision["options"]))
    blank = [""] if reasons else []
    yield (table, "all rows", *blank, *(rows_of(option, table) for option in decision["options"]))
    if any(option["published"] for option in decision["options"]):
        for label, field in (("published, may stay", "may_stay"), ("published, to roll back", "to_roll_back")):
            yield (
                table,
                label,
                *blank,
                *(
                    sum(place[field] for place in option["published"] if place["source_table"] == table)
                    for option in decision["options"]
                ),
            )
