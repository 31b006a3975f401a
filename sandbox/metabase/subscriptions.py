"""What a dashboard's saving does to its subscriptions, and the rules of their schedules."""

from __future__ import annotations

from typing import Any

from sandbox.metabase import mail
from sandbox.metabase.store import Document, Store


def after_dashboard_save(
    store: Store, dashboard: Document, earlier_parameters: list[Document], dashcards: list[Document]
) -> None:
    """Every save gives the subscriptions the dashboard's name and collection and brings their cards up to date.

    Rows of dashcards that are gone go; cards of the dashboard that a subscription lacks come back without attachments.
    A subscription that uses a parameter which is gone is archived, and its creator mailed.
    """
    gone = {each["id"] for each in earlier_parameters} - {each["id"] for each in dashboard["parameters"]}
    for pulse in store.all("pulse", dashboard_id=dashboard["id"]):
        updated = {**pulse, "name": dashboard["name"], "collection_id": dashboard["collection_id"]}
        updated["cards"] = _current_cards(store, pulse["cards"], dashcards)
        if not pulse["archived"] and gone & {each["id"] for each in pulse["parameters"]}:
            archive(updated)
            creator = store.find("user", pulse["creator_id"])
            mail.send(store, "subscription archived", [creator["email"]] if creator else [])
        store.put("pulse", updated)


def _current_cards(store: Store, rows: list[Document], dashcards: list[Document]) -> list[Document]:
    numbers = {each["id"] for each in dashcards}
    kept = [row for row in rows if row["dashboard_card_id"] in numbers]
    known = {row["id"] for row in kept}
    for dashcard in dashcards:
        if dashcard["card_id"] and dashcard["card_id"] not in known:
            known.add(dashcard["card_id"])
            kept.append(new_row(store, dashcard["card_id"], dashcard["id"]))
    return kept


def new_row(store: Store, card_id: int, dashcard_id: int | None) -> dict[str, Any]:
    """A card in a subscription, without attachments."""
    return {
        "id": card_id,
        "pulse_card_id": store.next_id("pulse_card"),
        "dashboard_card_id": dashcard_id,
        "include_csv": False,
        "include_xls": False,
        "format_rows": True,
        "pivot_results": False,
    }


def archive(pulse: Document) -> None:
    """Archive a subscription in place: its channels are disabled."""
    pulse["archived"] = True
    pulse["channels"] = [{**channel, "enabled": False} for channel in pulse["channels"]]
