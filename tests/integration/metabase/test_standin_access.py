"""Groups, memberships, users and the two permission graphs; what somebody who is no administrator may do."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from standin import Json, get, mbql, native, post, put, question

from sandbox.metabase.server import LocalMetabase


@pytest.fixture
def readers(metabase: LocalMetabase, client: httpx.Client) -> Iterator[tuple[int, httpx.Client]]:
    """A group, and a client with a key of it."""
    group = post(client, "/api/permissions/group", {"name": "Readers"})["id"]
    key = post(client, "/api/api-key", {"name": "reader", "group_id": group})["unmasked_key"]
    with httpx.Client(base_url=metabase.url, headers={"X-API-KEY": key}) as reader:
        yield group, reader


def everybody(client: httpx.Client) -> str:
    groups = get(client, "/api/permissions/group")
    return str(next(group["id"] for group in groups if group["magic_group_type"] == "all-internal-users"))


def test_a_fresh_instance_lets_everybody_curate_and_query(client: httpx.Client, connected: Json) -> None:
    group = everybody(client)
    assert get(client, "/api/collection/graph")["groups"][group]["root"] == "write"
    data = get(client, "/api/permissions/graph")["groups"][group][str(connected["id"])]
    assert data == {"view-data": "unrestricted", "create-queries": "query-builder-and-native"}


def test_a_new_collection_takes_over_its_parents_permissions(client: httpx.Client) -> None:
    group = everybody(client)
    folder = str(post(client, "/api/collection", {"name": "F"})["id"])
    graph = get(client, "/api/collection/graph")
    assert graph["groups"][group][folder] == "write"
    closed = {"revision": graph["revision"], "groups": {group: {folder: "none"}}}
    after = put(client, "/api/collection/graph", closed)
    assert (after["revision"], after["groups"][group]) == (graph["revision"] + 1, {"root": "write"})
    below = str(post(client, "/api/collection", {"name": "G", "parent_id": int(folder)})["id"])
    assert below not in get(client, "/api/collection/graph")["groups"][group]


@pytest.mark.parametrize("path", ["/api/collection/graph", "/api/permissions/graph"])
def test_a_stale_revision_is_409_unless_forced(client: httpx.Client, path: str) -> None:
    revision = get(client, path)["revision"]
    assert put(client, path, {"revision": revision, "groups": {}})["revision"] == revision + 1
    assert client.put(path, json={"revision": revision, "groups": {}}).status_code == 409
    assert client.put(path, json={"groups": {}}).status_code == 409
    forced = client.put(f"{path}?force=true&skip-graph=true", json={"revision": revision, "groups": {}})
    assert forced.json() == {"revision": revision + 2}


def test_the_graphs_take_nobody_who_is_not_there_and_no_administrators(client: httpx.Client) -> None:
    revision = get(client, "/api/collection/graph")["revision"]
    for groups, status in (
        ({"99": {"root": "read"}}, 404),
        ({"1": {"99": "read"}}, 404),
        ({"2": {"root": "read"}}, 400),
    ):
        assert client.put("/api/collection/graph", json={"revision": revision, "groups": groups}).status_code == status
    assert get(client, "/api/collection/graph")["revision"] == revision


def test_a_reader_sees_what_the_graph_grants_and_queries_nothing(
    client: httpx.Client, connected: Json, readers: tuple[int, httpx.Client]
) -> None:
    group, reader = readers
    shown, hidden = (post(client, "/api/collection", {"name": name})["id"] for name in ("Shown", "Hidden"))
    cards = [question(client, native(connected, "select 1 as one"), collection_id=each) for each in (shown, hidden)]
    levels = {
        everybody(client): {"root": "none", str(shown): "none", str(hidden): "none"},
        str(group): {str(shown): "read"},
    }
    revision = get(client, "/api/collection/graph")["revision"]
    put(client, "/api/collection/graph", {"revision": revision, "groups": levels})
    closed = {everybody(client): {str(connected["id"]): {"create-queries": "no"}}}
    put(
        client,
        "/api/permissions/graph",
        {"revision": get(client, "/api/permissions/graph")["revision"], "groups": closed},
    )

    assert [each["name"] for each in get(reader, "/api/collection")][1:] == ["Shown"]
    assert reader.post(f"/api/card/{cards[0]['id']}/query", json={}).json()["data"]["rows"] == [[1]]
    for refused in (
        reader.get(f"/api/card/{cards[1]['id']}"),
        reader.post(f"/api/card/{cards[1]['id']}/query", json={}),
        reader.put(f"/api/card/{cards[0]['id']}", json={"name": "X"}),
        reader.post("/api/collection", json={"name": "X", "parent_id": shown}),
        reader.post("/api/dataset", json=native(connected, "select 1 as one")),
        reader.get("/api/collection/graph"),
    ):
        assert (refused.status_code, refused.text) == (403, "You don't have permissions to do that.")
    assert "details" not in get(reader, f"/api/database/{connected['id']}")
    assert "details" not in get(reader, "/api/table")[0]["db"]
    granted = {str(group): {str(connected["id"]): {"create-queries": "query-builder"}}}
    put(client, "/api/permissions/graph?force=true", {"groups": granted})
    assert reader.post("/api/dataset", json=native(connected, "select 1 as one")).status_code == 403
    assert reader.post("/api/dataset", json=mbql(connected)).json()["row_count"] == 3
    nested = {str(group): {str(connected["id"]): {"create-queries": {"reporting": {"1": "query-builder", "2": "no"}}}}}
    put(client, "/api/permissions/graph?force=true", {"groups": nested})
    assert reader.post("/api/dataset", json=mbql(connected)).status_code == 202


def test_groups_are_known_by_name_and_metabases_own_stay(client: httpx.Client) -> None:
    group = post(client, "/api/permissions/group", {"name": "Brokers"})["id"]
    assert client.post("/api/permissions/group", json={"name": "Brokers"}).status_code == 400
    assert put(client, f"/api/permissions/group/{group}", {"name": "Agents"})["name"] == "Agents"
    assert client.put("/api/permissions/group/1", json={"name": "X"}).status_code == 400
    assert client.delete("/api/permissions/group/2").status_code == 400
    assert client.delete(f"/api/permissions/group/{group}").status_code == 204
    assert client.get(f"/api/permissions/group/{group}").status_code == 404


def test_memberships_are_listed_by_user(metabase: LocalMetabase, client: httpx.Client) -> None:
    group = post(client, "/api/permissions/group", {"name": "Brokers"})["id"]
    user = post(client, "/api/user", {"email": "Ann@example.com", "user_group_memberships": [{"id": 1}]})
    assert client.post("/api/user", json={"email": "ann@example.com"}).json()["errors"]["email"]
    added = post(client, "/api/permissions/membership", {"group_id": group, "user_id": user["id"]})
    assert [each["user_id"] for each in added] == [user["id"]]
    assert (
        client.post("/api/permissions/membership", json={"group_id": group, "user_id": user["id"]}).status_code == 400
    )
    mine = get(client, "/api/permissions/membership")[str(user["id"])]
    assert {each["group_id"] for each in mine} == {1, group}
    assert get(client, f"/api/permissions/group/{group}")["members"][0]["email"] == "ann@example.com"
    assert [each["email"] for each in get(client, "/api/user", group_id=group)["data"]] == ["ann@example.com"]
    for membership in mine:
        status = 204 if membership["group_id"] == group else 400
        path = f"/api/permissions/membership/{membership['membership_id']}"
        assert client.delete(path).status_code == status
    assert [mail["recipients"] for mail in metabase.mails] == [["ann@example.com"]]
