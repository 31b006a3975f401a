"""Rows of `report_master_schedule` and its log, and what must become of each schedule in Metabase.

The planted ones come first, ordinary ones after them. The answers are a reading of their own of docs/reporting.md.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import count as count_from
from itertools import islice
from pathlib import Path
from typing import Any

from sandbox.generator import php
from sandbox.generator.report_titles import MOST_USED, REPORTS
from sandbox.generator.schedule_plants import BULK_UPDATES, LAST_DELIVERY, PLANTS, Delivery, Schedule, Slot
from sandbox.generator.world import World

_LAST = datetime.fromisoformat(LAST_DELIVERY)
_DELAY = timedelta(seconds=30)
# DTX 1.0's first scheduled deliveries, none of which went out.
_FIRST_FAILURES = 12
_ROUNDS = 50


@dataclass(frozen=True)
class _Planned:
    """A schedule with its row, and the index of the Account that it is about."""

    schedule: Schedule
    row: dict[str, Any]
    account: int | None

    @property
    def recipients(self) -> tuple[str, ...]:
        return self.schedule.recipients or (_ordinary_address(self.row["schedule_id"]),)


def report_master_schedule(world: World, count: int) -> Iterator[dict[str, Any]]:
    """All rows of the table, in order of their key."""
    return (each.row for each in _planned(world, count))


def report_master_schedule_log(world: World, count: int) -> Iterator[dict[str, Any]]:
    """Deliveries: the failures of the first days, those that are planted, and those of the ordinary schedules."""
    deliveries = _deliveries(list(_planned(world, world.plan.rows_of("report_master_schedule"))))
    for at, (schedule_id, delivery) in enumerate(islice(deliveries, count)):
        yield {
            "report_master_schedule_log_id": at + 1,
            "schedule_id": schedule_id,
            "create_time": delivery.due,
            "sent": delivery.sent,
            "sent_time": delivery.sent_time,
        }


def write_answers(world: World, folder: Path) -> None:
    """Write `schedule.csv`, the schedules' outcomes, and `subscription.csv`, each subscription with its recipients."""
    folder.mkdir(parents=True, exist_ok=True)
    planned = list(_planned(world, world.plan.rows_of("report_master_schedule")))
    places: dict[tuple[int, str, Slot], list[_Planned]] = {}
    for each in planned:
        for slot in each.schedule.slots:
            places.setdefault((each.row["report_id"], _account_id(world, each), slot), []).append(each)
    followers = {each.row["schedule_id"] for together in places.values() for each in together[1:]}
    with (folder / "schedule.csv").open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file, lineterminator="\n")
        lines.writerow(("schedule_id", "report_id", "account_id", "outcome", "reason_code"))
        for each in planned:
            outcome, reason = each.schedule.outcome
            key = each.row["schedule_id"]
            told = "merged" if reason == "mapped" and key in followers else reason
            lines.writerow((key, each.row["report_id"], _account_id(world, each), outcome, told))
    with (folder / "subscription.csv").open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file, lineterminator="\n")
        lines.writerow(
            (
                *("report_id", "account_id", "schedule_type", "schedule_hour", "schedule_day", "schedule_frame"),
                *("schedule_id", "recipients", "include_csv", "include_pdf"),
            )
        )
        for (report_id, account_id, slot), together in places.items():
            recipients = sorted({address for each in together for address in each.recipients})
            attached = {name for each in together for name in (each.row["format"] or "").split(",")}
            lines.writerow(
                (
                    *(report_id, account_id, *slot, together[0].row["schedule_id"], json.dumps(recipients)),
                    *("csv" in attached, "pdf" in attached),
                )
            )


