"""Dashboards: one PUT replaces all dashcards and tabs, and edits the dashboard's subscriptions."""

from __future__ import annotations

from typing import Any

from sandbox.metabase import access, errors, subscriptions
from sandbox.metabase.cards import shown_card
from sandbox.metabase.collections import presented_place, require_place
from sandbox.metabase.registry import Call, handles
from sandbox.metabase.store import Document, Store, new_entity_id, now

# A null here means "leave it"; elsewhere in a PUT it is a value.
_NOT_NULL = ("name", "parameters", "auto_apply_filters", "archived", "enable_embedding", "show_in_getting_started")
_DASHCARD = (
    "card_id",
    "dashboard_tab_id",
    "row",
    "col",
    "size_x",
    "size_y",
    "parameter_mappings",
    "inline_parameters",
    "visualization_settings",
    "series",
    "action_id",
)
_EMPTY: dict[str, type] = {"parameter_mappings": list, "series": list, "visualization_settings": dict}


def find_dashboard(store: Store, reference: str) -> Document:
    """The dashboard that a number or an entity id names; 404 when there is none."""
    found = store.find("dashboard", int(reference)) if reference.isdecimal() else None
    found = found or next(iter(store.all("dashboard", entity_id=reference)), None)
    if found is None:
        raise errors.not_found()
    return found


def visible_dashcards(store: Store, dashboard_id: int) -> list[Document]:
    """A dashboard's dashcards, but for those whose card lies in the trash."""
    found = []
    for dashcard in store.all("dashcard", dashboard_id=dashboard_id):
        card = store.find("card", dashcard["card_id"]) if dashcard["card_id"] else None
        if card is None or not card["archived"]:
            found.append(dashcard)
    return found


def _tabs(store: Store, dashboard_id: int) -> list[Document]:
    return sorted(store.all("tab", dashboard_id=dashboard_id), key=lambda tab: tab["position"])


def _shown(store: Store, dashboard: Document) -> dict[str, Any]:
    dashcards = []
    for dashcard in visible_dashcards(store, dashboard["id"]):
        card = store.find("card", dashcard["card_id"]) if dashcard["card_id"] else None
        series = [store.find("card", each["id"]) for each in dashcard["series"]]
        shown = {"card": shown_card(store, card) if card else None, "collection_authority_level": None}
        dashcards.append({**dashcard, **shown, "series": [shown_card(store, each) for each in series if each]})
    return {
        **_alone(store, dashboard),
        "dashcards": dashcards,
        "tabs": _tabs(store, dashboard["id"]),
        "last_used_param_values": {},
        "param_fields": {},
    }


def _alone(store: Store, dashboard: Document) -> dict[str, Any]:
    return {
        **dashboard,
        "collection_id": presented_place(store, dashboard),
        "can_write": True,
        "can_restore": bool(dashboard["archived_directly"]),
    }


@handles("dashboard.get")
def get_dashboard(call: Call) -> Any:
    """One dashboard with dashcards and tabs, by number or entity id."""
    dashboard = find_dashboard(call.store, call.path["id"])
    access.require_read(call.store, call.caller, dashboard["collection_id"])
    return _shown(call.store, dashboard)


@handles("dashboard.create")
def create_dashboard(call: Call) -> Any:
    """An empty dashboard; nobody minds a name that is there already."""
    require_place(call, call.body.get("collection_id"))
    time = now()
    dashboard = call.store.insert(
        "dashboard",
        {
            "name": call.body["name"],
            "description": call.body.get("description"),
            "caveats": None,
            "points_of_interest": None,
            "parameters": call.body.get("parameters") or [],
            "collection_id": call.body.get("collection_id"),
            "collection_position": call.body.get("collection_position"),
            "cache_ttl": call.body.get("cache_ttl"),
            "position": None,
            "width": "fixed",
            "auto_apply_filters": True,
            "show_in_getting_started": False,
            "enable_embedding": False,
            "embedding_type": None,
            "embedding_params": None,
            "public_uuid": None,
            "archived": False,
            "archived_directly": False,
            "entity_id": new_entity_id(),
            "creator_id": call.caller["id"],
            "created_at": time,
            "updated_at": time,
        },
    )
    return _alone(call.store, dashboard)


