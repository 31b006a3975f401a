"""Collections, cards and dashboards, with the traps that the vendor documents."""

from __future__ import annotations

import httpx
import pytest
from standin import Json, field_id, get, mbql, native, post, put, question, table

from sandbox.metabase.server import LocalMetabase


def place(card: int, **more: Json) -> Json:
    return {"id": -1, "card_id": card, "row": 0, "col": 0, "size_x": 12, "size_y": 8, **more}


def without_uuids(query: Json) -> Json:
    if isinstance(query, dict):
        return {name: without_uuids(value) for name, value in query.items() if name != "lib/uuid"}
    return [without_uuids(each) for each in query] if isinstance(query, list) else query


@pytest.fixture
def card(client: httpx.Client, connected: Json) -> Json:
    return question(client, native(connected, "select 1 as one"))


def names(client: httpx.Client, place: object, **query: Json) -> list[str]:
    return [item["name"] for item in get(client, f"/api/collection/{place}/items", **query)["data"]]


def test_collections_nest_and_names_may_repeat(client: httpx.Client) -> None:
    parent = post(client, "/api/collection", {"name": "Compliance"})
    twins = [post(client, "/api/collection", {"name": "Ash", "parent_id": parent["id"]}) for _ in range(2)]
    assert twins[0]["id"] != twins[1]["id"]
    assert twins[0]["location"] == f"/{parent['id']}/"
    assert get(client, f"/api/collection/{twins[0]['entity_id']}")["parent_id"] == parent["id"]
    assert names(client, parent["id"]) == ["Ash", "Ash"]
    listed = get(client, "/api/collection")
    assert listed[0]["id"] == "root"
    assert "Trash" not in [each["name"] for each in listed]
    assert client.post("/api/collection", json={"name": "X", "parent_id": 99}).status_code == 404


def test_a_rename_that_says_archived_false_restores_from_the_trash(client: httpx.Client, connected: Json) -> None:
    above = post(client, "/api/collection", {"name": "Above"})["id"]
    below = post(client, "/api/collection", {"name": "Below", "parent_id": above})["id"]
    inside = question(client, native(connected, "select 1 as one"), collection_id=below)["id"]
    put(client, f"/api/collection/{above}", {"archived": True})
    assert get(client, f"/api/card/{inside}")["archived"] is True
    assert names(client, "root") == []
    assert names(client, "trash") == ["Above"]
    assert get(client, f"/api/collection/{below}")["archived"] is True
    put(client, f"/api/collection/{above}", {"archived": False, "name": "Again"})
    assert names(client, "root") == ["Again"]
    assert get(client, f"/api/card/{inside}")["archived"] is False
    assert names(client, below) == ["Q"]


def test_a_collection_moves_with_all_below_it_but_not_into_itself(client: httpx.Client) -> None:
    a, b, c = (post(client, "/api/collection", {"name": name})["id"] for name in "abc")
    put(client, f"/api/collection/{b}", {"archived": False, "parent_id": a})
    put(client, f"/api/collection/{a}", {"archived": False, "parent_id": c})
    assert get(client, f"/api/collection/{b}")["location"] == f"/{c}/{a}/"
    assert client.put(f"/api/collection/{c}", json={"archived": False, "parent_id": b}).status_code == 400


def test_items_can_be_asked_for_by_model_and_in_pages(client: httpx.Client, connected: Json) -> None:
    folder = post(client, "/api/collection", {"name": "F"})["id"]
    for name in ("b", "a", "c"):
        question(client, native(connected, "select 1 as one"), name=name, collection_id=folder)
    post(client, "/api/dashboard", {"name": "d", "collection_id": folder})
    assert names(client, folder) == ["a", "b", "c", "d"]
    assert names(client, folder, models=["dashboard", "collection"]) == ["d"]
    page = get(client, f"/api/collection/{folder}/items", models="card", limit=2, offset=2)
    assert ([item["name"] for item in page["data"]], page["total"]) == (["c"], 3)


def test_a_card_comes_back_as_mbql_5_whatever_was_sent(client: httpx.Client, connected: Json) -> None:
    name, premium = (["field", field_id(connected, "rpt_record", each), None] for each in ("name", "premium"))
    sent = mbql(
        connected,
        fields=[name, premium],
        filter=["and", [">", premium, 1], ["not-null", name]],
        order_by=[["asc", name]],
    )
    card = question(client, sent)
    kept = card["dataset_query"]
    assert all("lib/uuid" in field[1] for field in kept["stages"][0]["fields"])
    assert without_uuids(kept) == {
        "lib/type": "mbql/query",
        "database": connected["id"],
        "lib.convert/converted?": True,
        "stages": [
            {
                "lib/type": "mbql.stage/mbql",
                "source-table": table(connected, "rpt_record")["id"],
                "fields": [["field", {}, name[1]], ["field", {}, premium[1]]],
                "filters": [[">", {}, ["field", {}, premium[1]], 1], ["not-null", {}, ["field", {}, name[1]]]],
                "order-by": [["asc", {}, ["field", {}, name[1]]]],
            }
        ],
    }
    assert get(client, f"/api/card/{card['id']}", **{"legacy-mbql": "true"})["dataset_query"] == sent


