"""Reads are tried again and writes never; what a failure says; which Metabase is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from loaders.errors import RefusedError
from loaders.metabase.client import LostAnswerError, Metabase, MetabaseError, check_server

Answer = httpx.Response | Exception


def server(*answers: Answer) -> tuple[Metabase, list[httpx.Request]]:
    """A Metabase that gives these answers in turn, and the requests that it got."""
    requests: list[httpx.Request] = []
    left = list(answers)

    def handle(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        answer = left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return Metabase("http://metabase.test/", "mb_key", transport=httpx.MockTransport(handle)), requests


def busy(status: int) -> httpx.Response:
    return httpx.Response(status, text="busy", headers={"Retry-After": "0"})


@pytest.mark.parametrize("failure", [busy(408), busy(429), busy(500), busy(503), httpx.ReadTimeout("slow")])
def test_a_read_is_tried_again(failure: Answer) -> None:
    client, requests = server(failure, httpx.Response(200, json={"status": "ok"}))

    assert client.get("health") == {"status": "ok"}
    assert [request.url.path for request in requests] == ["/api/health", "/api/health"]
    assert requests[0].headers["X-API-KEY"] == "mb_key"


def test_a_read_that_fails_for_good_is_given_up() -> None:
    client, requests = server(*(busy(503) for _ in range(9)))

    with pytest.raises(MetabaseError, match="GET /api/card/1 was answered with 503: busy"):
        client.get("card/1")
    assert len(requests) == 5


@pytest.mark.parametrize("status", [400, 403])
def test_a_refused_read_is_not_tried_again(status: int) -> None:
    client, requests = server(httpx.Response(status, text="no"))

    with pytest.raises(MetabaseError):
        client.get("card/1")
    assert len(requests) == 1


@pytest.mark.parametrize("method", ["post", "put"])
@pytest.mark.parametrize(
    "failure", [busy(502), busy(503), busy(408), httpx.ReadTimeout("slow"), httpx.ReadError("cut")]
)
def test_a_write_is_never_tried_again_and_its_lost_answer_is_named(method: str, failure: Answer) -> None:
    client, requests = server(failure, httpx.Response(200, json={}))

    with pytest.raises(LostAnswerError):
        getattr(client, method)("card", {"name": "n"})
    assert len(requests) == 1


@pytest.mark.parametrize(
    "failure", [busy(429), httpx.Response(500, json={"message": "no"}), httpx.ConnectError("down")]
)
def test_a_write_that_did_not_happen_is_no_lost_answer(failure: Answer) -> None:
    client, _ = server(failure)

    with pytest.raises(MetabaseError) as caught:
        client.post("card", {})
    assert not isinstance(caught.value, LostAnswerError)


def test_what_is_not_there_is_none_and_other_failures_are_not() -> None:
    client, _ = server(httpx.Response(404, text="Not found."), httpx.Response(403, text="no"))

    assert client.find("card/1") is None
    with pytest.raises(MetabaseError):
        client.find("card/1")


def test_a_stack_trace_is_not_repeated() -> None:
    client, _ = server(httpx.Response(500, json={"message": "Assert failed", "trace": ["line"] * 999}))

    with pytest.raises(MetabaseError) as caught:
        client.put("pulse/1", {})
    assert str(caught.value) == "PUT /api/pulse/1 was answered with 500: Assert failed"


def test_an_unknown_key_is_named_as_such() -> None:
    client, _ = server(httpx.Response(401, text="Unauthenticated"))

    with pytest.raises(MetabaseError, match="does not know the key"):
        client.get("user/current")


def test_every_page_of_a_listing_is_read() -> None:
    pages = [{"data": [{"id": number} for number in range(200)]}, {"data": [{"id": 200}]}]
    client, requests = server(*(httpx.Response(200, json=page) for page in pages))

    assert len(list(client.items("collection/1/items", models="dashboard"))) == 201
    assert [request.url.params["offset"] for request in requests] == ["0", "200"]


def checked(tag: str = "v0.65.4", *, admin: bool = True, zone: str | None = "UTC", mail: bool = True) -> list[str]:
    client, _ = server(
        httpx.Response(200, json={"version": {"tag": tag}, "report-timezone": zone}),
        httpx.Response(200, json={"is_superuser": admin}),
        httpx.Response(200, json={"channels": {"email": {"configured": mail}}}),
    )
    return check_server(client, "UTC")


def test_a_known_version_passes_and_a_newer_one_is_told() -> None:
    assert checked() == []
    assert checked("v0.58.0") == []
    assert "65 is the newest" in checked("v0.66.1")[0]


def test_a_metabase_without_mail_server_is_told() -> None:
    assert "no mail server" in checked(mail=False)[0]


@pytest.mark.parametrize(
    "ask",
    [
        lambda: checked("v0.57.9"),
        lambda: checked("vUNKNOWN"),
        lambda: checked(admin=False),
        lambda: checked(zone="Europe/Berlin"),
        lambda: checked(zone=None),
    ],
)
def test_another_metabase_is_refused(ask: Callable[[], Any]) -> None:
    with pytest.raises(RefusedError):
        ask()
