"""Notes: 963 by 21 authors, 180 of which are no doctors by the earlier phases' rule (A7)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.dispatch.generator.plan import DOCTORS, OFFICE_STAFF, STAFF, SUPERUSERS, TECHNICAL
from sandbox.generator.plan import Dice

NOTES = 963
_FIRST, _LAST = datetime(2021, 5, 4, 13, 20, tzinfo=UTC), datetime(2025, 6, 11, 16, 45, tzinfo=UTC)
# Who wrote how many: staff, superusers, nobody, and sixteen people who are neither.
_OTHERS = (*DOCTORS[:10], *TECHNICAL[:4], *OFFICE_STAFF[:2])
_AUTHORS = ((STAFF[:3], 120), (SUPERUSERS[:2], 48), ((None,), 12), (_OTHERS, 783))


def generate(seed: int) -> list[tuple[Any, ...]]:
    """Rows of dispatch_note, in the order of their writing; ten keys are missing."""
    dice = Dice(seed, "notes")
    authors = [people[n % len(people)] for people, rows in _AUTHORS for n in range(rows)]
    step = (_LAST - _FIRST) / (NOTES - 1)
    rows = []
    for number in range(NOTES):
        moment = _LAST if number == NOTES - 1 else _FIRST + timedelta(seconds=round(step.total_seconds() * number))
        text = f"Note {number}: check the {('upper', 'lower')[number % 2]} jaw — naïve “fit”.\nSecond line, tab\there."
        rows.append(
            (
                number + 1 + number // 96,
                moment.strftime("%Y-%m-%d %H:%M:%S+00"),
                text,
                authors[number * 500 % NOTES],
                DOCTORS[dice.roll(number, 0, len(DOCTORS))],
            )
        )
    return rows
