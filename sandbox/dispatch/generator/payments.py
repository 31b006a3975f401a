"""Payments and the gateway's operations: exact sums, exact shares of status, three payments that cannot be loaded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.dispatch.generator import instructions
from sandbox.dispatch.generator.people import OFFICES
from sandbox.dispatch.generator.plan import DOCTORS, Tables, instant, instruction_key
from sandbox.generator.plan import Dice

Row = tuple[Any, ...]

PAYMENTS, LOADED = 16_014, 16_011
LOADED_CENTS, OPERATION_CENTS = 409_049_028, 404_272_770
# A payment's place decides what it is: (A1) positive ones first, in these blocks.
_PENDING, _BY_CREDIT, _REFUNDED, _PAID_AND_CANCELED = range(32), range(32, 52), range(52, 76), range(52, 93)
_IN_TWO_PARTS, _POSITIVE = range(93, 184), range(3_459)
_CANCELED, _FREE_UNPAID = range(3_459, 3_545), range(3_545, 3_855)
# A2: key of the payment, number of its instruction, cents.
_LOST = {
    4_711: (None, 24_500),
    9_402: (min(instructions.DELETED), 131_000),
    15_333: (min(instructions.WITHOUT_DOCTOR), 0),
}
_ORDERS = 400
_RATES = (0, 625, 825, 700)


def generate(seed: int, instruction_rows: Sequence[Row], patients: Sequence[Row]) -> Tables:
    """Rows of dispatch_order, dispatch_payment and dispatch_operation.

    Args:
        seed: the plan's.
        instruction_rows: of dispatch_instruction.
        patients: of dispatch_patient.
    """
    dice = Dice(seed, "payments")
    cents = _cents(dice)
    people = {row[0]: (patients[row[1] - 1][2], patients[row[1] - 1][3]) for row in instruction_rows if row[1]}
    payments = list(_payments(dice, cents, people))
    return {
        "dispatch_order": [
            (key, DOCTORS[dice.roll(key, 90, len(DOCTORS))], dice.roll(key, 91, OFFICES) + 1)
            for key in range(1, _ORDERS + 1)
        ],
        "dispatch_payment": payments,
        "dispatch_operation": list(_operations(dice, cents)),
    }


def _cents(dice: Dice) -> list[int]:
    """Amount of each positive payment by place.

    What has operations sums, with the refunds once more, to the operations; all of it sums to the payments.
    """
    rolled = [20_000 + dice.roll(place, 0, 195_000) for place in _POSITIVE]
    refunds = sum(rolled[place] for place in _REFUNDED)
    uncovered, covered = range(_REFUNDED.start), range(_REFUNDED.stop, _POSITIVE.stop)
    _bring_to(rolled, uncovered, LOADED_CENTS - OPERATION_CENTS + refunds)
    _bring_to(rolled, covered, OPERATION_CENTS - 2 * refunds)
    return rolled


def _bring_to(amounts: list[int], places: range, total: int) -> None:
    each, left = divmod(total - sum(amounts[place] for place in places), len(places))
    for number, place in enumerate(places):
        amounts[place] += each + (number < left)


def _keys() -> Iterator[tuple[int, int]]:
    """Key and place of each payment that is loaded."""
    keys = (key for key in range(1, PAYMENTS + 1) if key not in _LOST)
    return ((key, number * 4801 % LOADED) for number, key in enumerate(keys))


def _payments(dice: Dice, cents: list[int], people: dict[int, tuple[int, int | None]]) -> Iterator[Row]:
    places = dict(_keys())
    numbers = list(instructions.loaded_numbers())
    for key in range(1, PAYMENTS + 1):
        if key in _LOST:
            number, amount = _LOST[key]
            kind = _Kind(amount, paid=amount > 0, free=amount == 0)
            instruction = instruction_key(number) if number else None
        else:
            kind = _kind(places[key], cents)
            instruction = instruction_key(numbers[key * 13 % len(numbers)])
        yield _payment(dice, key, instruction, kind, people.get(instruction or 0, (None, None)))


@dataclass(frozen=True)
class _Kind:
    cents: int
    paid: bool
    canceled: bool = False
    free: bool = False
    by_credit: bool = False


def _kind(place: int, cents: list[int]) -> _Kind:
    if place in _POSITIVE:
        return _Kind(
            cents[place],
            paid=place not in _PENDING,
            canceled=place in _PAID_AND_CANCELED,
            by_credit=place in _BY_CREDIT,
        )
    if place in _CANCELED:
        return _Kind(0, paid=False, canceled=True)
    return _Kind(0, paid=place not in _FREE_UNPAID, free=place in _FREE_UNPAID or place % 11 > 0)


def _payment(dice: Dice, key: int, instruction: int | None, kind: _Kind, people: tuple[Any, Any]) -> Row:
    cents = kind.cents
    rate = _RATES[dice.roll(key, 1, len(_RATES))]
    subtotal = round(cents * 10_000 / (10_000 + rate))
    paid = 0 if kind.by_credit or not kind.paid else cents
    made_at = (
        None if key % 400 == 0 else instant("2019-06-01", days=key * 2267 // PAYMENTS, seconds=dice.roll(key, 2, 86400))
    )
    order = dice.roll(key, 3, _ORDERS) + 1 if instruction is None or key % 6 == 0 else None
    custom = _money(cents) if cents and key % 9 == 0 else None
    installments = f'[{{"month": 1, "price": "{_money(cents)}"}}]' if cents and key % 5 == 0 else ("", "[]")[key % 2]
    netsuite = cents > 0 and dice.roll(key, 4, 7) == 0
    return (
        key, made_at, instruction, order, *people, _money(cents), _money(subtotal), _money(paid),
        f"{rate / 10_000:.4f}", _money(cents - subtotal), _money(cents if kind.by_credit else 0), "0.00", custom,
        kind.paid, kind.canceled, kind.free, netsuite, installments,
    )  # fmt: skip


def _operations(dice: Dice, cents: list[int]) -> Iterator[Row]:
    key = 0
    for payment, place in _keys():
        if place not in _POSITIVE or place < _REFUNDED.start:
            continue
        first = cents[place] * 6 // 10 if place in _IN_TWO_PARTS else cents[place]
        parts = [(1, first), (1, cents[place] - first)] if place in _IN_TWO_PARTS else [(1, first)]
        if place in _REFUNDED:
            parts.append((2, cents[place]))
        for number, (kind, amount) in enumerate(parts):
            key += 1
            made_at = instant(
                "2019-06-01", days=payment * 2267 // PAYMENTS + number * 20, seconds=dice.roll(key, 10, 86400)
            )
            refund = f"REFUND{key:06}" if kind == 2 else None
            yield (
                key, None if kind == 1 and key % 97 == 0 else kind, None if key % 500 == 0 else made_at, _money(amount),
                f"ORDER{payment:06}", f"PAYMENT{payment:06}", refund, ("VISA", "MASTERCARD", "AMEX")[payment % 3],
                f"{400000 + payment % 1000}", f"{payment % 10_000:04}", key % 8 == 0, payment, 1 + key % 3 // 2,
            )  # fmt: skip


def _money(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02}"
