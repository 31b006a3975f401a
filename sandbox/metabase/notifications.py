"""Question alerts."""

from __future__ import annotations

import re
from typing import Any

from sandbox.metabase import access, errors, mail
from sandbox.metabase.registry import Call, handles
from sandbox.metabase.store import Document, Store, now


def _notification(call: Call) -> Document:
    found = call.store.find("notification", call.number)
    if found is None:
        raise errors.not_found()
    if found["creator_id"] != call.caller["id"]:
        access.require_admin(call.store, call.caller)
    return found


def _shown(store: Store, notification: Document) -> dict[str, Any]:
    card = store.find("card", notification["payload"]["card_id"])
    payload = {**notification["payload"], "card": card and {"id": card["id"], "name": card["name"]}}
    return {**notification, "payload": payload, "creator": access.creator(store, notification["creator_id"])}


def _check_cron(subscriptions: list[Document]) -> None:
    """Quartz wants a question mark in exactly one of day of month and day of week."""
    for subscription in subscriptions:
        fields = subscription["cron_schedule"].split(" ")
        if (fields[3] == "?") == (fields[5] == "?") or not re.fullmatch(r"[0-9*/,-]+", fields[2]):
            raise errors.invalid({"subscriptions": "value must be a valid Quartz cron schedule"})


def _check_people(store: Store, handlers: list[Document]) -> None:
    for recipient in (recipient for handler in handlers for recipient in handler["recipients"]):
        for name, kind in (("user_id", "user"), ("permissions_group_id", "group")):
            number = recipient.get(name)
            if number is not None and store.find(kind, number) is None:
                raise errors.not_found()


def _numbered(store: Store, kind: str, wanted: list[Document], known: list[Document]) -> list[Document]:
    """Rows that keep the numbers they were read with; those without one, or with one that is gone, are new."""
    numbers = {row["id"] for row in known}
    return [{**row, "id": row["id"] if row.get("id") in numbers else store.next_id(kind)} for row in wanted]


def _parts(store: Store, body: Document, known: Document | None) -> dict[str, Any]:
    """Payload, subscriptions and handlers as they are kept."""
    _check_cron(body["subscriptions"])
    _check_people(store, body["handlers"])
    earlier = known or {"subscriptions": [], "handlers": []}
    payload = {"send_condition": "has_result", "send_once": False, **body["payload"]}
    handlers = []
    before = {handler["id"]: handler for handler in earlier["handlers"]}
    for handler in _numbered(store, "notification_handler", body["handlers"], earlier["handlers"]):
        recipients = before.get(handler["id"], {}).get("recipients", [])
        numbered = _numbered(store, "notification_recipient", handler["recipients"], recipients)
        handlers.append({"active": True, "channel_id": None, "template_id": None, **handler, "recipients": numbered})
    subscriptions = _numbered(store, "notification_subscription", body["subscriptions"], earlier["subscriptions"])
    return {"payload": payload, "subscriptions": subscriptions, "handlers": handlers}


@handles("notification.list")
def list_notifications(call: Call) -> Any:
    """Alerts, the active ones unless asked for all."""
    query, found = call.query, []
    everybody = access.is_admin(call.store, call.caller)
    for each in call.store.all("notification"):
        recipients = {recipient.get("user_id") for handler in each["handlers"] for recipient in handler["recipients"]}
        if (
            (each["active"] or query.get("include_inactive"))
            and query.get("payload_type", each["payload_type"]) == each["payload_type"]
            and query.get("card_id", each["payload"]["card_id"]) == each["payload"]["card_id"]
            and query.get("creator_id", each["creator_id"]) == each["creator_id"]
            and query.get("recipient_id") in (None, *recipients)
            and query.get("creator_or_recipient_id") in (None, each["creator_id"], *recipients)
            and (everybody or call.caller["id"] in (each["creator_id"], *recipients))
        ):
            found.append(_shown(call.store, each))
    return found


@handles("notification.get")
def get_notification(call: Call) -> Any:
    """One alert."""
    return _shown(call.store, _notification(call))


@handles("notification.create")
def create_notification(call: Call) -> Any:
    """An alert on a card; mails everybody on it but its creator that they were added."""
    card = call.store.find("card", call.body["payload"]["card_id"])
    if card is None:
        raise errors.not_found()
    access.require_read(call.store, call.caller, card["collection_id"])
    parts = _parts(call.store, call.body, None)
    parts["payload"]["id"] = call.store.next_id("notification_card")
    time = now()
    notification = call.store.insert(
        "notification",
        {
            "payload_type": "notification/card",
            "payload_id": parts["payload"]["id"],
            "active": call.body.get("active") is not False,
            "creator_id": call.caller["id"],
            "created_at": time,
            "updated_at": time,
            **parts,
        },
    )
    recipients = set(mail.addresses(call.store, notification["handlers"])) - {call.caller["email"]}
    mail.send(call.store, "added to an alert", sorted(recipients))
    return _shown(call.store, notification)


@handles("notification.update")
def update_notification(call: Call) -> Any:
    """Make an alert what the body says; retiring it mails its recipients."""
    notification = _notification(call)
    parts = _parts(call.store, call.body, notification)
    if parts["payload"]["card_id"] != notification["payload"]["card_id"]:
        raise errors.invalid({"payload": "the payload of a notification cannot be changed"})
    parts["payload"]["id"] = notification["payload_id"]
    updated = {**notification, **parts, "active": call.body["active"], "updated_at": now()}
    call.store.put("notification", updated)
    if notification["active"] and not updated["active"]:
        mail.send(call.store, "alert stopped", mail.addresses(call.store, notification["handlers"]))
    return _shown(call.store, updated)


@handles("notification.send")
def send_notification(call: Call) -> Any:
    """Send an alert now, whatever its schedule: into the outbox."""
    notification, asked = _notification(call), (call.body or {}).get("handler_ids")
    handlers = [each for each in notification["handlers"] if asked is None or each["id"] in asked]
    mail.send(call.store, "alert sent", mail.addresses(call.store, handlers))
    return None
