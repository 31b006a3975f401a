"""How much to generate, and who has which key: the fixed blocks that the exact counts are made of."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from sandbox.generator.plan import GeneratorError

NOTIFICATIONS = 5_102_536

# Keys of users, block by block; together 9,117 (docs/dispatch.md, "Sandbox").
SUPERUSERS = range(1, 5)
STAFF = range(5, 19)
TECHNICAL = range(19, 90)
OFFICE_STAFF = range(90, 110)
DOCTORS = range(110, 1232)
WITHOUT_PROFILE = range(1232, 1264)
PATIENT_USERS = range(1264, 9118)
PATIENTS = len(PATIENT_USERS)

GROUPS = {
    1: "Patient",
    2: "Doctor",
    3: "Billing",
    4: "Administrator",
    5: "Master",
    6: "Export",
    7: "External",
    8: "Sales",
    9: "Support",
    11: "Technician",
}
GROUP_ID = {name: key for key, name in GROUPS.items()}

# Table to its rows: a value a column, in the table's order; the first is the key.
Tables: TypeAlias = Mapping[str, Sequence[tuple[Any, ...]]]


@dataclass(frozen=True)
class Plan:
    """What varies; every other table has the rows of the documents.

    Args:
        notifications: 1 gives all 5,102,536 of them.
        seed: another seed gives other names, amounts and dates, with the same planted defects.

    Raises:
        GeneratorError: less than 500 notifications, or more than all.
    """

    notifications: float = 0.002
    seed: int = 1

    def __post_init__(self) -> None:
        if not (math.isfinite(self.notifications) and 500 <= self.notification_rows <= NOTIFICATIONS):
            raise GeneratorError(
                f"{self.notifications:g} of the notifications cannot be made",
                hint="A share from 0.0001 to 1: the planted rows need some room.",
            )

    @property
    def notification_rows(self) -> int:
        """Rows of dispatch_notification."""
        return round(NOTIFICATIONS * self.notifications)


def instant(start: str, *, days: int = 0, seconds: int = 0) -> str:
    """A moment after the start of a day, UTC, as PostgreSQL prints it."""
    moment = datetime.fromisoformat(start).replace(tzinfo=UTC) + timedelta(days=days, seconds=seconds)
    return moment.strftime("%Y-%m-%d %H:%M:%S+00")


def instruction_key(number: int) -> int:
    """Key of the nth instruction, from 1: keys have gaps."""
    return number + number // 500