def _planned(world: World, count: int) -> Iterator[_Planned]:
    places: dict[int, int] = {}
    for at in range(count):
        schedule = PLANTS[at] if at < len(PLANTS) else _ordinary(at)
        place = at if schedule.place is None else places.setdefault(schedule.place, at)
        account = place % world.accounts.count
        row = {
            "schedule_id": at + 1,
            "report_id": MOST_USED[place // world.accounts.count % len(MOST_USED)],
            "customer_id": world.accounts.legacy(account),
            "user_id": world.users.legacy(at % world.users.count),
            "subject": ("Weekly compliance, Büro", "", None)[at % 3],
            "recurrence": "weekly_recurrence",
            "tod": 6,
            "dow_bitmap": 2,
            "dom": None,
            "start_date": "0000-00-00",
            "email": php.strings([_ordinary_address(at + 1)]),
            "do_not_send_email": b"N;",
            "format": "csv",
            "enabled": "yes",
            "create_time": "2021-03-04 10:00:00",
            "update_time": BULK_UPDATES[at % 2],
            **schedule.columns,
        }
        yield _Planned(schedule, row, _account(schedule, row, account))


def _account(schedule: Schedule, row: dict[str, Any], account: int) -> int | None:
    if schedule.account == "report":
        return next(report.account for report in REPORTS if report.report_id == row["report_id"])
    return None if "customer_id" in schedule.columns else account


def _account_id(world: World, planned: _Planned) -> str:
    return "" if planned.account is None else str(world.accounts.target(planned.account))


def _ordinary_address(schedule_id: int) -> str:
    return f"schedule.{schedule_id}@schedules.example.com"


def _ordinary(at: int) -> Schedule:
    """A schedule that was made lately, so that it lives whatever the log still holds of it."""
    hour = at % 14
    slots: tuple[Slot, ...] = (("daily", hour, None, None),)
    columns: dict[str, Any] = {"tod": hour, "recurrence": "daily_recurrence", "create_time": "2025-08-20 10:00:00"}
    if at % 3 == 1:
        slots = tuple(("weekly", hour, day, None) for day in ("tue", "thu"))
        columns |= {"recurrence": "weekly_recurrence", "dow_bitmap": 0b0010100}
    if at % 3 == 2:
        slots = (("monthly", hour, None, "first"),)
        columns |= {"recurrence": "monthly_recurrence", "dom": 1}
    return Schedule(("subscribe", "mapped"), slots, columns=columns)


def _deliveries(planned: list[_Planned]) -> Iterator[tuple[int, Delivery]]:
    """Without end: what the log has no room for is left out."""
    for at in range(_FIRST_FAILURES):
        row = planned[at % 6].row
        for delivery in _last_due(row, datetime(2023, 1, 3 + at // 6)):
            yield row["schedule_id"], Delivery(delivery.due, 0, None if at % 2 else "0000-00-00 00:00:00")
    for each in planned[: len(PLANTS)]:
        for delivery in _last_due(each.row) if each.schedule.log is None else each.schedule.log:
            yield each.row["schedule_id"], delivery
    ordinary = planned[len(PLANTS) :]
    for back in count_from() if ordinary else ():
        for each in ordinary:
            for delivery in _last_due(each.row, _LAST - timedelta(days=28 * (back % _ROUNDS))):
                yield each.row["schedule_id"], delivery


def _last_due(row: dict[str, Any], until: datetime = _LAST) -> tuple[Delivery, ...]:
    hour = min(row["tod"] if row["tod"] is not None else 6, 23)
    for back in range(62):
        day = until.date() - timedelta(days=back)
        due = datetime(day.year, day.month, day.day, hour)
        if due + _DELAY <= until and _is_due(row, day):
            return (Delivery(str(due), 1, str(due + _DELAY)),)
    return (Delivery("2025-09-29 06:00:00", 1, "2025-09-29 06:00:30"),)


def _is_due(row: dict[str, Any], day: date) -> bool:
    recurrence = (row["recurrence"] or "").lower()
    if recurrence.startswith("monthly"):
        return bool(day.day == row["dom"])
    return not recurrence.startswith("weekly") or bool((row["dow_bitmap"] or 0) >> day.isoweekday() % 7 & 1)


# The least rows of the two tables.
PLANTED_SCHEDULES = len(PLANTS)
PLANTED_DELIVERIES = _FIRST_FAILURES + sum(1 if each.log is None else len(each.log) for each in PLANTS)
