"""Subscriptions: dashboards by mail. Nothing here sends one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from loaders.metabase.kinds.base import Lines, State, by_line
from loaders.metabase.objects import Found, Wanted

_SCHEDULE = ("schedule_type", "schedule_hour", "schedule_day", "schedule_frame")


class Subscriptions:
    """Subscriptions; found by dashboard and schedule, since Metabase renames them at every save of the dashboard."""

    name = "subscription"

    def read_all(self, state: State, wanted: Sequence[Wanted], lines: Lines) -> dict[str, Found]:
        """See `Kind`."""
        current = state.client.get("pulse", archived="false")
        trashed = state.client.get("pulse", archived="true")
        pulses = {each["id"]: each for each in [*trashed, *current]}
        found_all = {id_: _found(state, pulse) for id_, pulse in pulses.items()}
        ours = {line.metabase_id for line in lines.values()}
        by_slot = {_slot(found.fields): found for id_, found in found_all.items() if id_ not in ours}
        found = {}
        for each in wanted:
            if pulse := by_line(lines, found_all, each.key) or by_slot.get(_slot(each.fields)):
                found[each.key] = pulse
        return found

    def read_one(self, state: State, metabase_id: int) -> Found | None:
        """See `Kind`."""
        pulse = state.client.find(f"pulse/{metabase_id}")
        return _found(state, pulse) if pulse else None

    def create(self, state: State, wanted: Wanted) -> int:
        """See `Kind`."""
        fields = wanted.fields
        dashboard = state.client.get(f"dashboard/{state.number(fields['dashboard'])}")
        body = {
            "name": dashboard["name"],
            "dashboard_id": dashboard["id"],
            "cards": _cards(state, wanted, dashboard),
            "channels": [_channel(wanted, {})],
            "skip_if_empty": fields["skip_if_empty"],
        }
        return int(state.client.post("pulse", body)["id"])

    def update(self, state: State, wanted: Wanted, found: Found) -> None:
        """See `Kind`; both flags are always sent: left out, Metabase takes them for false."""
        fields = wanted.fields
        dashboard = state.client.get(f"dashboard/{state.number(fields['dashboard'])}")
        channels = state.client.get(f"pulse/{found.id}")["channels"]
        body = {
            "archived": fields["archived"],
            "skip_if_empty": fields["skip_if_empty"],
            "cards": _cards(state, wanted, dashboard),
            "channels": [_channel(wanted, next((each for each in channels if each["channel_type"] == "email"), {}))],
        }
        state.client.put(f"pulse/{found.id}", body)

    def archive(self, state: State, metabase_id: int) -> None:
        """See `Kind`; it stops sending."""
        found = self.read_one(state, metabase_id)
        skips = bool(found and found.fields["skip_if_empty"])
        state.client.put(f"pulse/{metabase_id}", {"archived": True, "skip_if_empty": skips})


def _slot(fields: Any) -> tuple[Any, ...]:
    return (fields["dashboard"], *(fields[name] for name in _SCHEDULE))


def _cards(state: State, wanted: Wanted, dashboard: dict[str, Any]) -> list[dict[str, Any]]:
    attached = {state.number(card["card"]): card for card in wanted.fields["cards"]}
    return [
        {
            "id": dashcard["card_id"],
            "dashboard_card_id": dashcard["id"],
            "include_csv": attached[dashcard["card_id"]]["csv"],
            "include_xls": attached[dashcard["card_id"]]["xls"],
        }
        for dashcard in dashboard["dashcards"]
        if dashcard["card_id"] in attached
    ]


def _channel(wanted: Wanted, old: dict[str, Any]) -> dict[str, Any]:
    fields = wanted.fields
    channel: dict[str, Any] = {
        "channel_type": "email",
        "enabled": fields["enabled"],
        **{name: fields[name] for name in _SCHEDULE},
        "recipients": [{"email": address} for address in fields["recipients"]],
    }
    if fields["pdf"]:
        channel["details"] = {"include_pdf": True}
    return {"id": old["id"], **channel} if old else channel


def _found(state: State, pulse: dict[str, Any]) -> Found:
    mails = [channel for channel in pulse["channels"] if channel["channel_type"] == "email"]
    mail = mails[0] if mails else {}
    fields = {
        "dashboard": state.key_of("dashboard", pulse["dashboard_id"]),
        **{name: mail.get(name) for name in _SCHEDULE},
        "recipients": sorted({each["email"].lower() for each in mail.get("recipients", ())}),
        "cards": sorted(
            (
                {
                    "card": state.key_of("question", card["id"]),
                    "csv": card["include_csv"],
                    "xls": card["include_xls"],
                }
                for card in pulse["cards"]
            ),
            key=lambda card: str(card["card"]),
        ),
        "pdf": bool((mail.get("details") or {}).get("include_pdf")),
        "skip_if_empty": pulse["skip_if_empty"],
        "channels": len(pulse["channels"]),
        "enabled": bool(mail.get("enabled")),
        "archived": pulse["archived"],
    }
    return Found(pulse["id"], pulse.get("entity_id"), fields)
