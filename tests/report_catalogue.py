"""A small catalogue of reports, made by hand."""

from __future__ import annotations

from typing import Any

from loaders.metabase.catalogue import (
    Catalogue,
    Collection,
    Question,
    QuestionColumn,
    Schedule,
    Subscription,
)

COLLECTIONS = (
    Collection("account:17", "category:5", "Harbour Estates", None, 17),
    Collection("category:1", None, "COI", "Certificates of insurance", None),
    Collection("category:5", None, "Custom", None, None),
)


def question(report_id: int, name: str = "Plain", account_id: int | None = None, **changes: Any) -> Question:
    """A complete question of two columns; `columns` are reporting columns and display formats."""
    columns = changes.pop("columns", (("vendor_name", None), ("limit_amount", "money")))
    key = f"report:{report_id}" + ("" if account_id is None else f":account:{account_id}")
    defaults: dict[str, Any] = {
        "question_key": key,
        "report_id": report_id,
        "name": name,
        "description": None,
        "collection_key": "category:1",
        "reporting_model": "rpt_record_compliance",
        "account_id": account_id,
        "coverage": "complete",
        "missing_fields": (),
        "columns": tuple(
            QuestionColumn(position, column, column.replace("_", " ").title(), None, display_format)
            for position, (column, display_format) in enumerate(columns, start=1)
        ),
    }
    return Question(**defaults | changes)


def schedule(
    schedule_id: int, report_id: int | None, account_id: int | None = None, outcome: Any = "subscribe"
) -> Schedule:
    return Schedule(schedule_id, report_id, account_id, outcome, "mapped", "")


def subscription(schedule_id: int, *recipients: str, number: int = 1) -> Subscription:
    key = f"schedule:{schedule_id}:{number}"
    return Subscription(key, schedule_id, "dashboard", "daily", 7, None, None, recipients, True, False)


def catalogue(*questions: Question, **parts: Any) -> Catalogue:
    """These questions, in the order of their keys, in the three collections."""
    defaults: dict[str, Any] = {
        "collections": COLLECTIONS,
        "questions": tuple(sorted(questions, key=lambda each: each.question_key)),
        "dashboards": (),
        "schedules": (),
        "subscriptions": (),
    }
    return Catalogue(**defaults | parts)