def test_mbql_5_is_taken_without_uuids(client: httpx.Client, connected: Json) -> None:
    field = ["field", {}, field_id(connected, "rpt_record", "name")]
    stage = {"lib/type": "mbql.stage/mbql", "source-table": table(connected, "rpt_record")["id"], "fields": [field]}
    sent = {"lib/type": "mbql/query", "database": connected["id"], "stages": [stage]}
    kept = question(client, sent)["dataset_query"]
    assert kept != sent
    assert without_uuids(kept) == sent


def test_mixing_the_two_forms_is_500(client: httpx.Client, connected: Json) -> None:
    mixed = mbql(connected, filter=["=", {}, ["field", {}, field_id(connected, "rpt_record", "name")], "Dock"])
    body = {"name": "Q", "dataset_query": mixed, "display": "table", "visualization_settings": {}}
    assert client.post("/api/card", json=body).status_code == 500


def test_cards_are_listed_by_what_they_use(client: httpx.Client, connected: Json) -> None:
    one = question(client, mbql(connected))
    other = {"type": "query", "database": connected["id"], "query": {"source-table": f"card__{one['id']}"}}
    two = question(client, other)
    written = question(client, native(connected, "select 1 as one"))
    put(client, f"/api/card/{written['id']}", {"archived": True})
    table_id = table(connected, "rpt_record")["id"]
    for query, found in (
        ({}, [one["id"], two["id"]]),
        ({"f": "archived"}, [written["id"]]),
        ({"f": "mine"}, [one["id"], two["id"]]),
        ({"f": "table", "model_id": table_id}, [one["id"], two["id"]]),
        ({"f": "using_model", "model_id": one["id"]}, [two["id"]]),
        ({"f": "bookmarked"}, []),
    ):
        assert [each["id"] for each in get(client, "/api/card", **query)] == found, query
    assert client.get("/api/card", params={"f": "table"}).status_code == 400


def test_the_client_may_choose_a_cards_entity_id_once(client: httpx.Client, connected: Json) -> None:
    chosen = "abcdefghij0123456789_"
    body = {"name": "Q", "dataset_query": native(connected, "select 1 as one"), "display": "table"}
    body |= {"visualization_settings": {}, "entity_id": chosen}
    made = post(client, "/api/card", body)
    assert get(client, f"/api/card/{chosen}")["id"] == made["id"]
    assert client.post("/api/card", json=body).status_code == 500
    assert client.put(f"/api/card/{made['id']}", json={"entity_id": chosen}).status_code == 400


def test_a_card_is_patched_and_null_leaves_what_must_have_a_value(client: httpx.Client, card: Json) -> None:
    changed = put(client, f"/api/card/{card['id']}", {"name": None, "display": None, "description": "New."})
    assert (changed["name"], changed["display"], changed["description"]) == ("Q", "table", "New.")
    assert put(client, f"/api/card/{card['id']}", {"description": None})["description"] is None


def test_a_card_in_the_trash_shows_there_and_on_no_dashboard(client: httpx.Client, card: Json) -> None:
    dashboard = post(client, "/api/dashboard", {"name": "D"})["id"]
    put(client, f"/api/dashboard/{dashboard}", {"dashcards": [place(card["id"])]})
    assert put(client, f"/api/card/{card['id']}", {"archived": True})["collection_id"] is not None
    assert get(client, f"/api/dashboard/{dashboard}")["dashcards"] == []
    assert names(client, "trash") == ["Q"]
    refused = client.put(f"/api/dashboard/{dashboard}", json={"dashcards": [place(card["id"])]})
    assert (refused.status_code, refused.json()["error_code"]) == (404, "archived")
    assert put(client, f"/api/card/{card['id']}", {"archived": False})["collection_id"] is None
    assert len(get(client, f"/api/dashboard/{dashboard}")["dashcards"]) == 1
    assert client.delete(f"/api/card/{card['id']}").status_code == 204
    assert get(client, f"/api/dashboard/{dashboard}")["dashcards"] == []


