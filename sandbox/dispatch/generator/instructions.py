"""Instructions: 23,272, of which 23,050 became orders."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sandbox.dispatch.generator.people import UNRESOLVED_PATIENTS
from sandbox.dispatch.generator.plan import instant, instruction_key
from sandbox.generator.plan import Dice

INSTRUCTIONS, ORDERS = 23_272, 23_050
# Numbers of the instructions without an order, by cause (A3): every 104th from the 7th.
_REJECTED = [7 + 104 * n for n in range(INSTRUCTIONS - ORDERS)]
DELETED, WITHOUT_PATIENT, WITHOUT_DOCTOR = (set(_REJECTED[:180]), set(_REJECTED[180:210]), set(_REJECTED[210:]))
_SHIPPED, _APPROVED, _SUBMITTED = 2_453, 3_120, 9_400
_COURSES = (1, 1, 1, 1, 2, 2, 3, 4, 7, 8)


def generate(seed: int, patients: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Rows of dispatch_instruction.

    Args:
        seed: the plan's.
        patients: rows of dispatch_patient.
    """
    dice = Dice(seed, "instructions")
    # The patients that can have orders come first; all are equally likely.
    eligible = UNRESOLVED_PATIENTS.start - 1
    rows, loaded, unresolved = [], 0, 0
    for number in range(1, INSTRUCTIONS + 1):
        patient: int | None = dice.roll(number, 0, eligible) + 1
        rejected = number in DELETED or number in WITHOUT_PATIENT or number in WITHOUT_DOCTOR
        if rejected:
            status = (4, 0, 1, 2)[number // 104 % 4]
        else:
            status = _status(loaded)
            loaded += 1
        if number in WITHOUT_DOCTOR:
            patient = UNRESOLVED_PATIENTS[unresolved % len(UNRESOLVED_PATIENTS)]
            unresolved += 1
        if number in WITHOUT_PATIENT:
            patient = None
        suffix = str(patients[patient - 1][6]) if patient else ""
        rows.append(_row(dice, number, patient, status, suffix))
    return rows


def _status(loaded: int) -> int:
    """Status of the nth instruction that has an order: exact shares, well mixed."""
    place = loaded * 7919 % ORDERS
    for status, count in ((4, _SHIPPED), (2, _APPROVED), (1, _SUBMITTED)):
        if place < count:
            return status
        place -= count
    return 0


def _row(dice: Dice, number: int, patient: int | None, status: int, suffix: str) -> tuple[Any, ...]:
    day = dice.roll(number, 1, 2600)
    submitted = None if status == 0 else instant("2018-04-01", days=day, seconds=dice.roll(number, 2, 86400))
    updated = instant("2018-04-01", days=day + dice.roll(number, 3, 60), seconds=dice.roll(number, 4, 86400))
    notes = (None, "", f"Note {number}: keep the spacing.")[dice.roll(number, 5, 3)]
    exports = "{}" if dice.roll(number, 6, 4) else f'{{"stl": {number}}}'
    price = f"{dice.roll(number, 7, 250000) / 100:.2f}"
    return (
        instruction_key(number), patient, _COURSES[dice.roll(number, 8, 10)], status, number in DELETED, submitted,
        updated, suffix, notes, f"Complaint {number}", price, exports, (None, 1, 2)[number % 3],
        (None, 1)[number % 2], "", number % 6 == 0, "", "", (None, True, False)[dice.roll(number, 9, 3)],
        (None, True, False)[dice.roll(number, 10, 3)], number % 5, None, None,
    )  # fmt: skip


def loaded_numbers() -> Iterator[int]:
    """Numbers of the instructions that became orders, in order."""
    rejected = set(_REJECTED)
    return (number for number in range(1, INSTRUCTIONS + 1) if number not in rejected)
