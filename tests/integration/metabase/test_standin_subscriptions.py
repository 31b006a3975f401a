"""Dashboard subscriptions and question alerts: their rules, and that nothing is mailed unless Metabase would."""

from __future__ import annotations

import httpx
import pytest
from standin import Json, get, native, post, put, question

from sandbox.metabase.server import LocalMetabase

EXTERNAL = {"email": "Broker@example.com"}


def channel(**more: Json) -> Json:
    schedule = {"schedule_type": "daily", "schedule_hour": 7, "schedule_day": None, "schedule_frame": None}
    return {"channel_type": "email", "enabled": True, **schedule, "recipients": [EXTERNAL], **more}


@pytest.fixture
def board(client: httpx.Client, connected: Json) -> Json:
    """A dashboard of two cards with a parameter."""
    cards = [question(client, native(connected, f"select {n} as n"), name=f"Q{n}")["id"] for n in (1, 2)]
    made = post(client, "/api/dashboard", {"name": "Board", "parameters": [{"id": "p", "type": "string/="}]})
    placed = [
        {"id": -n, "card_id": card, "row": 8 * n, "col": 0, "size_x": 12, "size_y": 8}
        for n, card in enumerate(cards, 1)
    ]
    return put(client, f"/api/dashboard/{made['id']}", {"dashcards": placed})


@pytest.fixture
def body(board: Json) -> Json:
    """A subscription to the dashboard's first card, as CSV."""
    dashcard = board["dashcards"][0]
    card = {"id": dashcard["card_id"], "dashboard_card_id": dashcard["id"], "include_csv": True, "include_xls": False}
    common = {"name": "Mine", "dashboard_id": board["id"], "skip_if_empty": False}
    return {**common, "cards": [card], "channels": [channel()]}


def test_a_subscription_shows_its_recipients_and_never_their_list(
    metabase: LocalMetabase, client: httpx.Client, body: Json
) -> None:
    user = post(client, "/api/user", {"email": "Ann@example.com", "first_name": "Ann"})
    assert [mail["reason"] for mail in metabase.mails] == ["invitation"]
    recipients = [EXTERNAL, {"id": user["id"]}]
    details = {"attachment_only": True}
    made = post(client, "/api/pulse", {**body, "channels": [channel(recipients=recipients, details=details)]})
    shown = made["channels"][0]
    assert [recipient["email"] for recipient in shown["recipients"]] == ["Broker@example.com", "ann@example.com"]
    assert shown["recipients"][1]["common_name"] == "Ann"
    assert shown["details"] == details
    assert get(client, f"/api/pulse/{made['id']}") == made
    assert len(metabase.mails) == 1


@pytest.mark.parametrize(
    "schedule",
    [
        {"schedule_type": "daily", "schedule_hour": None},
        {"schedule_type": "weekly", "schedule_hour": 7, "schedule_day": None},
        {"schedule_type": "monthly", "schedule_hour": 7, "schedule_frame": None},
        {"schedule_type": "monthly", "schedule_hour": 7, "schedule_frame": "mid", "schedule_day": "mon"},
    ],
)
def test_an_illegal_schedule_is_500(client: httpx.Client, body: Json, schedule: Json) -> None:
    answer = client.post("/api/pulse", json={**body, "channels": [channel(**schedule)]})
    assert (answer.status_code, "valid-schedule?" in answer.json()["message"]) == (500, True)


@pytest.mark.parametrize(
    "schedule",
    [
        {"schedule_type": "hourly", "schedule_hour": None},
        {"schedule_type": "weekly", "schedule_hour": 0, "schedule_day": "sun"},
        {"schedule_type": "monthly", "schedule_hour": 23, "schedule_frame": "mid"},
        {"schedule_type": "monthly", "schedule_hour": 7, "schedule_frame": "first", "schedule_day": "mon"},
        {"schedule_type": "monthly", "schedule_hour": 7, "schedule_frame": "last"},
    ],
)
def test_a_legal_schedule_comes_back(client: httpx.Client, body: Json, schedule: Json) -> None:
    shown = post(client, "/api/pulse", {**body, "channels": [channel(**schedule)]})["channels"][0]
    assert {name: shown[name] for name in schedule} == schedule


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"channels": [channel(recipients=[])]}, 400),
        ({"channels": [channel(schedule_hour=24)]}, 400),
        ({"channels": [channel(recipients=[{"id": 99}])]}, 404),
        ({"channels": [channel(recipients=[{"id": 1, "email": "other@example.com"}])]}, 403),
        ({"dashboard_id": 99}, 404),
        ({"cards": [{"id": 1, "dashboard_card_id": 2, "include_csv": True, "include_xls": False}]}, 400),
        ({"cards": [{"id": 1, "dashboard_card_id": 99, "include_csv": True, "include_xls": False}]}, 500),
        ({"cards": [{"id": 99, "include_csv": True, "include_xls": False}]}, 404),
    ],
)
def test_what_a_subscription_may_not_say(client: httpx.Client, body: Json, change: Json, status: int) -> None:
    assert client.post("/api/pulse", json={**body, **change}).status_code == status
    assert get(client, "/api/pulse") == []


def test_every_save_of_the_dashboard_renames_its_subscriptions_and_refills_their_cards(
    client: httpx.Client, board: Json, body: Json
) -> None:
    number = post(client, "/api/pulse", body)["id"]
    folder = post(client, "/api/collection", {"name": "F"})["id"]
    put(client, f"/api/dashboard/{board['id']}", {"collection_id": folder})
    saved = get(client, f"/api/pulse/{number}")
    assert (saved["name"], saved["collection_id"]) == ("Board", folder)
    assert [(each["id"], each["include_csv"]) for each in saved["cards"]] == [
        (board["dashcards"][0]["card_id"], True),
        (board["dashcards"][1]["card_id"], False),
    ]


