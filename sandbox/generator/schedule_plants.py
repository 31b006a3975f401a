"""The schedules that are planted on purpose (T3, docs/reporting.md): every rule, every reason code.

The last delivery of all is that of LAST_DELIVERY; silence is counted back from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.generator import php
from sandbox.generator.population import ABSENT, ABSENT_LARGE, REJECTED, SKIPPED
from sandbox.generator.report_titles import UNKNOWN_REPORT

LAST_DELIVERY = "2025-09-30 06:00:30"
# 2025-07-09 04:00 in UTC is that day's midnight in New York.
BULK_UPDATES = ("2025-07-09 04:00:00", "2023-06-29 15:10:00")
_AHEAD = "2037-05-01"
_LONG_AGO = "2024-02-05 06:00:00"

Slot = tuple[str, int, str | None, str | None]
_MONDAY: Slot = ("weekly", 6, "mon", None)


@dataclass(frozen=True)
class Delivery:
    """One row of the log: when it was due, whether it was sent, and when."""

    due: str
    sent: int = 1
    sent_time: str | None = None


@dataclass(frozen=True)
class Schedule:
    """One planted schedule.

    Args:
        outcome: outcome and reason code, the other schedules aside.
        slots: when it must be sent: type, hour, weekday, frame.
        recipients: who must get it; None for the one ordinary address of an ordinary row.
        columns: source columns that differ from the ordinary row, a weekly one on Mondays at 6.
        log: its deliveries; None for one on the last day that it was due.
        place: schedules with the same number are about the same report and Account; others share neither.
        account: whose Account it must be about: that of its `customer`, `all`, or that of the `report`.
    """

    outcome: tuple[str, str]
    slots: tuple[Slot, ...] = ()
    recipients: tuple[str, ...] | None = None
    columns: Mapping[str, Any] = field(default_factory=dict)
    log: tuple[Delivery, ...] | None = None
    place: int | None = None
    account: str = "customer"


def _address(name: str) -> str:
    return f"{name}@schedules.example.com"


def _sent(*slots: Slot, reason: str = "mapped", **columns: Any) -> Schedule:
    return Schedule(("subscribe", reason), slots or (_MONDAY,), columns=columns)


def _to(*names: str, reason: str = "mapped", **columns: Any) -> Schedule:
    return Schedule(("subscribe", reason), (_MONDAY,), tuple(map(_address, names)), columns)


def _moved(day: int, frame: str) -> Schedule:
    columns = {"recurrence": "monthly_recurrence", "dom": day}
    return Schedule(("fallback", "month_day_moved"), (("monthly", 6, None, frame),), columns=columns)


def _monthly(day: int | None, frame: str) -> Schedule:
    return _sent(("monthly", 6, None, frame), recurrence="monthly_recurrence", dom=day)


def _weekly(bits: int, *days: str) -> Schedule:
    return _sent(*(("weekly", 6, day, None) for day in days), dow_bitmap=bits)


def _dead(reason: str, **columns: Any) -> Schedule:
    return Schedule(("dead", reason), columns=columns)


def _rejected(reason: str, **columns: Any) -> Schedule:
    return Schedule(("reject", reason), columns=columns)


def _living(*log: Delivery, **columns: Any) -> Schedule:
    return Schedule(("subscribe", "mapped"), (_MONDAY,), columns=columns, log=log)


def _lifeless(reason: str, *log: Delivery, **columns: Any) -> Schedule:
    return Schedule(("dead", reason), columns=columns, log=log)


_ONE = php.strings([_address("one")])
_TWO = php.strings([_address("one"), _address("two")])

_TIMES = (
    # The last delivery of all.
    Schedule(
        ("subscribe", "mapped"),
        (("daily", 6, None, None),),
        columns={"recurrence": "daily_recurrence"},
        log=(Delivery("2025-09-30 06:00:00", sent_time=LAST_DELIVERY),),
    ),
    # Hour 0 is midnight; days of another recurrence mean nothing.
    _sent(("daily", 0, None, None), recurrence="daily_recurrence", tod=0, dow_bitmap=0, dom=31),
    _sent(("daily", 13, None, None), recurrence="daily_recurrence", tod=13, dow_bitmap=255),
    _sent(("weekly", 23, "mon", None), tod=23),
    *(_weekly(1 << bit, day) for bit, day in enumerate(("sun", "mon", "tue", "wed", "thu", "fri", "sat"))),
    _weekly(0b0111110, "mon", "tue", "wed", "thu", "fri"),
    _weekly(0b1000001, "sun", "sat"),
    _sent(("daily", 6, None, None), dow_bitmap=127),
    _sent(recurrence="Weekly_Recurrence "),
    _rejected("weekday_none", dow_bitmap=0),
    _rejected("weekday_none", dow_bitmap=None),
    _rejected("weekday_unknown", dow_bitmap=130),
    _rejected("weekday_unknown", dow_bitmap=255),
    _monthly(1, "first"),
    _monthly(15, "mid"),
    _monthly(31, "last"),
    *(_moved(day, frame) for day, frame in ((7, "first"), (8, "mid"), (22, "mid"), (23, "last"))),
    *(_moved(day, "last") for day in (28, 29, 30)),
    _rejected("month_day_unknown", recurrence="monthly_recurrence", dom=0),
    _rejected("month_day_unknown", recurrence="monthly_recurrence", dom=None),
    _rejected("month_day_unknown", recurrence="monthly_recurrence", dom=32),
    Schedule(("fallback", "hour_unset"), (_MONDAY,), columns={"tod": None}),
    _rejected("hour_invalid", tod=24),
    _dead("not_recurring", recurrence=""),
    _dead("not_recurring", recurrence=None),
    _dead("once", recurrence="does_not_repeat_recurrence"),
    _rejected("once_ahead", recurrence="does_not_repeat_recurrence", start_date=_AHEAD),
    _rejected("recurrence_unknown", recurrence="yearly_recurrence"),
    _rejected("recurrence_unknown", recurrence="weekly_recurrence\0"),
)

_RECIPIENTS = (
    _to("one", "two", email=_TWO),
    _to("one", "two", email=php.strings([_address("Two"), _address("ONE"), f" {_address('two')}", ""])),
    _to("one", email=php.string(_address("one").encode())),
    _to("one", email=_TWO, do_not_send_email=php.strings([_address("TWO")])),
    _to("one", email=_ONE, do_not_send_email=php.strings([_address("somebody.else")])),
    _to("one", email=_ONE, do_not_send_email=None),
    _to("one", email=_ONE, do_not_send_email=b"", format="csv,pdf"),
    _to("one", email=_ONE, do_not_send_email=b"a:0:{}", format=""),
    _to("one", email=_ONE, format=None),
    # é is one byte in latin1, and no character of an address before the @ (E1, M7).
    _to(
        "one",
        reason="recipients_left_out",
        email=php.strings([_address("one"), "nobody", "josé@example.com"]),
    ),
    _dead("recipients_invalid", email=php.strings(["nobody", f"{_address('a')}, {_address('b')}"])),
    _dead("recipients_empty", email=b"N;"),
    _dead("recipients_empty", email=None),
    _dead("recipients_empty", email=b""),
    _dead("recipients_empty", email=b"a:0:{}"),
    _dead("recipients_empty", email=php.strings(["", " "])),
    _dead("recipients_excluded", email=_TWO, do_not_send_email=_TWO),
    # What else is left out does not matter once nobody is left.
    _dead("recipients_excluded", email=_ONE, do_not_send_email=php.strings([_address("One"), "everybody"])),
    _rejected("recipients_undecodable", email=_TWO[:-7]),
    _rejected("recipients_undecodable", email=_address("bare").encode()),
    _rejected("recipients_undecodable", email=b'O:8:"stdClass":0:{}'),
    _rejected("exclusions_undecodable", email=_TWO, do_not_send_email=_address("two").encode()),
    _rejected("exclusions_undecodable", email=_TWO, do_not_send_email=_ONE[:-1]),
    _rejected("exclusions_invalid", email=_TWO, do_not_send_email=php.strings(["@schedules.example.com"])),
)

_LIFE = (
    # A hundred days before the last delivery of all, to the second.
    _living(Delivery("2025-06-22 06:00:00", sent_time="2025-06-22 06:00:30")),
    _lifeless("silent", Delivery("2025-06-22 06:00:00", sent_time="2025-06-22 06:00:29")),
    _lifeless("silent", Delivery(_LONG_AGO, sent_time=_LONG_AGO), update_time=BULK_UPDATES[0]),
    _lifeless("never_sent", update_time=BULK_UPDATES[0]),
    # In New York it is still the day of the bulk update; a second before midnight it was not yet.
    _lifeless("never_sent", update_time="2025-07-10 03:59:59"),
    _living(update_time="2025-07-09 03:59:59"),
    _living(create_time="2025-09-15 10:00:00"),
    _living(start_date="2025-09-01"),
    _lifeless(
        "never_sent",
        Delivery("2023-01-02 06:00:00", 0, "0000-00-00 00:00:00"),
        Delivery("2023-01-09 06:00:00", 0, None),
        Delivery("2025-09-29 06:00:00", 0, None),
    ),
    _living(Delivery("2025-09-29 06:00:00", 1, "0000-00-00 00:00:00")),
    _living(Delivery("2025-09-29 06:00:00", 1, None)),
    # A clock that was wrong: neither this schedule's delivery nor the last of all.
    _lifeless("never_sent", Delivery("2099-01-05 06:00:00", sent_time="2099-01-05 06:00:30")),
    _sent(start_date="2022-02-01"),
    _sent(start_date="2023-00-15"),
    Schedule(("fallback", "start_ahead"), (_MONDAY,), columns={"start_date": _AHEAD}, log=()),
    _dead("disabled", enabled="no"),
    # The first reason counts.
    _dead("disabled", enabled="no", report_id=UNKNOWN_REPORT, recurrence="", email=b"N;"),
)

_PARENTS = (
    _dead("report_deleted", report_id=UNKNOWN_REPORT),
    _dead("report_disabled", report_id=178),
    # A report of a lost category, one without columns, and a deleted customer's own for somebody else.
    _rejected("report_not_placed", report_id=180),
    _rejected("report_not_placed", report_id=231),
    _rejected("report_not_served", report_id=179),
    Schedule(("subscribe", "all_accounts"), (_MONDAY,), columns={"customer_id": 0}, account="all"),
    # A customer's own report is about that customer.
    Schedule(("subscribe", "mapped"), (_MONDAY,), columns={"customer_id": 0, "report_id": 202}, account="report"),
    _rejected("account_rejected", customer_id=0, report_id=229),
    _rejected("account_rejected", customer_id=REJECTED),
    _rejected("account_skipped", customer_id=SKIPPED),
    _rejected("account_absent", customer_id=ABSENT),
    _rejected("account_absent", customer_id=ABSENT_LARGE),
)


def _together(place: int, outcome: tuple[str, str], *slots: Slot, to: tuple[str, ...], **columns: Any) -> Schedule:
    addresses = tuple(map(_address, to))
    return Schedule(outcome, slots, addresses, {"email": php.strings(addresses), **columns}, place=place)


_MAPPED = ("subscribe", "mapped")
_TOGETHER = (
    # On Wednesdays both have the same slot.
    _together(1, _MAPPED, _MONDAY, ("weekly", 6, "wed", None), to=("a", "b"), dow_bitmap=10),
    _together(1, _MAPPED, ("weekly", 6, "wed", None), to=("b", "c"), dow_bitmap=8, format="pdf"),
    # Another hour is another slot.
    _together(1, _MAPPED, ("weekly", 7, "wed", None), to=("a",), dow_bitmap=8, tod=7),
    # A fallback that meets the day itself; the reason that tells more stays.
    _together(2, _MAPPED, ("monthly", 6, None, "first"), to=("a",), recurrence="monthly_recurrence", dom=1),
    _together(
        2,
        ("fallback", "month_day_moved"),
        ("monthly", 6, None, "first"),
        to=("b",),
        recurrence="monthly_recurrence",
        dom=2,
    ),
)

PLANTS = (*_TIMES, *_RECIPIENTS, *_LIFE, *_PARENTS, *_TOGETHER)
