"""Dates of the generator's own calendar; no clock is read, so the same plan gives the same rows for ever."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from sandbox.generator.plan import Dice

# Everything in DTX 2.0 was made at this moment.
EPOCH = "2025-06-01 08:00:00+00"
LEGACY_ZONE = ZoneInfo("America/New_York")
_FIRST_DAY = datetime(2012, 1, 1)
_DAYS = 365 * 12


def local(dice: Dice, row: int, lane: int) -> str:
    """A DATETIME of the years 2012 to 2023, from 08:00 to 17:59: office hours, never in a gap or overlap."""
    seconds = dice.roll(row, lane + 1, 10 * 3600) + 8 * 3600
    return str(_FIRST_DAY + timedelta(days=dice.roll(row, lane, _DAYS), seconds=seconds))


def day(dice: Dice, row: int, lane: int, first_year: int, years: int) -> str:
    """A date in the `years` years from the first."""
    return str(date(first_year, 1, 1) + timedelta(days=dice.roll(row, lane, 365 * years)))


def instant(local_time: str) -> str:
    """A legacy local time as PostgreSQL prints its instant in UTC.

    A time of the November overlap is taken as standard time, as PostgreSQL's AT TIME ZONE does.
    """
    moment = datetime.fromisoformat(local_time).replace(tzinfo=LEGACY_ZONE, fold=1)
    return f"{moment.astimezone(UTC).replace(tzinfo=None)}+00"


def midnight(day_text: str) -> str:
    """A date's start in UTC, as PostgreSQL prints it."""
    return f"{day_text} 00:00:00+00"
