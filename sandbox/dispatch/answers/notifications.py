"""What must become of a notification, under every option of D7-9."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from sandbox.dispatch.answers.rules import Answers, Lookups, Row, published_id
from sandbox.generator.answers import Answer, Target
from sandbox.generator.jsonb import text as jsonb

NEED_NO_CONTEXT = frozenset({"weekly_digest", "maintenance_notice"})
_TABLE = "dispatch_notification"


def notification(row: Row, find: Lookups) -> Answers:
    """A notification of its recipient, unless the filter leaves it out."""
    found = _found(row, find)
    if row["send"] == "true":
        return by_filter(found, Answer("skip", "not_sent"), is_sent=row["sent"] == "true")
    left_out = Answer("skip", "not_to_send")
    return {"all": found, "send": left_out, "sent_and_send": left_out}


def by_filter(found: Answer, not_sent: Answer, *, is_sent: bool) -> Answers:
    """The answers of a notification that was to be sent."""
    if is_sent:
        return {"": found}
    return {"all": found, "send": found, "sent_and_send": not_sent}


def _found(row: Row, find: Lookups) -> Answer:
    key, recipient = row["id"] or "", find.profiles.get(row["recipient_id"] or "")
    if recipient is None:
        return Answer("reject", "recipient_absent")
    reason, context = read_context(row["template_context"], row["template_name"] not in NEED_NO_CONTEXT)
    if reason:
        return Answer("reject", reason)
    application, model = find.models.get(row["item_type_id"] or "", (None, None))
    is_instruction = (application, model) == ("dispatch", "instruction") and row["item_id"] is not None
    order = find.orders.get(row["item_id"] or "") if is_instruction else None
    columns = {
        "id": published_id("notifications", _TABLE, key),
        "recipient_id": recipient[0],
        "order_id": order.id if order else None,
        "sender": row["sender"],
        "template_name": row["template_name"],
        "template_context": context,
        "is_read": row["read"],
        "should_send": row["send"],
        "is_sent": row["sent"],
        "legacy_item_type": model,
        "legacy_item_id": row["item_id"],
        "created_at": row["created_at"],
        "source_table": _TABLE,
        "legacy_id": key,
    }
    reason = "item_without_order" if is_instruction and order is None else "mapped"
    return Answer("publish", reason, (Target("public.notifications", columns),))


def read_context(text: str | None, needed: bool) -> tuple[str, str | None]:
    """Why a context cannot be kept ("" where it can), and the context as jsonb prints it.

    Args:
        text: as it is in the source.
        needed: whether its template needs one.
    """
    if text is None or not text.strip():
        return ("context_missing" if needed else "", None)
    try:
        value = json.loads(text, parse_float=_plain, parse_constant=_refuse)
    except ValueError:
        return ("context_circular" if "[Circular" in text else "context_malformed", None)
    rendered = jsonb(value)
    try:
        rendered.encode()
    except UnicodeEncodeError:
        return ("context_unicode", None)
    # A NUL is escaped in what was printed, so it is looked for in the values.
    return ("context_unicode", None) if _has_nul(value) else ("", rendered)


def _has_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any(map(_has_nul, (*value, *value.values())))
    return isinstance(value, list) and any(map(_has_nul, value))


def _plain(number: str) -> Decimal:
    """A number without its exponent, as numeric prints it."""
    return Decimal(format(Decimal(number), "f"))


def _refuse(constant: str) -> Any:
    raise ValueError(constant)
