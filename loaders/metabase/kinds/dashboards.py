"""Dashboards, with the questions on them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from loaders.metabase.desired import marker
from loaders.metabase.kinds.base import Lines, State
from loaders.metabase.objects import Found, Wanted

_PLACE = ("row", "col", "size_x", "size_y")
_KEPT = ("parameter_mappings", "visualization_settings", "dashboard_tab_id")


class Dashboards:
    """Dashboards; found by the key in their description, among those of their collection."""

    name = "dashboard"

    def read_all(self, state: State, wanted: Sequence[Wanted], lines: Lines) -> dict[str, Found]:
        """See `Kind`."""
        found: dict[str, Found] = {}
        unknown = []
        for each in wanted:
            line = lines.get(each.key)
            known = self.read_one(state, line.metabase_id) if line and line.metabase_id else None
            if known:
                found[each.key] = known
            elif each.fields["collection"] in state.ids:
                unknown.append(each)
        for collection in {each.fields["collection"] for each in unknown}:
            found |= self._marked(state, collection, unknown)
        return found

    def _marked(self, state: State, collection: str, wanted: Sequence[Wanted]) -> dict[str, Found]:
        listed = list(state.client.items(f"collection/{state.number(collection)}/items", models="dashboard"))
        found: dict[str, Found] = {}
        for each in wanted:
            for item in listed:
                candidate = self.read_one(state, item["id"]) if item["name"] == each.fields["name"] else None
                if candidate and marker(each.key) in (candidate.fields["description"] or ""):
                    found.setdefault(each.key, candidate)
        return found

    def read_one(self, state: State, metabase_id: int) -> Found | None:
        """See `Kind`."""
        dashboard = state.client.find(f"dashboard/{metabase_id}")
        return _found(state, dashboard) if dashboard else None

    def create(self, state: State, wanted: Wanted) -> int:
        """See `Kind`; Metabase takes the cards in a second step only."""
        return int(state.client.post("dashboard", _text(state, wanted))["id"])

    def update(self, state: State, wanted: Wanted, found: Found) -> None:
        """See `Kind`.

        A card that stays keeps its number: subscriptions lose the attachments of one that is made anew.
        """
        there = defaultdict(list)
        for dashcard in state.client.get(f"dashboard/{found.id}")["dashcards"]:
            there[dashcard["card_id"]].append(dashcard)
        dashcards = []
        for number, card in enumerate(wanted.fields["cards"], 1):
            card_id = state.number(card["card"])
            place = {"card_id": card_id, **{name: card[name] for name in _PLACE}}
            if there[card_id]:
                old = there[card_id].pop(0)
                kept = {name: old[name] for name in _KEPT if old.get(name) is not None and name != "dashboard_tab_id"}
                dashcards.append({"id": old["id"], **kept, **place})
            else:
                dashcards.append({"id": -number, "parameter_mappings": [], "visualization_settings": {}, **place})
        body = _text(state, wanted) | {
            "archived": wanted.fields["archived"],
            "dashcards": dashcards,
            "tabs": wanted.fields["tabs"],
        }
        state.client.put(f"dashboard/{found.id}", body)

    def archive(self, state: State, metabase_id: int) -> None:
        """See `Kind`."""
        state.client.put(f"dashboard/{metabase_id}", {"archived": True})


def _text(state: State, wanted: Wanted) -> dict[str, Any]:
    return {
        "name": wanted.fields["name"],
        "description": wanted.fields["description"],
        "collection_id": state.number(wanted.fields["collection"]),
    }


def _found(state: State, dashboard: dict[str, Any]) -> Found:
    collection = dashboard["collection_id"]
    cards = [
        {"card": _card(state, dashcard), **{name: dashcard[name] for name in _PLACE}}
        for dashcard in sorted(dashboard["dashcards"], key=lambda each: (each["row"], each["col"]))
    ]
    fields = {
        "name": dashboard["name"],
        "description": dashboard["description"],
        "collection": state.key_of("collection", collection) if collection else None,
        "archived": dashboard["archived"],
        "cards": cards,
        "tabs": [tab["name"] for tab in dashboard.get("tabs") or []],
    }
    return Found(dashboard["id"], dashboard.get("entity_id"), fields)


def _card(state: State, dashcard: dict[str, Any]) -> str:
    if dashcard["card_id"] is not None:
        return state.key_of("question", dashcard["card_id"])
    text = (dashcard.get("visualization_settings") or {}).get("text")
    return f"text: {text}" if text else "a card without a question"