@handles("dashboard.update")
def update_dashboard(call: Call) -> Any:
    """Change what the body names. `dashcards` and `tabs` replace all there are, `tabs` only beside `dashcards`."""
    store, dashboard = call.store, find_dashboard(call.store, call.path["id"])
    access.require_write(store, call.caller, dashboard["collection_id"])
    changes = {
        name: value
        for name, value in call.body.items()
        if name not in ("dashcards", "tabs") and (value is not None or name not in _NOT_NULL)
    }
    if "collection_id" in changes:
        require_place(call, changes["collection_id"])
    if changes.get("archived", dashboard["archived"]) != dashboard["archived"]:
        changes["archived_directly"] = changes["archived"]
    updated = {**dashboard, **changes, "updated_at": now()}
    store.put("dashboard", updated)
    if call.body.get("dashcards") is not None:
        _replace(store, updated, call.body["dashcards"], call.body.get("tabs"))
    subscriptions.after_dashboard_save(
        store, updated, dashboard["parameters"], visible_dashcards(store, dashboard["id"])
    )
    return _shown(store, updated)


def _replace(store: Store, dashboard: Document, wanted: list[Document], tabs: list[Document] | None) -> None:
    tab_ids = _replace_tabs(store, dashboard["id"], tabs)
    known = {each["id"]: each for each in visible_dashcards(store, dashboard["id"])}
    kept = set()
    for dashcard in wanted:
        earlier = known.get(dashcard["id"])
        if dashcard["id"] >= 0 and earlier is None:
            raise errors.not_found()
        _require_cards(store, dashcard)
        place = {name: dashcard[name] for name in _DASHCARD if name in dashcard}
        place |= {name: place.get(name) or empty() for name, empty in _EMPTY.items() if name in place or not earlier}
        if tab_ids:
            place["dashboard_tab_id"] = _tab_of(tab_ids, dashcard)
        elif dashcard.get("dashboard_tab_id"):
            raise errors.invalid({"dashcards": "This dashboard has no tabs."})
        if earlier:
            store.put("dashcard", {**earlier, **place, "updated_at": now()})
            kept.add(earlier["id"])
            continue
        store.insert(
            "dashcard",
            {
                **dict.fromkeys(_DASHCARD),
                **place,
                "dashboard_id": dashboard["id"],
                "entity_id": new_entity_id(),
                "created_at": now(),
            },
        )
    for number in set(known) - kept:
        store.delete("dashcard", number)


def _require_cards(store: Store, dashcard: Document) -> None:
    for number in (dashcard["card_id"], *(each["id"] for each in dashcard.get("series") or [])):
        if number is None:
            continue
        card = store.find("card", number)
        if card is None:
            raise errors.not_found()
        if card["archived"]:
            raise errors.archived()


def _replace_tabs(store: Store, dashboard_id: int, tabs: list[Document] | None) -> dict[int, int]:
    """Make the tabs those listed, in that order; gives their numbers by the ids that the request used."""
    known = {tab["id"]: tab for tab in store.all("tab", dashboard_id=dashboard_id)}
    if tabs is None:
        return {number: number for number in known}
    numbers = {}
    for position, tab in enumerate(tabs):
        if tab["id"] < 0:
            new = {"dashboard_id": dashboard_id, "name": tab["name"], "position": position}
            numbers[tab["id"]] = store.insert("tab", {**new, "entity_id": new_entity_id()})["id"]
            continue
        if tab["id"] not in known:
            raise errors.not_found()
        store.put("tab", {**known[tab["id"]], "name": tab["name"], "position": position})
        numbers[tab["id"]] = tab["id"]
    for number in set(known) - set(numbers.values()):
        store.delete("tab", number)
        for dashcard in store.all("dashcard", dashboard_tab_id=number):
            store.delete("dashcard", dashcard["id"])
    return numbers


def _tab_of(numbers: dict[int, int], dashcard: Document) -> int:
    asked = dashcard.get("dashboard_tab_id")
    if asked is None and len(numbers) == 1:
        return next(iter(numbers.values()))
    if asked not in numbers:
        raise errors.invalid({"dashcards": "This dashboard has tab, makes sure every card has a tab"})
    return numbers[asked]
