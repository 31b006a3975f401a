"""Legacy schedules in a whole migration, from payloads to the catalogue's subscriptions, against the answer key."""

from __future__ import annotations

import csv
import json
from typing import Any

from migration import Migration


def answers(migration: Migration, name: str) -> list[dict[str, Any]]:
    with (migration.folder / "answer_key" / "catalogue" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_t3_each_schedule_has_its_outcome(migration: Migration) -> None:
    found = migration.query(
        "select schedule_id::text, report_id::text, coalesce(account_id::text, ''), outcome, reason_code "
        "from migration_catalogue.cat_dtx1__schedule"
    )
    assert sorted(found) == sorted(tuple(answer.values()) for answer in answers(migration, "schedule"))
    assert len({reason for *_, reason in found}) > 25


def test_t3_each_subscription_has_its_time_and_its_recipients(migration: Migration) -> None:
    """Who is excluded gets nothing; who stands twice, or in two schedules of one time, gets one mail."""
    found = migration.query(
        "select dashboard_key, schedule_type, schedule_hour::text, coalesce(schedule_day, ''), "
        "coalesce(schedule_frame, ''), schedule_id::text, include_csv::text, include_pdf::text, recipients "
        "from migration_catalogue.cat_dtx1__subscription"
    )
    expected = [
        (
            f"scheduled:{answer['report_id']}" + (f":account:{answer['account_id']}" if answer["account_id"] else ""),
            *(answer[name] for name in ("schedule_type", "schedule_hour", "schedule_day", "schedule_frame")),
            answer["schedule_id"],
            answer["include_csv"].lower(),
            answer["include_pdf"].lower(),
            json.loads(answer["recipients"]),
        )
        for answer in answers(migration, "subscription")
    ]
    assert sorted((*row, sorted(recipients)) for *row, recipients in found) == sorted(expected)
    assert len(found) > 50


def test_a_question_is_asked_for_each_subscription(migration: Migration) -> None:
    asked = migration.query("select report_id, account_id from migration_intermediate.int_dtx1__scheduled_question")
    keys = {f"scheduled:{report}" + (f":account:{account}" if account else "") for report, account in asked}
    sent = migration.query("select distinct dashboard_key from migration_catalogue.cat_dtx1__subscription")
    assert keys == {key for (key,) in sent}
