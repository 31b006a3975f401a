"""The catalogue as objects of Metabase: pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from loaders.errors import ConfigurationError
from loaders.metabase.catalogue import (
    Catalogue,
    Collection,
    Dashboard,
    Question,
    QuestionColumn,
    Subscription,
)
from loaders.metabase.objects import Wanted

SCHEMA = "reporting"
DATABASE = "database:reporting"
READERS = "group:readers"
DATABASE_NAME = "DTX 2.0 reporting"
READERS_NAME = "DTX report readers"
ALL_USERS = "All Users"
# Metabase's own limit of names.
_LONGEST_NAME = 254

Formats = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Connection:
    """How Metabase is to reach the reporting schema; the password is no part of any comparison."""

    host: str
    port: int
    dbname: str
    user: str
    ssl: bool


def desired(catalogue: Catalogue, formats: Formats, connection: Connection) -> dict[str, list[Wanted]]:
    """Every object that Metabase should hold, by kind, in the order in which they are to be written.

    Args:
        catalogue: what the reports were.
        formats: display format -> Metabase's column settings.
        connection: of the database.

    Raises:
        ConfigurationError: the catalogue contradicts itself; names the keys.
    """
    questions = [question for question in catalogue.questions if question.coverage != "none"]
    collections = _parents_first(catalogue.collections)
    _check(catalogue, questions, formats)
    return {
        "group": [Wanted(READERS, "group", READERS_NAME, {"name": READERS_NAME})],
        "database": [_database(connection)],
        "data_access": [
            Wanted(
                "data_access:reporting",
                "data_access",
                f"queries on {DATABASE_NAME}",
                {ALL_USERS: "no", READERS_NAME: "query-builder"},
            )
        ],
        "collection": [_collection(each) for each in collections],
        "collection_access": [
            Wanted(
                f"collection_access:{each.collection_key}",
                "collection_access",
                f"who sees {each.name}",
                {ALL_USERS: "none", READERS_NAME: "read"},
            )
            for each in collections
        ],
        "question": [_question(each, formats) for each in questions],
        "dashboard": [_dashboard(each) for each in catalogue.dashboards],
        "subscription": [
            _subscription(each, _dashboard_of(catalogue, each.dashboard_key)) for each in catalogue.subscriptions
        ],
    }


def _database(connection: Connection) -> Wanted:
    fields = {
        "name": DATABASE_NAME,
        "engine": "postgres",
        "host": connection.host,
        "port": connection.port,
        "dbname": connection.dbname,
        "user": connection.user,
        "ssl": connection.ssl,
        "schemas": SCHEMA,
    }
    return Wanted(DATABASE, "database", DATABASE_NAME, fields)


def _collection(collection: Collection) -> Wanted:
    key = f"collection:{collection.collection_key}"
    fields = {
        "name": _name(collection.name),
        "description": described(collection.description, key),
        "parent": f"collection:{collection.parent_key}" if collection.parent_key else None,
        "archived": False,
    }
    return Wanted(key, "collection", collection.name, fields)


def _question(question: Question, formats: Formats) -> Wanted:
    """A query of the GUI's own kind, so that drill-through and filters work; `fields` give the legacy order."""
    table = question.reporting_model
    columns = each_once(question.columns)
    query: dict[str, Any] = {
        "source-table": table,
        "fields": [f"{table}.{column.reporting_column}" for column in columns],
    }
    if question.account_id is not None:
        query["filters"] = [["=", f"{table}.account_id", question.account_id]]
    missing = f"Left out, since DTX 2.0 has no counterpart: {', '.join(question.missing_fields)}."
    description = [question.description, missing if question.missing_fields else None]
    fields = {
        "name": _name(question.name),
        "description": described("\n\n".join(filter(None, description)), question.question_key),
        "collection": f"collection:{question.collection_key}",
        "archived": False,
        "type": "question",
        "display": "table",
        "query": query,
        "visualization_settings": {
            "table.columns": [{"name": column.reporting_column, "enabled": True} for column in columns],
            "column_settings": {
                f'["name","{column.reporting_column}"]': {
                    "column_title": column.title,
                    **(formats[column.display_format] if column.display_format else {}),
                }
                for column in columns
            },
        },
    }
    return Wanted(f"question:{question.question_key}", "question", question.name, fields)


def _dashboard(dashboard: Dashboard) -> Wanted:
    key = f"dashboard:{dashboard.dashboard_key}"
    fields = {
        "name": _name(dashboard.name),
        "description": described(dashboard.description, key),
        "collection": f"collection:{dashboard.collection_key}",
        "archived": False,
        "cards": [
            {
                "card": f"question:{card.question_key}",
                "row": card.row,
                "col": card.col,
                "size_x": card.size_x,
                "size_y": card.size_y,
            }
            for card in sorted(dashboard.cards, key=lambda card: (card.row, card.col))
        ],
        "tabs": [],
    }
    return Wanted(key, "dashboard", dashboard.name, fields)


