"""Around the files: audit and throughput."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sandbox.generator import names, times
from sandbox.generator.world import World


def repo_file_audit(world: World, count: int) -> Iterator[dict[str, Any]]:
    """Pairs of BEFORE and AFTER images; the last of an odd number has no partner."""
    dice = world.dice("repo_file_audit")
    for at in range(count):
        pair, is_after = divmod(at, 2)
        record = pair % world.records.count
        customer = world.accounts.legacy(world.account_of_record(record))
        yield {
            "repo_file_audit_id": at + 1,
            "snapshot": "AFTER" if is_after else "BEFORE",
            "repo_file_id": pair + 1,
            "customer_id": customer,
            "name": names.file(dice, pair, 0),
            "treatment": ("COI_MANUAL", "COI_OCR", "DOC", None)[dice.roll(pair, 2, 4)],
            "vendor_id": world.records.legacy(record),
            "status": "DELETED" if is_after else "SUBMITTED",
            "old_status": "SUBMITTED" if is_after else "",
            "certificate_id": None,
            "document_id": 0,
            "attachment_id": None,
            "upload_src": "DnD",
            "upload_email": None,
            "upload_user_id": world.users.legacy(pair % world.users.count),
            "upload_ip": None,
            "intake_date": times.local(dice, pair, 3) if pair % 9 else "0000-00-00 00:00:00",
            "repo_filepath": f"{customer}\\{pair}.pdf" if pair % 11 == 5 else f"{customer}/{pair}.pdf",
            "ocr_event_id": pair if pair % 4 else None,
            "ocr_qa": ("PASS", "FAIL", None)[dice.roll(pair, 5, 3)],
            "display": "no",
            "supervisor": (None, "no")[is_after],
            "autoextractable": (None, 0, 1, 7)[dice.roll(pair, 6, 4)],
            "type": "application/pdf ",
            "size": dice.roll(pair, 7, 5_000_000),
            "evt_userid": None,
            "evt_sessionid": None,
            "client_id": customer,
            "update_time": f"2024-01-31 12:00:{is_after:02}",
        }


def repo_throughput(world: World, count: int) -> Iterator[dict[str, Any]]:
    """One computed batch; every 25th row is there twice, for nothing forbids it."""
    dice = world.dice("repo_throughput")
    for at in range(count):
        row = at - 1 if at % 25 == 24 else at
        received = dice.roll(row, 3, 5000)
        passed = dice.roll(row, 4, received + 1)
        yield {
            "SO ID": world.accounts.legacy(row % world.accounts.count),
            "SO Name": names.firm(dice, row, 0),
            "Account Manager": " ".join(names.person(dice, row, 5)),
            "# Files Received": received,
            "# COI Files": received * 2 // 3,
            "# DOC Files": received - received * 2 // 3,
            "# Deleted": dice.roll(row, 6, 20),
            "# Manual Entry": dice.roll(row, 7, 20),
            "# OCR Processed": received,
            "# OCR Passed QA": passed,
            "% OCR Passed QA": f"{100 * passed / received:.2f}" if received else None,
            "# Pending": -1 if row % 40 == 7 else dice.roll(row, 8, 9),
            "% Processed": "100.00",
            "% Processed in 24 Hours": f"{dice.roll(row, 9, 10001) / 100:.2f}",
            "Avg Hours to Process": (0.1, 1e-7, 12.345678901234567, 1 / 3)[row % 4],
            "Max Hours to Process": (16777217, 0.1, 72.5, 1e20)[row % 4],
            "First Intake Date": "0000-00-00" if row % 10 == 3 else times.day(dice, row, 10, 2012, 3),
            "Last Intake Date": times.day(dice, row, 11, 2023, 1),
            "Snapshot Time": "2024-02-01 03:00:00",
        }
