"""Area 12's log of reports that people ran: which ones, in business hours, by whom."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sandbox.generator.plan import Dice
from sandbox.generator.report_titles import REPORT_IDS, UNKNOWN_REPORT
from sandbox.generator.world import World

# Half of all runs are of the four that the documents name, in this proportion.
_FAVOURITES = (1, 55, 127, 1, 135, 55, 1, 127, 55, 1, 135, 127)
# Nobody has run every report.
_NEVER_RUN = 7
_USERS = 60
_FIRST_MONDAY, _WEEKS = datetime(2022, 1, 3), 130


def report_master_log(world: World, count: int) -> Iterator[dict[str, Any]]:
    """Runs by users, all of them by hand."""
    dice = world.dice("report_master_log")
    run = [report_id for at, report_id in enumerate(REPORT_IDS) if at % _NEVER_RUN]
    users = min(_USERS, world.users.count)
    for at in range(count):
        report_id: int | None = run[dice.roll(at, 1, len(run))]
        if at % 2:
            report_id = _FAVOURITES[at // 2 % len(_FAVOURITES)]
        elif at % 40 == 8:
            report_id = (UNKNOWN_REPORT, None)[at % 80 == 48]
        yield {
            "report_master_log_id": at + 1,
            "report_id": report_id,
            "user_id": (0, None)[at % 2] if at % 29 == 7 else world.users.legacy(dice.roll(at, 2, users)),
            "customer_id": None if at % 17 == 3 else world.accounts.legacy(at % world.accounts.count),
            "ip_address": f"2001:db8::{at % 9999:x}" if at % 7 == 0 else f"198.51.100.{at % 250}",
            "timestamp": "0000-00-00 00:00:00" if at % 33 == 20 else _business_time(dice, at),
            "scheduled": 0,
            "format": ("csv", "pdf", None)[at % 3],
        }


def _business_time(dice: Dice, at: int) -> str:
    """A weekday from 09:00 to 17:59."""
    days = 7 * dice.roll(at, 3, _WEEKS) + dice.roll(at, 4, 5)
    return str(_FIRST_MONDAY + timedelta(days=days, seconds=9 * 3600 + dice.roll(at, 5, 9 * 3600)))