def _subscription(subscription: Subscription, dashboard: Dashboard) -> Wanted:
    fields = {
        "dashboard": f"dashboard:{subscription.dashboard_key}",
        "schedule_type": subscription.schedule_type,
        "schedule_hour": subscription.schedule_hour,
        "schedule_day": subscription.schedule_day,
        "schedule_frame": subscription.schedule_frame,
        "recipients": sorted({address.lower() for address in subscription.recipients}),
        "cards": sorted(
            (
                {"card": f"question:{card.question_key}", "csv": subscription.include_csv, "xls": False}
                for card in dashboard.cards
            ),
            key=lambda card: str(card["card"]),
        ),
        "pdf": subscription.include_pdf,
        "skip_if_empty": False,
        "channels": 1,
        "enabled": True,
        "archived": False,
    }
    when = " ".join(
        str(part)
        for part in (
            subscription.schedule_type,
            subscription.schedule_frame,
            subscription.schedule_day,
            f"{subscription.schedule_hour}:00" if subscription.schedule_hour is not None else None,
        )
        if part is not None
    )
    return Wanted(f"subscription:{subscription.subscription_key}", "subscription", f"{dashboard.name}, {when}", fields)


def described(description: str | None, key: str) -> str:
    """A description with the object's key at its end: a second identity, which survives a restore elsewhere."""
    return f"{description.strip()}\n\n{marker(key)}" if description and description.strip() else marker(key)


def marker(key: str) -> str:
    """What an object's description says of its key."""
    return f"[{key}]"


def _name(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"


def each_once(columns: Sequence[QuestionColumn]) -> list[QuestionColumn]:
    """Metabase takes a column once: legacy fields that have become one column share it, under all their titles."""
    once: dict[str, QuestionColumn] = {}
    titles: dict[str, list[str]] = {}
    for column in sorted(columns, key=lambda column: column.position):
        once.setdefault(column.reporting_column, column)
        named = titles.setdefault(column.reporting_column, [])
        if column.title not in named:
            named.append(column.title)
    return [
        QuestionColumn(
            column.position,
            column.reporting_column,
            " / ".join(titles[column.reporting_column]),
            column.description,
            column.display_format,
        )
        for column in once.values()
    ]


def _parents_first(collections: Sequence[Collection]) -> list[Collection]:
    by_key = {collection.collection_key: collection for collection in collections}
    ordered: dict[str, Collection] = {}

    def add(collection: Collection, below: tuple[str, ...]) -> None:
        if collection.collection_key in below:
            raise ConfigurationError(f"collection {collection.collection_key} of the catalogue is in itself")
        if collection.parent_key and collection.parent_key not in ordered:
            if collection.parent_key not in by_key:
                raise ConfigurationError(f"collection {collection.collection_key} has no parent in the catalogue")
            add(by_key[collection.parent_key], (*below, collection.collection_key))
        ordered[collection.collection_key] = collection

    for collection in collections:
        add(collection, ())
    return list(ordered.values())


def _dashboard_of(catalogue: Catalogue, dashboard_key: str) -> Dashboard:
    return next(dashboard for dashboard in catalogue.dashboards if dashboard.dashboard_key == dashboard_key)


def _check(catalogue: Catalogue, questions: Sequence[Question], formats: Formats) -> None:
    collections = {collection.collection_key for collection in catalogue.collections}
    created = {question.question_key for question in questions}
    dashboards = {dashboard.dashboard_key for dashboard in catalogue.dashboards}
    faults = [
        *(f"{each.question_key} is in no collection" for each in questions if each.collection_key not in collections),
        *(f"{each.question_key} has no columns" for each in questions if not each.columns or not each.reporting_model),
        *(
            f"{each.question_key} has the display format {column.display_format}, which has no settings"
            for each in questions
            for column in each.columns
            if column.display_format and column.display_format not in formats
        ),
        *(
            f"dashboard {each.dashboard_key} is in no collection"
            for each in catalogue.dashboards
            if each.collection_key not in collections
        ),
        *(
            f"dashboard {each.dashboard_key} shows {card.question_key}, which is not created"
            for each in catalogue.dashboards
            for card in each.cards
            if card.question_key not in created
        ),
        *(
            f"subscription {each.subscription_key} sends {each.dashboard_key}, which is no dashboard"
            for each in catalogue.subscriptions
            if each.dashboard_key not in dashboards
        ),
        *(
            f"subscription {each.subscription_key} has no recipient"
            for each in catalogue.subscriptions
            if not each.recipients
        ),
        *(
            f"{number} subscriptions of {slot[0]} have one schedule, which is all that tells them apart"
            for slot, number in Counter(map(slot_of, catalogue.subscriptions)).items()
            if number > 1
        ),
    ]
    if faults:
        raise ConfigurationError(
            f"the catalogue contradicts itself: {'; '.join(faults[:10])}" + (" …" if len(faults) > 10 else ""),
            hint="Correct the seeds and run dbt build; dbt's tests of the catalogue say more.",
        )


def slot_of(subscription: Subscription) -> tuple[str, str, int | None, str | None, str | None]:
    """What identifies a subscription in Metabase, which renames it at every save of its dashboard."""
    return (
        subscription.dashboard_key,
        subscription.schedule_type,
        subscription.schedule_hour,
        subscription.schedule_day,
        subscription.schedule_frame,
    )