def test_dashcards_are_replaced_whole_and_keep_their_numbers(client: httpx.Client, card: Json) -> None:
    path = f"/api/dashboard/{post(client, '/api/dashboard', {'name': 'D'})['id']}"
    first, second = put(client, path, {"dashcards": [place(card["id"]), place(card["id"], id=-2, row=8)]})["dashcards"]
    moved = {name: first[name] for name in ("id", "card_id", "row", "col", "size_x", "size_y")} | {"col": 4}
    after = put(client, path, {"dashcards": [moved, place(card["id"], id=-1, row=20)]})["dashcards"]
    assert after[0]["id"] == first["id"]
    assert after[0]["col"] == 4
    assert after[0]["entity_id"] == first["entity_id"]
    assert after[1]["id"] > second["id"]
    assert put(client, path, {"name": "E"})["dashcards"] == after
    assert client.put(path, json={"dashcards": [{**moved, "id": second["id"]}]}).status_code == 404
    assert put(client, path, {"dashcards": []})["dashcards"] == []


def test_with_tabs_every_dashcard_says_its_tab_unless_there_is_one(client: httpx.Client, card: Json) -> None:
    path = f"/api/dashboard/{post(client, '/api/dashboard', {'name': 'D'})['id']}"
    tabs = [{"id": -1, "name": "One"}, {"id": -2, "name": "Two"}]
    assert client.put(path, json={"dashcards": [place(card["id"])], "tabs": tabs}).status_code == 400
    one = put(client, path, {"dashcards": [place(card["id"])], "tabs": tabs[:1]})
    assert one["dashcards"][0]["dashboard_tab_id"] == one["tabs"][0]["id"]
    known = {"id": one["tabs"][0]["id"], "name": "One"}
    both = put(client, path, {"dashcards": [place(card["id"], dashboard_tab_id=-2)], "tabs": [tabs[1], known]})
    assert [tab["name"] for tab in both["tabs"]] == ["Two", "One"]
    assert both["dashcards"][0]["dashboard_tab_id"] == both["tabs"][0]["id"]
    assert put(client, path, {"dashcards": [], "tabs": []})["tabs"] == []


def test_a_card_made_for_a_dashboard_lies_on_it_and_hides_from_the_collection(
    client: httpx.Client, connected: Json
) -> None:
    dashboard = post(client, "/api/dashboard", {"name": "D"})["id"]
    made = question(client, native(connected, "select 1 as one"), dashboard_id=dashboard)
    assert [each["card_id"] for each in get(client, f"/api/dashboard/{dashboard}")["dashcards"]] == [made["id"]]
    assert names(client, "root") == ["D"]
    assert names(client, "root", show_dashboard_questions="true") == ["D", "Q"]


def test_the_words_about_tables_and_fields(client: httpx.Client, connected: Json) -> None:
    number = table(connected, "rpt_record")["id"]
    fields = [each["id"] for each in table(connected, "rpt_record")["fields"]]
    changed = put(client, f"/api/table/{number}", {"display_name": "Records", "visibility_type": "technical"})
    assert (changed["display_name"], changed["visibility_type"]) == ("Records", "technical")
    assert put(client, f"/api/table/{number}", {"display_name": None})["display_name"] == "Rpt Record"
    metadata = f"/api/database/{connected['id']}/metadata"
    assert [each["name"] for each in get(client, metadata)["tables"]] == ["rpt_account"]
    assert len(get(client, metadata, include_hidden="true")["tables"]) == 2
    assert client.put(f"/api/table/{number}/fields/order", json=fields[1:]).status_code == 400
    assert put(client, f"/api/table/{number}/fields/order", fields[::-1]) == {"success": True}
    ordered = get(client, f"/api/table/{number}/query_metadata")
    assert ([each["id"] for each in ordered["fields"]], ordered["field_order"]) == (fields[::-1], "custom")
    key = field_id(connected, "rpt_record", "account_id")
    assert put(client, f"/api/field/{key}", {"semantic_type": "type/Category"})["fk_target_field_id"] is None
    put(client, f"/api/field/{key}", {"visibility_type": "sensitive"})
    assert key not in [each["id"] for each in get(client, f"/api/table/{number}/query_metadata")["fields"]]


def test_the_database_lists_its_tables_if_asked(metabase: LocalMetabase, client: httpx.Client, connected: Json) -> None:
    assert "tables" not in get(client, "/api/database")["data"][0]
    assert len(get(client, "/api/database", include="tables")["data"][0]["tables"]) == 2
    tables = get(client, f"/api/database/{connected['id']}", include="tables.fields")["tables"]
    assert [len(each["fields"]) for each in tables] == [3, 6]
    assert [each["db"]["details"]["dbname"] for each in get(client, "/api/table")] == [
        connected["details"]["dbname"]
    ] * 2
    assert post(client, f"/api/database/{connected['id']}/rescan_values") == {"status": "ok"}
    assert metabase.mails == []
