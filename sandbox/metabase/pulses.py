"""Dashboard subscriptions, whose endpoint is still called pulse."""

from __future__ import annotations

from typing import Any

from sandbox.metabase import access, errors, mail
from sandbox.metabase.collections import require_place
from sandbox.metabase.registry import Call, handles
from sandbox.metabase.store import Document, Store, new_entity_id, now
from sandbox.metabase.subscriptions import archive, new_row


def _pulse(call: Call) -> Document:
    found = call.store.find("pulse", call.number)
    if found is None:
        raise errors.not_found()
    access.require_read(call.store, call.caller, found["collection_id"])
    return found


def _shown(store: Store, pulse: Document) -> dict[str, Any]:
    cards = []
    for row in pulse["cards"]:
        card = store.find("card", row["id"])
        if card and not card["archived"]:
            names = ("name", "description", "display", "collection_id")
            more = {"dashboard_id": pulse["dashboard_id"], "parameter_mappings": []}
            cards.append({**row, **{name: card[name] for name in names}, **more})
    channels = []
    for channel in pulse["channels"]:
        users = [access.creator(store, number) for number in channel["user_ids"]]
        plain = {name: value for name, value in channel.items() if name not in ("user_ids", "emails")}
        externals = [{"email": address} for address in channel["emails"]]
        channels.append({**plain, "pulse_id": pulse["id"], "recipients": [*externals, *users]})
    creator = access.creator(store, pulse["creator_id"])
    return {**pulse, "cards": cards, "channels": channels, "creator": creator, "can_write": True}


def _rows(store: Store, dashboard_id: int, wanted: list[Document], known: list[Document]) -> list[Document]:
    """A subscription's cards; each must be where it says on the dashboard."""
    earlier = {(row["id"], row["dashboard_card_id"]): row for row in known}
    rows = []
    for card in wanted:
        if store.find("card", card["id"]) is None:
            raise errors.not_found()
        number = card.get("dashboard_card_id")
        if number is not None:
            dashcard = store.find("dashcard", number)
            if dashcard is None:
                raise errors.assertion_failed("foreign key violation on pulse_card.dashboard_card_id")
            if (dashcard["dashboard_id"], dashcard["card_id"]) != (dashboard_id, card["id"]):
                raise errors.invalid({"cards": "dashboard_card_id is not this card's place on this dashboard"})
        row = earlier.get((card["id"], number)) or new_row(store, card["id"], number)
        flags = ("include_csv", "include_xls", "format_rows", "pivot_results")
        rows.append({**row, **{name: card[name] for name in flags if card.get(name) is not None}})
    return rows


def _channels(store: Store, wanted: list[Document], known: list[Document]) -> list[Document]:
    """A subscription's channels: those with a known id are changed, the others are new."""
    earlier = {channel["id"]: channel for channel in known}
    channels = []
    for channel in wanted:
        number = channel.get("id")
        if number is not None and number not in earlier:
            raise errors.not_found()
        users, emails = _recipients(store, channel.get("recipients") or [])
        details = {name: value for name, value in (channel.get("details") or {}).items() if name != "emails"}
        kept = earlier.get(number or 0) or {"id": store.next_id("pulse_channel"), "entity_id": new_entity_id()}
        schedule = {f"schedule_{name}": channel.get(f"schedule_{name}") for name in ("hour", "day", "frame")}
        channels.append(
            {
                **kept,
                "channel_type": channel["channel_type"],
                "channel_id": channel.get("channel_id"),
                "enabled": channel["enabled"],
                "schedule_type": channel["schedule_type"],
                **schedule,
                "details": details,
                "user_ids": users,
                "emails": emails,
            }
        )
    return channels


