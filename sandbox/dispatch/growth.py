"""Two months of work in the source: new rows, changed rows, and a list of what a second run must find."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from loaders.database import fetch_value
from sandbox.dispatch.answers import NOTIFICATIONS, small_answers, text_rows, write_judged
from sandbox.dispatch.answers.lookups import read_lookups
from sandbox.dispatch.answers.notifications import notification
from sandbox.dispatch.answers.rules import Answers, Lookups
from sandbox.dispatch.databases import SQL_FOLDER, Databases
from sandbox.dispatch.decisions import chosen_options
from sandbox.dispatch.generator import notifications
from sandbox.dispatch.generator.plan import NOTIFICATIONS as ALL_NOTIFICATIONS
from sandbox.generator.answers import Answer

# From 5,102,536 to the 5.7 million of 2025-10-18.
_NEW_NOTIFICATIONS = 597_464


@dataclass(frozen=True)
class Growth:
    """A source row that is new, or whose target row must differ now, in these columns."""

    source_table: str
    source_key: str
    change: str
    target_columns: tuple[str, ...] = ()


def grow(databases: Databases, answer_key: Path, seed: int = 1) -> dict[tuple[str, str], int]:
    """Change the source, write the answer key for what it then is, and `growth.csv` beside it.

    Args:
        databases: filled.
        answer_key: folder of the answer key.
        seed: the plan's.

    Returns:
        Source rows by table and change.
    """
    options = chosen_options()
    with databases.source() as source, databases.target() as target:
        before = small_answers(source, read_lookups(source, target))
        last = int(fetch_value(source, "select max(id) from dispatch_notification"))
        source.execute(sql.SQL((SQL_FOLDER / "growth.sql").read_text(encoding="utf-8")))
        flipped: dict[int, set[str]] = {}
        for column, statement in _FLIPS.items():
            for (key,) in source.execute(statement, {"planted": notifications.PLANTED}):
                flipped.setdefault(key, set()).add(column)
        notifications.add_bulk(source, last + 1, round(_NEW_NOTIFICATIONS * last / ALL_NOTIFICATIONS), seed)
        find = read_lookups(source, target)
        after = small_answers(source, find)
        found = [each for table in after for each in _differences(table, before[table], after[table], options)]
        found += _flipped(source, find, flipped, options)
        newest = int(fetch_value(source, "select max(id) from dispatch_notification"))
        write_judged(source, find, after, answer_key)
    counts: dict[tuple[str, str], int] = {}
    with (answer_key / "growth.csv").open("w", newline="", encoding="utf-8") as file:
        lines = csv.writer(file, lineterminator="\n")
        lines.writerow(("source_table", "source_key", "change", "target_columns"))
        for each in (*found, *(Growth(NOTIFICATIONS, str(key), "new") for key in range(last + 1, newest + 1))):
            lines.writerow((each.source_table, each.source_key, each.change, "|".join(each.target_columns)))
            counts[each.source_table, each.change] = counts.get((each.source_table, each.change), 0) + 1
    return counts


# By the target's column; nothing that was planted changes.
_FLIPS = {
    "is_read": "update dispatch_notification set read = true"
    " where not read and id > %(planted)s and id %% 101 = 5 returning id",
    "is_sent": "update dispatch_notification set sent = true"
    " where send and sent is null and id > %(planted)s and id %% 13 = 4 returning id",
}


def _differences(
    table: str, before: Mapping[str, Answers], after: Mapping[str, Answers], options: frozenset[str]
) -> Iterator[Growth]:
    for key, answers in after.items():
        if key not in before:
            yield Growth(table, key, "new")
        elif answers != before[key]:
            old, new = _columns(before[key], options), _columns(answers, options)
            if columns := sorted(name for name in new if new[name] != old.get(name)):
                yield Growth(table, key, "changed", tuple(columns))


def _columns(answers: Answers, options: frozenset[str]) -> dict[str, str | None]:
    held: list[Answer] = [answer for option, answer in answers.items() if option == "" or option in options]
    return {name: value for answer in held for target in answer.expected for name, value in target.columns.items()}


def _flipped(
    source: psycopg.Connection, find: Lookups, flipped: Mapping[int, set[str]], options: frozenset[str]
) -> Iterator[Growth]:
    """Notifications whose published row must differ now."""
    condition = f"id = any('{{{','.join(map(str, flipped))}}}')"
    for row in text_rows(source, NOTIFICATIONS, condition):
        if _columns(notification(row, find), options):
            key = str(row["id"])
            yield Growth(NOTIFICATIONS, key, "changed", tuple(sorted(flipped[int(key)])))
