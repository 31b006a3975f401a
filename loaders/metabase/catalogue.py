"""Reads the catalogue (schema migration_catalogue): what Metabase should hold, in the words of DTX 1.0's reports."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from psycopg import Connection
from psycopg.rows import class_row, dict_row

SCHEMA = "migration_catalogue"
Coverage = Literal["complete", "partial", "none"]


@dataclass(frozen=True)
class Collection:
    """A folder: of a legacy category, or of an Account's custom reports."""

    collection_key: str
    parent_key: str | None
    name: str
    description: str | None
    account_id: int | None


@dataclass(frozen=True)
class QuestionColumn:
    """One column of a question; `position` counts from 1 in the legacy order."""

    position: int
    reporting_column: str
    title: str
    description: str | None
    display_format: str | None


@dataclass(frozen=True)
class Question:
    """A legacy report, or one Account's share of it; of coverage `none` it is listed and not created."""

    question_key: str
    report_id: int
    name: str
    description: str | None
    collection_key: str
    reporting_model: str | None
    account_id: int | None
    coverage: Coverage
    missing_fields: tuple[str, ...]
    columns: tuple[QuestionColumn, ...]


@dataclass(frozen=True)
class DashboardCard:
    """A question's place on Metabase's grid of 24 columns."""

    position: int
    question_key: str
    row: int
    col: int
    size_x: int
    size_y: int


@dataclass(frozen=True)
class Dashboard:
    """A page of questions."""

    dashboard_key: str
    name: str
    description: str | None
    collection_key: str
    cards: tuple[DashboardCard, ...]


@dataclass(frozen=True)
class Subscription:
    """One mail to be sent: Metabase's own schedule words, the time in `DTX_REPORTING_TIME_ZONE`."""

    subscription_key: str
    schedule_id: int
    dashboard_key: str
    schedule_type: Literal["hourly", "daily", "weekly", "monthly"]
    schedule_hour: int | None
    schedule_day: str | None
    schedule_frame: Literal["first", "mid", "last"] | None
    recipients: tuple[str, ...]
    include_csv: bool
    include_pdf: bool


@dataclass(frozen=True)
class Schedule:
    """What becomes of one legacy schedule."""

    schedule_id: int
    report_id: int | None
    account_id: int | None
    outcome: Literal["subscribe", "fallback", "dead", "reject"]
    reason_code: str
    what_to_do: str


@dataclass(frozen=True)
class Catalogue:
    """All of it, each list in the order of its keys."""

    collections: tuple[Collection, ...]
    questions: tuple[Question, ...]
    dashboards: tuple[Dashboard, ...]
    schedules: tuple[Schedule, ...]
    subscriptions: tuple[Subscription, ...]


_Row = TypeVar("_Row")


def read_catalogue(connection: Connection[Any]) -> Catalogue:
    """Read the whole catalogue in one snapshot, on a connection that is not in a transaction.

    Raises:
        psycopg.errors.UndefinedTable: dbt has not built the catalogue.
    """
    with connection.transaction():
        connection.execute("set transaction isolation level repeatable read, read only")
        columns = _children(connection, "cat_dtx1__question_column", "question_key", QuestionColumn)
        cards = _children(connection, "cat_dtx1__dashboard_card", "dashboard_key", DashboardCard)
        return Catalogue(
            collections=_rows(connection, "cat_dtx1__collection", "collection_key", Collection),
            questions=tuple(
                Question(
                    **row | {"missing_fields": tuple(row["missing_fields"])},
                    columns=tuple(columns[row["question_key"]]),
                )
                for row in _dictionaries(connection, "cat_dtx1__question", "question_key")
            ),
            dashboards=tuple(
                Dashboard(**row, cards=tuple(cards[row["dashboard_key"]]))
                for row in _dictionaries(connection, "cat_dtx1__dashboard", "dashboard_key")
            ),
            schedules=_rows(connection, "cat_dtx1__schedule", "schedule_id", Schedule),
            subscriptions=tuple(
                Subscription(**row | {"recipients": tuple(row["recipients"])})
                for row in _dictionaries(connection, "cat_dtx1__subscription", "subscription_key")
            ),
        )


def _rows(connection: Connection[Any], table: str, key: str, kind: type[_Row]) -> tuple[_Row, ...]:
    with connection.cursor(row_factory=class_row(kind)) as cursor:
        return tuple(cursor.execute(f"select * from {SCHEMA}.{table} order by {key}"))


def _dictionaries(connection: Connection[Any], table: str, key: str) -> Iterable[dict[str, Any]]:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(f"select * from {SCHEMA}.{table} order by {key}").fetchall()


def _children(connection: Connection[Any], table: str, parent: str, kind: type[_Row]) -> dict[str, list[_Row]]:
    children: dict[str, list[_Row]] = defaultdict(list)
    with connection.cursor(row_factory=dict_row) as cursor:
        for row in cursor.execute(f"select * from {SCHEMA}.{table} order by {parent}, position"):
            children[row.pop(parent)].append(kind(**row))
    return children
