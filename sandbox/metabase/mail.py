"""The outbox. Nothing is ever sent: what Metabase would send is kept, so that a test can assert that nothing was."""

from __future__ import annotations

from collections.abc import Sequence

from sandbox.metabase.store import Document, Store, now


def send(store: Store, reason: str, recipients: Sequence[str]) -> None:
    """Keep a mail that Metabase would send here if its SMTP were configured; no recipients, no mail."""
    if recipients:
        store.insert("mail", {"reason": reason, "recipients": sorted(recipients), "at": now()})


def sent(store: Store) -> list[Document]:
    """All mails: `reason` and `recipients`."""
    return store.all("mail")


def addresses(store: Store, handlers: Sequence[Document]) -> list[str]:
    """Everybody whom an alert's handlers mail: raw addresses, users, members of groups."""
    found: set[str] = set()
    for recipient in (recipient for handler in handlers for recipient in handler["recipients"]):
        if recipient["type"] == "notification-recipient/raw-value":
            found.add(recipient["details"]["value"].lower())
            continue
        users = [recipient.get("user_id")]
        if group := recipient.get("permissions_group_id"):
            users = [membership["user_id"] for membership in store.all("membership", group_id=group)]
        found.update(user["email"] for user in (store.find("user", number) for number in users if number) if user)
    return sorted(found)
