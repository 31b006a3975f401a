"""Computed billing figures without keys, the prepay list, and the work log."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from sandbox.generator import names, times
from sandbox.generator.population import ABSENT, REJECTED, SKIPPED
from sandbox.generator.world import UNBILLED, World


def billing_data(world: World, count: int) -> Iterator[dict[str, Any]]:
    """Figures per service organisation; every 25th row is there twice."""
    dice = world.dice("billing_data")
    for at in range(count):
        row = at - 1 if at % 25 == 24 else at
        active = dice.roll(row, 3, 900)
        compliant = dice.roll(row, 4, active + 1)
        yield {
            "SO ID": world.accounts.legacy(row % world.accounts.count),
            "SO Name": names.firm(dice, row, 0) + ("  " if row % 6 == 1 else ""),
            "Account Manager": " ".join(names.person(dice, row, 5)),
            "Billing Type": ("Per PH", "Flat", "", None)[row % 4],
            "Contract Start Date": ("0000-00-00", "2019-00-00", "2020-02-29", None)[row % 4],
            "# Active PHs": active,
            "# Inactive PHs": dice.roll(row, 6, 90),
            "# Compliant PHs": compliant,
            "% Compliant": f"{100 * compliant / active:.2f}" if active else None,
            "# COIs Processed": dice.roll(row, 7, 3000),
            "# Documents Processed": dice.roll(row, 8, 3000),
            "# PHs Added This Month": dice.roll(row, 9, 50),
            "# PHs Inactivated This Month": dice.roll(row, 10, 50),
            "Price/PH": ("12.3456", "0.0000", "-5.0000", None)[row % 4],
            "Price/Document": "1.2500",
            "Monthly Fee": f"{dice.roll(row, 11, 10**9) / 100:.2f}",
            "Prior Month's Total": f"-{dice.roll(row, 12, 10**6) / 100:.2f}" if row % 9 == 4 else "16777216.25",
            "Current Month's Total": "16777217.00",
            "Prepay?": ("yes", "no", "Y", "", None)[row % 5],
            "Auto-Renew?": ("yes", "no", "1", "0")[row % 4],
            "Snapshot Date": "2024-02-01",
        }


def inactivated_billing_data(world: World, count: int) -> Iterator[dict[str, Any]]:
    """Billing of vendors that were inactivated; their notes are free text."""
    dice = world.dice("inactivated_billing_data")
    notes = (
        "Went out of business",
        'said "no"; C:\\temp\\file',
        "=1+1",
        "déménagé à Zürich",
        "line 1\nline 2",
        "",
        None,
    )
    for at in range(count):
        record = at % world.records.count
        account = world.account_of_record(record)
        yield {
            "SO ID": world.accounts.legacy(account),
            "SO Name": names.firm(dice, account, 0),
            "CH ID": world.accounts.legacy(account),
            "CH Name": names.firm(dice, account, 0),
            "PH ID": world.records.legacy(record),
            "PH Name": names.firm(dice, at, 3),
            "Active Date": times.day(dice, at, 6, 2015, 3),
            "Inactivated Date": "0000-00-00" if at % 12 == 5 else times.day(dice, at, 7, 2020, 3),
            "# Days Active": (-1 if at % 12 == 5 else dice.roll(at, 8, 2000)),
            "% of Year Billed": f"{dice.roll(at, 9, 10001) / 100:.2f}",
            "Billed?": ("yes", "no", "")[at % 3],
            "Client's Reason/Note": notes[at % len(notes)],
        }


def lost_revenue(world: World, count: int) -> Iterator[dict[str, Any]]:
    """Revenue lost with vendors that left."""
    dice = world.dice("lost_revenue")
    for at in range(count):
        record = at % world.records.count
        account = world.account_of_record(record)
        yield {
            "so_id": world.accounts.legacy(account),
            "so_name": names.firm(dice, account, 0),
            "ph_id": world.records.legacy(record),
            "ph_name": names.firm(dice, at, 3),
            "inactivated_time": times.local(dice, at, 6),
            "annual_fee": f"{dice.roll(at, 8, 10**6) / 100:.2f}",
            "lost_revenue": f"-{dice.roll(at, 9, 10**6) / 100:.2f}" if at % 4 == 1 else "0.00",
            "reason": ("Merged with another tenant", "non-payment ", "", None)[at % 4],
            "create_time": "2024-02-01 03:00:00",
        }


def prepay_so_list(world: World, count: int) -> Iterator[dict[str, Any]]:
    """Customers on prepaid plans, whatever their BillingProfile says: some twice, some without either."""
    unusual = (ABSENT, None, REJECTED, SKIPPED, world.accounts.legacy(world.extra_account(UNBILLED)))
    for at in range(count):
        odd = at % 100 - 41
        yield {
            "customer_id": unusual[odd] if 0 <= odd < len(unusual) else world.accounts.legacy(at % world.accounts.count)
        }


def work_log(world: World, count: int) -> Iterator[dict[str, Any]]:
    """Sessions; about half of them were never ended."""
    dice = world.dice("work_log")
    for at in range(count):
        start = times.local(dice, at, 0)
        yield {
            "user_id": world.users.legacy(dice.roll(at, 2, world.users.count)),
            "session_id": hashlib.sha1(b"session %d" % (at // 3), usedforsecurity=False).hexdigest(),
            "customer_id": 0 if at % 15 == 8 else world.accounts.legacy(at % world.accounts.count),
            "start_time": start,
            "end_time": None if dice.roll(at, 3, 2) else f"{start[:10]} 23:59:59",
        }