def test_a_dashcard_made_anew_loses_its_attachment(client: httpx.Client, board: Json, body: Json) -> None:
    number = post(client, "/api/pulse", body)["id"]
    names = ("id", "card_id", "row", "col", "size_x", "size_y")
    same = [{name: each[name] for name in names} for each in board["dashcards"]]
    put(client, f"/api/dashboard/{board['id']}", {"dashcards": same})
    assert [each["include_csv"] for each in get(client, f"/api/pulse/{number}")["cards"]] == [True, False]
    put(client, f"/api/dashboard/{board['id']}", {"dashcards": [{**same[0], "id": -1}, same[1]]})
    cards = get(client, f"/api/pulse/{number}")["cards"]
    assert sorted((each["id"], each["include_csv"]) for each in cards) == sorted(
        (each["card_id"], False) for each in same
    )


def test_a_parameter_that_goes_takes_its_subscription_with_it_and_mails_the_creator(
    metabase: LocalMetabase, client: httpx.Client, board: Json, body: Json
) -> None:
    used = post(client, "/api/pulse", {**body, "parameters": [{"id": "p", "type": "string/="}]})["id"]
    unused = post(client, "/api/pulse", body)["id"]
    put(client, f"/api/dashboard/{board['id']}", {"parameters": []})
    gone = get(client, f"/api/pulse/{used}")
    assert (gone["archived"], gone["channels"][0]["enabled"]) == (True, False)
    assert get(client, f"/api/pulse/{unused}")["archived"] is False
    assert [mail["reason"] for mail in metabase.mails] == ["subscription archived"]


def test_an_update_replaces_channels_and_archiving_disables_them(client: httpx.Client, body: Json) -> None:
    made = post(client, "/api/pulse", body)
    path, flags = f"/api/pulse/{made['id']}", {"archived": False, "skip_if_empty": True}
    number = made["channels"][0]["id"]
    two = put(client, path, {**flags, "channels": [channel(id=number, schedule_hour=9), channel()]})
    assert two["skip_if_empty"] is True
    assert [(each["schedule_hour"], each["id"] == number) for each in two["channels"]] == [(9, True), (7, False)]
    assert client.put(path, json={**flags, "channels": [channel(id=99)]}).status_code == 404
    archived = put(client, path, {**flags, "archived": True})
    assert [each["enabled"] for each in archived["channels"]] == [False, False]
    assert get(client, "/api/pulse") == []
    assert [each["id"] for each in get(client, "/api/pulse", archived="true")] == [made["id"]]
    assert [each["enabled"] for each in put(client, path, flags)["channels"]] == [True, True]


def test_a_test_subscription_is_sent_at_once(metabase: LocalMetabase, client: httpx.Client, body: Json) -> None:
    post(client, "/api/pulse/test", body)
    assert [(mail["reason"], mail["recipients"]) for mail in metabase.mails] == [
        ("subscription sent", ["Broker@example.com"])
    ]
    assert get(client, "/api/pulse") == []


def alert(card: int, cron: str = "0 0 8 ? * MON,WED *", **more: Json) -> Json:
    recipient = {"type": "notification-recipient/raw-value", "details": {"value": "Broker@example.com"}}
    return {
        "payload_type": "notification/card",
        "payload": {"card_id": card, "send_condition": "has_result", "send_once": False},
        "subscriptions": [{"type": "notification-subscription/cron", "cron_schedule": cron}],
        "handlers": [{"channel_type": "channel/email", "recipients": [recipient]}],
        **more,
    }


def test_an_alert_mails_whom_it_adds_and_whom_it_drops(
    metabase: LocalMetabase, client: httpx.Client, board: Json
) -> None:
    card = board["dashcards"][0]["card_id"]
    made = post(client, "/api/notification", alert(card))
    assert [(mail["reason"], mail["recipients"]) for mail in metabase.mails] == [
        ("added to an alert", ["broker@example.com"])
    ]
    assert [each["id"] for each in get(client, "/api/notification", card_id=card)] == [made["id"]]
    names = ("payload_type", "subscriptions", "handlers")
    same = {name: made[name] for name in names} | {"payload": {"card_id": card}, "active": True}
    kept = put(client, f"/api/notification/{made['id']}", same)
    assert kept["handlers"] == made["handlers"]
    assert kept["subscriptions"] == made["subscriptions"]
    without_ids = put(client, f"/api/notification/{made['id']}", alert(card, active=True))
    assert without_ids["subscriptions"][0]["id"] != made["subscriptions"][0]["id"]
    put(client, f"/api/notification/{made['id']}", {**alert(card), "active": False})
    assert get(client, "/api/notification") == []
    assert len(get(client, "/api/notification", include_inactive="true")) == 1
    post(client, f"/api/notification/{made['id']}/send", {})
    assert [mail["reason"] for mail in metabase.mails][1:] == ["alert stopped", "alert sent"]


def test_a_card_in_the_trash_has_no_alerts(client: httpx.Client, board: Json) -> None:
    card = board["dashcards"][0]["card_id"]
    post(client, "/api/notification", alert(card))
    put(client, f"/api/card/{card}", {"archived": True})
    assert get(client, "/api/notification", include_inactive="true") == []


@pytest.mark.parametrize("cron", ["0 0 8 * * * *", "0 0 8 ? * ? *", "0 0 x ? * MON *", "0 8 * * *"])
def test_a_cron_schedule_that_quartz_refuses(client: httpx.Client, board: Json, cron: str) -> None:
    assert client.post("/api/notification", json=alert(board["dashcards"][0]["card_id"], cron)).status_code == 400
