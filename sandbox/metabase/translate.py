"""Entity ids to numbers."""

from __future__ import annotations

from typing import Any

from sandbox.metabase.registry import Call, handles
from sandbox.metabase.store import Document, Store

_KINDS = {
    "card": "card",
    "dataset": "card",
    "metric": "card",
    "dashboard": "dashboard",
    "collection": "collection",
    "dashboard-card": "dashcard",
    "dashboard-tab": "tab",
    "pulse": "pulse",
    "permissions-group": "group",
    "user": "user",
}


@handles("eid.translate")
def translate(call: Call) -> Any:
    """The number behind each entity id; `not-found` where there is none."""
    answer: dict[str, Any] = {}
    for model, entity_ids in call.body["entity_ids"].items():
        known = {each["entity_id"]: each["id"] for each in _documents(call.store, model)}
        for entity_id in entity_ids:
            found = {"id": known[entity_id], "status": "ok"} if entity_id in known else {"status": "not-found"}
            answer[entity_id] = {**found, "type": model}
    return {"entity_ids": answer}


def _documents(store: Store, model: str) -> list[Document]:
    if model == "pulse-channel":
        return [channel for pulse in store.all("pulse") for channel in pulse["channels"]]
    return store.all(_KINDS[model]) if model in _KINDS else []
