"""Cards: questions, models and metrics."""

from __future__ import annotations

import json
from typing import Any

from sandbox.metabase import access, errors, mail, mbql
from sandbox.metabase.collections import presented_place, require_place, resolve
from sandbox.metabase.queries import result_columns
from sandbox.metabase.registry import Call, handles
from sandbox.metabase.settings import VERSION
from sandbox.metabase.store import Document, Store, new_entity_id, now

# A null here means "leave it"; elsewhere in a PUT it is a value.
_NOT_NULL = (
    "name",
    "dataset_query",
    "display",
    "visualization_settings",
    "type",
    "parameters",
    "parameter_mappings",
    "archived",
    "enable_embedding",
    "collection_preview",
)


def find_card(store: Store, reference: str) -> Document:
    """The card that a number or an entity id names; 404 when there is none."""
    found = store.find("card", int(reference)) if reference.isdecimal() else None
    found = found or next(iter(store.all("card", entity_id=reference)), None)
    if found is None:
        raise errors.not_found()
    return found


def shown_card(store: Store, card: Document, *, legacy: bool = False) -> dict[str, Any]:
    """A card as Metabase gives it back: MBQL 5 unless asked for the legacy form."""
    old = mbql.to_mbql4(card["dataset_query"])
    return {
        **card,
        "dataset_query": old if legacy else card["dataset_query"],
        "legacy_query": json.dumps(old),
        "collection_id": presented_place(store, card),
        "creator": access.creator(store, card["creator_id"]),
        "can_write": True,
        "can_restore": bool(card["archived_directly"]),
        "last_used_at": None,
        "average_query_time": None,
        "dashboard_count": len({each["dashboard_id"] for each in store.all("dashcard", card_id=card["id"])}),
    }


def derived(store: Store, query: Document) -> dict[str, Any]:
    """What Metabase works out of a query: database, table, kind."""
    if store.find("database", query["database"]) is None:
        raise errors.not_found()
    native = mbql.is_native(query)
    return {
        "dataset_query": query,
        "database_id": query["database"],
        "table_id": None if native else _table_id(store, query["stages"][0]),
        "query_type": "native" if native else "query",
    }


def _table_id(store: Store, stage: Document) -> int | None:
    if "source-card" in stage:
        source = store.find("card", stage["source-card"])
        return source["table_id"] if source else None
    number: int | None = stage.get("source-table")
    return number


@handles("card.list")
def list_cards(call: Call) -> Any:
    """Cards the caller may read: all, those in the trash, or those a filter asks for; nobody bookmarks here."""
    kind, model = call.query.get("f", "all"), call.query.get("model_id")
    if kind in ("database", "table", "using_model", "using_segment") and model is None:
        raise errors.invalid({"model_id": "model_id is a required parameter when filter mode is set"})
    return [
        shown_card(call.store, card)
        for card in call.store.all("card", archived=kind == "archived")
        if _is_asked_for(card, kind, model, call.caller["id"])
        and access.collection_level(call.store, call.caller, card["collection_id"]) != "none"
    ]


def _is_asked_for(card: Document, kind: str, model: int | None, user_id: int) -> bool:
    answers: dict[str, bool] = {
        "all": True,
        "archived": True,
        "mine": card["creator_id"] == user_id,
        "database": card["database_id"] == model,
        "table": card["table_id"] == model,
        "using_model": card["dataset_query"]["stages"][0].get("source-card") == model,
    }
    return answers.get(kind, False)


@handles("card.get")
def get_card(call: Call) -> Any:
    """One card, by number or entity id."""
    card = find_card(call.store, call.path["id"])
    access.require_read(call.store, call.caller, card["collection_id"])
    return shown_card(call.store, card, legacy=bool(call.query.get("legacy-mbql")))


