"""Area 12's schedules: who gets which report, when, and what was sent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sandbox.generator import names, php, times
from sandbox.generator.plan import Dice
from sandbox.generator.report_titles import REPORT_IDS
from sandbox.generator.world import World

_RECURRENCES = (
    *("monthly_recurrence", "weekly_recurrence", "daily_recurrence", "weekly_recurrence"),
    *("does_not_repeat_recurrence", ""),
)
_BULK_UPDATES = ("2025-07-09 04:00:00", "2023-06-29 04:00:00")


def report_master_schedule(world: World, count: int) -> Iterator[dict[str, Any]]:
    """Schedules with serialized recipients; some of a deleted report, some without anybody left to send to."""
    dice = world.dice("report_master_schedule")
    for at in range(count):
        recurrence = _RECURRENCES[at % len(_RECURRENCES)]
        yield {
            "schedule_id": at + 1,
            "report_id": 999_999 if at % 15 == 8 else REPORT_IDS[at * 3 % len(REPORT_IDS)],
            "customer_id": 0 if at % 6 == 2 else world.accounts.legacy(at % world.accounts.count),
            "user_id": world.users.legacy(at % world.users.count),
            "subject": ("Weekly compliance, Büro", "", None)[at % 3],
            "recurrence": None if at % 40 == 17 else recurrence,
            "tod": at % 14,
            "dow_bitmap": 255 if at % 30 == 13 else 1 << at % 7 if at % 4 == 3 else 0b0111110,
            "dom": (31, 1, 15, 0)[at % 4] if recurrence == "monthly_recurrence" else None,
            "start_date": "0000-00-00" if at % 2 else "2023-00-15" if at % 24 == 10 else "2022-02-01",
            "email": _recipients(dice, at),
            "do_not_send_email": _exclusions(dice, at),
            "format": ("csv", "pdf", "csv,pdf", "")[at % 4],
            "enabled": "no" if at % 18 == 5 else "yes",
            "create_time": times.local(dice, at, 10),
            "update_time": _BULK_UPDATES[at % 2],
        }


def _recipients(dice: Dice, at: int) -> bytes | None:
    first, second = names.address(dice, at, 0), f"second.{names.address(dice, at, 0)}"
    lists = (
        php.strings([first]),
        php.strings([first, second]),
        php.strings([first, first.upper(), second]),
        php.string(first.encode()),
        b"N;",
        php.strings([first, second])[:-7],
        b"a:0:{}",
        None,
    )
    return lists[0 if at % 3 else dice.roll(at, 3, len(lists))]


def _exclusions(dice: Dice, at: int) -> bytes | None:
    if at % 12 == 7:
        return _recipients(dice, at)
    return (b"N;", b"N;", b"", b"a:0:{}")[at % 4]


def report_master_schedule_log(world: World, count: int) -> Iterator[dict[str, Any]]:
    """Deliveries: the first days of 2023 failed, later ones went out."""
    schedules = max(world.plan.rows_of("report_master_schedule"), 1)
    for at in range(count):
        failed = at < min(count, 12)
        minute, hour, day, month = at % 60, at // 60 % 24, 1 + at // 1440 % 28, 1 + at // 40320 % 12
        when = f"2023-{month:02}-{day:02} {hour:02}:{minute:02}"
        yield {
            "report_master_schedule_log_id": at + 1,
            "schedule_id": 1 + at * 7 % schedules,
            "create_time": f"{when}:00",
            "sent": int(not failed),
            "sent_time": ("0000-00-00 00:00:00" if at % 2 else None) if failed else f"{when}:30",
        }
