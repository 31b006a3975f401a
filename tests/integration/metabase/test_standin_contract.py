"""The stand-in holds every request and every answer against the contract, and answers errors as Metabase does."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from standin import Json, get, native, post, question

from sandbox.metabase.contract import load_contract
from sandbox.metabase.handlers import HANDLERS
from sandbox.metabase.registry import Plain
from sandbox.metabase.server import LocalMetabase, serve_here

KEY = {"name": "k", "group_id": 1}


def test_every_endpoint_of_the_contract_has_its_handler() -> None:
    endpoints = load_contract().endpoints
    assert len(endpoints) == 67
    assert endpoints.keys() == HANDLERS.keys()


@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    [
        ("POST", "/api/collection", {"name": "A", "color": "#fff"}, "color"),
        ("POST", "/api/collection", {}, "name"),
        ("POST", "/api/collection", {"name": " "}, "name"),
        ("POST", "/api/collection", {"name": "A", "description": ""}, "description"),
        ("POST", "/api/collection", None, "_error"),
        ("PUT", "/api/collection/3", {"name": "A"}, "archived"),
        ("POST", "/api/card", {"name": "A"}, "dataset_query"),
        ("PUT", "/api/dashboard/1", {"tabs": []}, "dashcards"),
        ("PUT", "/api/pulse/1", {"archived": True}, "skip_if_empty"),
        ("GET", "/api/collection?archive=true", None, "archive"),
        ("GET", "/api/collection?archived=yes", None, "archived"),
        ("GET", "/api/card/abc", None, "id"),
        ("POST", "/api/card/0/query", {}, "id"),
        ("POST", "/api/database/1/sync_schema", {}, "_error"),
        ("POST", "/api/card/1/query/csv?format_rows=true", {}, "format_rows"),
    ],
)
def test_a_request_outside_the_contract_is_400_with_its_field(
    client: httpx.Client, method: str, path: str, body: Json, field: str
) -> None:
    answer = client.request(method, path, json=body) if body is not None else client.request(method, path)
    assert answer.status_code == 400, answer.text
    assert set(answer.json()) == {"errors", "specific-errors"}
    assert field in answer.json()["errors"], answer.text


def test_a_refusal_never_repeats_what_was_sent(client: httpx.Client) -> None:
    body = {"username": "a@example.com", "password": ["hunter2"]}
    answer = client.post("/api/session", json=body)
    assert answer.status_code == 400
    assert "hunter2" not in answer.text


def test_errors_have_the_vendors_texts(metabase: LocalMetabase, client: httpx.Client) -> None:
    anonymous = httpx.get(f"{metabase.url}/api/collection")
    assert (anonymous.status_code, anonymous.text) == (401, "Unauthenticated")
    wrong = httpx.get(f"{metabase.url}/api/collection", headers={"X-API-KEY": "mb_wrong"})
    assert (wrong.status_code, wrong.text) == (401, "Unauthenticated")
    missing = client.get("/api/card/99")
    assert (missing.status_code, missing.text) == (404, "Not found.")
    unknown = client.get("/api/cards")
    assert (unknown.status_code, unknown.text) == (404, "API endpoint does not exist.")
    everybody = post(client, "/api/api-key", KEY)["unmasked_key"]
    refused = httpx.get(f"{metabase.url}/api/permissions/group", headers={"X-API-KEY": everybody})
    assert (refused.status_code, refused.text) == (403, "You don't have permissions to do that.")


def test_an_answer_outside_the_contract_is_500_and_remembered(
    metabase: LocalMetabase, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(HANDLERS, "health", lambda _: {"status": "fine"})
    assert client.get("/api/health").status_code == 500
    assert len(metabase.application.broken) == 1
    assert "health: the answer breaks the contract" in metabase.application.broken.pop()


def test_a_failing_handler_keeps_nothing_and_is_remembered(
    metabase: LocalMetabase, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = HANDLERS["collection.create"]

    def fail_afterwards(call: Json) -> Json:
        create(call)
        raise ZeroDivisionError

    monkeypatch.setitem(HANDLERS, "collection.create", fail_afterwards)
    assert client.post("/api/collection", json={"name": "A"}).status_code == 500
    assert not metabase.store.all("collection", name="A")
    assert "ZeroDivisionError" in metabase.application.broken.pop()


def test_requests_are_told_apart_by_what_they_do(metabase: LocalMetabase, client: httpx.Client) -> None:
    get(client, "/api/collection")
    client.post("/api/eid-translation/translate", json={"entity_ids": {"card": ["x" * 21]}})
    assert metabase.writes == []
    client.post("/api/collection", json={"name": ""})
    post(client, "/api/collection", {"name": "A"})
    assert [(each.endpoint, each.status) for each in metabase.writes] == [
        ("collection.create", 400),
        ("collection.create", 200),
    ]
    assert [each.status for each in metabase.refusals] == [400]
    metabase.forget()
    assert metabase.exchanges == []


def test_faults_come_as_ordered_and_then_no_more(metabase: LocalMetabase, client: httpx.Client) -> None:
    metabase.fail("collection.create", 503, times=2, retry_after=3)
    for _ in range(2):
        answer = client.post("/api/collection", json={"name": "A"})
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "3")
    assert not metabase.store.all("collection", name="A")
    post(client, "/api/collection", {"name": "A"})
    assert len(metabase.store.all("collection", name="A")) == 1


@pytest.mark.parametrize(("when", "kept"), [("before", 0), ("after", 1)])
def test_a_dropped_connection_leaves_open_what_was_done(
    metabase: LocalMetabase, client: httpx.Client, when: Json, kept: int
) -> None:
    metabase.drop("collection.create", when=when)
    with pytest.raises(httpx.RemoteProtocolError):
        client.post("/api/collection", json={"name": "A"})
    assert len(metabase.store.all("collection", name="A")) == kept
    assert [each.status for each in metabase.writes] == [None]


def test_a_slow_answer_outlasts_a_clients_patience(metabase: LocalMetabase, client: httpx.Client) -> None:
    metabase.delay("collection.create", seconds=0.5)
    with pytest.raises(httpx.ReadTimeout):
        client.post("/api/collection", json={"name": "A"}, timeout=0.1)
    metabase.wait()
    assert len(metabase.store.all("collection", name="A")) == 1


def test_a_restart_keeps_everything_but_the_faults(tmp_path: Path) -> None:
    with serve_here(tmp_path, api_key="mb_first_key") as first:
        with httpx.Client(base_url=first.url, headers={"X-API-KEY": first.api_key}) as client:
            number = post(client, "/api/collection", {"name": "A"})["id"]
            client.put(f"/api/collection/{number}", json={"archived": True, "name": "B"})
        first.fail("collection.get", 500)
    with (
        serve_here(tmp_path, api_key="mb_second_key") as second,
        httpx.Client(base_url=second.url, headers={"X-API-KEY": second.api_key}) as client,
    ):
        assert get(client, f"/api/collection/{number}")["name"] == "B"
        assert post(client, "/api/collection", {"name": "A"})["id"] > number
        assert httpx.get(f"{second.url}/api/collection", headers={"X-API-KEY": "mb_first_key"}).status_code == 401


def test_an_instance_that_nobody_has_set_up_is_set_up_once(tmp_path: Path) -> None:
    with serve_here(tmp_path) as fresh, httpx.Client(base_url=fresh.url) as client:
        properties = get(client, "/api/session/properties")
        assert (properties["has-user-setup"], properties["version"]["tag"]) == (False, "v0.65.4")
        person = {"email": "Root@Example.com", "password": "long enough"}
        body = {"token": properties["setup-token"], "user": person, "prefs": {"site_name": "DTX"}}
        assert client.post("/api/setup", json={**body, "token": "guess"}).status_code == 400
        client.headers["X-Metabase-Session"] = post(client, "/api/setup", body)["id"]
        assert get(client, "/api/user/current")["email"] == "root@example.com"
        assert client.post("/api/setup", json=body).status_code == 403
        assert get(client, "/api/session/properties")["setup-token"] is None

        assert client.post("/api/session", json={"username": person["email"], "password": "x"}).status_code == 401
        credentials = {"username": person["email"], "password": person["password"]}
        session = post(client, "/api/session", credentials)["id"]
        administrators = next(
            g["id"] for g in get(client, "/api/permissions/group") if g["magic_group_type"] == "admin"
        )
        key = post(client, "/api/api-key", {"name": "tool", "group_id": administrators})
        assert client.post("/api/api-key", json={"name": "tool", "group_id": administrators}).status_code == 400
        assert [each["masked_key"] for each in get(client, "/api/api-key")] == [key["masked_key"]]
        assert client.delete("/api/session", headers={"X-Metabase-Session": session}).status_code == 204
        assert client.get("/api/collection", headers={"X-Metabase-Session": session}).status_code == 401

        by_key = {"X-API-KEY": key["unmasked_key"]}
        assert httpx.get(f"{fresh.url}/api/user/current", headers=by_key).json()["email"].endswith("@api-key.invalid")
        client.put(f"/api/api-key/{key['id']}/regenerate").raise_for_status()
        assert httpx.get(f"{fresh.url}/api/user/current", headers=by_key).status_code == 401
        assert fresh.application.broken == []


def test_settings_and_smtp(metabase: LocalMetabase, client: httpx.Client) -> None:
    assert get(client, "/api/setting/report-timezone") == "America/New_York"
    assert client.get("/api/setting/site-url").status_code == 204
    assert client.get("/api/setting/no-such-setting").status_code == 500
    assert get(client, "/api/setting/email-configured%3F") is False
    assert get(client, "/api/pulse/form_input")["channels"]["email"]["configured"] is False
    smtp = {"email-smtp-host": "mail.example.com", "email-smtp-port": 25, "email-smtp-password": "s3cret"}
    client.put("/api/email", json=smtp).raise_for_status()
    assert get(client, "/api/setting/email-configured%3F") is True
    assert get(client, "/api/setting/email-smtp-password") == "**********"
    assert metabase.mails == []


def test_entity_ids_are_translated(client: httpx.Client, connected: Json) -> None:
    chosen = "report-55------------"
    card = question(client, native(connected, "select 1 as one"), entity_id=chosen)
    asked = {"entity_ids": {"card": [chosen, "x" * 21]}}
    assert post(client, "/api/eid-translation/translate", asked)["entity_ids"] == {
        chosen: {"id": card["id"], "type": "card", "status": "ok"},
        "x" * 21: {"type": "card", "status": "not-found"},
    }


def test_plain_answers_go_out_as_they_are(client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(HANDLERS, "health", lambda _: Plain(503, b"starting", "text/plain"))
    assert (client.get("/api/health").status_code, client.get("/api/health").text) == (503, "starting")