def _recipients(store: Store, recipients: list[Document]) -> tuple[list[int], list[str]]:
    """Numbers of users and addresses of others; 404 for an unknown user, 403 for one with another address."""
    users, emails = [], []
    for recipient in recipients:
        if "id" not in recipient:
            emails.append(recipient["email"])
            continue
        user = store.find("user", recipient["id"])
        if user is None:
            raise errors.not_found()
        address: str = user["email"]
        if recipient.get("email", address).lower() != address:
            raise errors.forbidden()
        users.append(user["id"])
    return list(dict.fromkeys(users)), list(dict.fromkeys(emails))


@handles("pulse.list")
def list_pulses(call: Call) -> Any:
    """Subscriptions that are archived, or those that are not: never both."""
    archived, dashboard_id = call.query.get("archived", False), call.query.get("dashboard_id")
    return [
        _shown(call.store, pulse)
        for pulse in call.store.all("pulse", archived=archived)
        if dashboard_id in (None, pulse["dashboard_id"])
        and access.collection_level(call.store, call.caller, pulse["collection_id"]) != "none"
        and (not call.query.get("creator_or_recipient") or _concerns(pulse, call.caller["id"]))
    ]


def _concerns(pulse: Document, user_id: int) -> bool:
    return pulse["creator_id"] == user_id or any(user_id in channel["user_ids"] for channel in pulse["channels"])


@handles("pulse.get")
def get_pulse(call: Call) -> Any:
    """One subscription."""
    return _shown(call.store, _pulse(call))


@handles("pulse.create")
def create_pulse(call: Call) -> Any:
    """A subscription to a dashboard. Nobody is mailed, and nobody minds one with the same schedule."""
    store, body = call.store, call.body
    dashboard = store.find("dashboard", body["dashboard_id"])
    if dashboard is None:
        raise errors.not_found()
    access.require_read(store, call.caller, dashboard["collection_id"])
    if "collection_id" in body:
        require_place(call, body["collection_id"])
    time = now()
    pulse = store.insert(
        "pulse",
        {
            "name": body["name"],
            "dashboard_id": dashboard["id"],
            "collection_id": body.get("collection_id", dashboard["collection_id"]),
            "collection_position": body.get("collection_position"),
            "skip_if_empty": body["skip_if_empty"],
            "parameters": body.get("parameters") or [],
            "archived": False,
            "alert_condition": None,
            "entity_id": new_entity_id(),
            "creator_id": call.caller["id"],
            "cards": _rows(store, dashboard["id"], body["cards"], []),
            "channels": _channels(store, body["channels"], []),
            "created_at": time,
            "updated_at": time,
        },
    )
    return _shown(store, pulse)


@handles("pulse.update")
def update_pulse(call: Call) -> Any:
    """Change a subscription; cards and channels are replaced whole, archiving disables the channels."""
    store, pulse, body = call.store, _pulse(call), call.body
    if "collection_id" in body:
        require_place(call, body["collection_id"])
    names = ("name", "skip_if_empty", "archived", "collection_id", "collection_position")
    updated = {**pulse, **{name: body[name] for name in names if name in body}, "updated_at": now()}
    if "parameters" in body:
        updated["parameters"] = body["parameters"] or []
    if "cards" in body:
        updated["cards"] = _rows(store, pulse["dashboard_id"], body["cards"], pulse["cards"])
    if "channels" in body:
        updated["channels"] = _channels(store, body["channels"], pulse["channels"])
    if updated["archived"]:
        archive(updated)
    elif pulse["archived"] and "channels" not in body:
        updated["channels"] = [{**channel, "enabled": True} for channel in updated["channels"]]
    store.put("pulse", updated)
    return _shown(store, updated)


@handles("pulse.test")
def send_now(call: Call) -> Any:
    """Send a subscription that nobody kept, at once: into the outbox."""
    for channel in _channels(call.store, call.body["channels"], []):
        users = [access.creator(call.store, number)["email"] for number in channel["user_ids"]]
        mail.send(call.store, "subscription sent", [*users, *channel["emails"]])
    return {"ok": True}