@handles("card.create")
def create_card(call: Call) -> Any:
    """Keep a card. The client may choose its entity id; one that is taken breaks a constraint of the server's."""
    store, body = call.store, call.body
    collection_id = body.get("collection_id")
    if isinstance(collection_id, str):
        collection = resolve(store, collection_id)
        collection_id = collection["id"] if collection else None
    dashboard = _dashboard(store, body.get("dashboard_id"))
    if dashboard:
        collection_id = dashboard["collection_id"]
    require_place(call, collection_id)
    query = mbql.to_mbql5(body["dataset_query"])
    access.require_queries(store, call.caller, query["database"], native=mbql.is_native(query))
    entity_id = body.get("entity_id") or new_entity_id()
    if store.all("card", entity_id=entity_id):
        raise errors.assertion_failed("duplicate key value violates unique constraint on report_card.entity_id")
    time = now()
    card = store.insert(
        "card",
        {
            "name": body["name"],
            "description": body.get("description"),
            "type": body.get("type") or "question",
            "display": body["display"],
            "visualization_settings": body["visualization_settings"],
            "parameters": body.get("parameters") or [],
            "parameter_mappings": body.get("parameter_mappings") or [],
            "collection_id": collection_id,
            "collection_position": body.get("collection_position"),
            "collection_preview": True,
            "dashboard_id": body.get("dashboard_id"),
            "cache_ttl": body.get("cache_ttl"),
            "entity_id": entity_id,
            "archived": False,
            "archived_directly": False,
            "enable_embedding": False,
            "embedding_type": None,
            "embedding_params": None,
            "public_uuid": None,
            "metabase_version": VERSION,
            "card_schema": 22,
            "creator_id": call.caller["id"],
            "created_at": time,
            "updated_at": time,
            **derived(store, query),
            "result_metadata": body.get("result_metadata") or result_columns(store, query),
        },
    )
    if dashboard:
        _place_on(store, dashboard, card, body.get("dashboard_tab_id"))
    return shown_card(store, card)


def _dashboard(store: Store, number: int | None) -> Document | None:
    if number is None:
        return None
    found = store.find("dashboard", number)
    if found is None:
        raise errors.not_found()
    return found


def _place_on(store: Store, dashboard: Document, card: Document, tab: int | None) -> None:
    """A card made for a dashboard gets its place below everything there."""
    placed = store.all("dashcard", dashboard_id=dashboard["id"])
    store.insert(
        "dashcard",
        {
            "dashboard_id": dashboard["id"],
            "card_id": card["id"],
            "dashboard_tab_id": tab,
            "row": max((each["row"] + each["size_y"] for each in placed), default=0),
            "col": 0,
            "size_x": 12,
            "size_y": 8,
            "parameter_mappings": [],
            "inline_parameters": None,
            "visualization_settings": {},
            "series": [],
            "action_id": None,
            "entity_id": new_entity_id(),
            "created_at": now(),
        },
    )


@handles("card.update")
def update_card(call: Call) -> Any:
    """Change what the body names; throwing a card away also deletes its alerts."""
    store, card = call.store, find_card(call.store, call.path["id"])
    access.require_write(store, call.caller, card["collection_id"])
    changes = {name: value for name, value in call.body.items() if value is not None or name not in _NOT_NULL}
    if "collection_id" in changes:
        require_place(call, changes["collection_id"])
    if "dataset_query" in changes:
        query = mbql.to_mbql5(changes["dataset_query"])
        access.require_queries(store, call.caller, query["database"], native=mbql.is_native(query))
        changes |= derived(store, query)
        changes.setdefault("result_metadata", result_columns(store, query))
    if changes.get("archived", card["archived"]) != card["archived"]:
        changes["archived_directly"] = changes["archived"]
        if changes["archived"]:
            _delete_alerts(store, card)
    updated = {**card, **changes, "updated_at": now()}
    store.put("card", updated)
    return shown_card(store, updated)


def _delete_alerts(store: Store, card: Document) -> None:
    for alert in store.all("notification"):
        if alert["payload"]["card_id"] == card["id"]:
            mail.send(store, "alert stopped", mail.addresses(store, alert["handlers"]))
            store.delete("notification", alert["id"])


@handles("card.delete")
def delete_card(call: Call) -> Any:
    """Delete a card for good, with its places, its alerts and its rows in subscriptions."""
    store, card = call.store, find_card(call.store, call.path["id"])
    access.require_write(store, call.caller, card["collection_id"])
    _delete_alerts(store, card)
    for placed in store.all("dashcard", card_id=card["id"]):
        store.delete("dashcard", placed["id"])
    for pulse in store.all("pulse"):
        cards = [each for each in pulse["cards"] if each["id"] != card["id"]]
        store.put("pulse", {**pulse, "cards": cards})
    store.delete("card", card["id"])
