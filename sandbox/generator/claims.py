"""Who takes a place that several rows claim (docs/area11.md, rules that several tables share)."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

TAKES, DUPLICATE, CONTRADICTING = ("takes", ""), ("skip", "duplicate_value"), ("reject", "contradicting_values")


@dataclass(frozen=True, slots=True)
class Claim:
    """One row's claim.

    Args:
        place: what is claimed; None where an earlier rule decided on the row already.
        key: the source key, comparable with the others'.
        value: what it would put there.
    """

    place: Hashable | None
    key: Any
    value: str


def settle(claims: Sequence[Claim]) -> list[tuple[str, str]]:
    """TAKES, DUPLICATE or CONTRADICTING for each claim, in their order; TAKES where nothing is claimed."""
    by_place: dict[Hashable, list[Claim]] = {}
    for claim in claims:
        if claim.place is not None:
            by_place.setdefault(claim.place, []).append(claim)
    return [_verdict(claim, by_place.get(claim.place, [claim])) for claim in claims]


def _verdict(claim: Claim, rivals: list[Claim]) -> tuple[str, str]:
    if len({rival.value for rival in rivals}) > 1:
        return CONTRADICTING
    return TAKES if claim.key == min(rival.key for rival in rivals) else DUPLICATE
