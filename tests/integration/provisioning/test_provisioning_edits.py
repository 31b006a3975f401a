"""What people edit in Metabase by hand is reported and left alone; what the catalogue lost, too."""

from __future__ import annotations

from dataclasses import replace

import pytest
from metabase_catalogue import CATALOGUE
from metabase_rig import CREATED, MetabaseRig, actions, edit

from loaders.metabase.client import Metabase

EDITS = {
    "question:report:1": ("card", lambda rig: rig.card()["id"], {"name": "Mine"}),
    "collection:category:4": (
        "collection",
        lambda rig: next(each["id"] for each in rig.server.store.all("collection") if each["name"] == "Accounts"),
        {"name": "Mine", "archived": False},
    ),
    "dashboard:schedule:9": (
        "dashboard",
        lambda rig: rig.server.store.all("dashboard")[0]["id"],
        {"dashcards": []},
    ),
    "subscription:9": (
        "pulse",
        lambda rig: rig.server.store.all("pulse")[0]["id"],
        {"archived": True, "skip_if_empty": False},
    ),
    "metadata:rpt_account_master.account_name": (
        "field",
        lambda rig: next(each["id"] for each in rig.server.store.all("field") if each["name"] == "account_name"),
        {"description": "Mine"},
    ),
    "database:reporting": ("database", lambda rig: rig.server.store.all("database")[0]["id"], {"name": "Mine"}),
}


@pytest.mark.parametrize("key", EDITS)
def test_a_hand_edit_is_reported_survives_and_is_overwritten_only_when_asked(applied: MetabaseRig, key: str) -> None:
    path, number, body = EDITS[key]
    edit(applied, f"{path}/{number(applied)}", **body)

    assert actions(applied.check())[key] == "edited"
    applied.apply()
    assert applied.server.writes == []
    assert actions(applied.check())[key] == "edited"

    applied.apply(overwrite_edits=True)
    assert applied.check() == []
    assert applied.plan() == []
    assert applied.counts() == CREATED


def test_a_collection_that_was_put_into_the_trash_comes_back_with_all_that_is_in_it(applied: MetabaseRig) -> None:
    number = next(each["id"] for each in applied.server.store.all("collection") if each["name"] == "Accounts")
    edit(applied, f"collection/{number}", archived=True)

    edited = actions(applied.check())
    assert {edited[key] for key in ("collection:category:4", "question:report:1", "question:report:2")} == {"edited"}
    applied.apply(overwrite_edits=True)

    assert applied.check() == []
    assert applied.counts() == CREATED


def test_an_opened_collection_and_opened_queries_are_reported(applied: MetabaseRig) -> None:
    with Metabase(applied.server.url, applied.server.api_key) as person:
        everybody = str(next(each["id"] for each in person.get("permissions/group") if each["name"] == "All Users"))
        collection = next(each["id"] for each in applied.server.store.all("collection") if each["name"] == "Accounts")
        graph = person.get("collection/graph")
        person.put(
            "collection/graph",
            {"revision": graph["revision"], "groups": {everybody: {str(collection): "write"}}},
        )
        database = str(applied.server.store.all("database")[0]["id"])
        graph = person.get("permissions/graph")
        opened = {everybody: {database: {"view-data": "unrestricted", "create-queries": "query-builder-and-native"}}}
        person.put("permissions/graph", {"revision": graph["revision"], "groups": opened})

    assert actions(applied.check()) == {"collection_access:category:4": "edited", "data_access:reporting": "edited"}
    applied.apply(overwrite_edits=True)
    assert applied.check() == []


def test_what_was_deleted_by_hand_stays_deleted_until_asked(applied: MetabaseRig) -> None:
    card = applied.card("[report:2]")
    applied.server.store.delete("card", card["id"])

    assert actions(applied.check()) == {"question:report:2": "deleted"}
    applied.apply()
    assert applied.server.writes == []
    applied.apply(overwrite_edits=True)
    assert applied.card("[report:2]")["entity_id"] == card["entity_id"]
    assert applied.plan() == []


def test_what_the_catalogue_lost_is_reported_and_archived_only_when_asked(applied: MetabaseRig) -> None:
    applied.use_catalogue(replace(CATALOGUE, questions=CATALOGUE.questions[:2], dashboards=(), subscriptions=()))
    lost = {"question:report:2": "removed", "dashboard:schedule:9": "removed", "subscription:9": "removed"}
    assert actions(applied.plan()) == lost
    applied.apply()
    assert applied.server.writes == []

    applied.apply(archive_removed=True)

    assert applied.card("[report:2]")["archived"]
    assert applied.server.store.all("dashboard")[0]["archived"]
    assert applied.server.store.all("pulse")[0]["archived"]
    assert applied.plan() == []

    applied.use_catalogue(CATALOGUE)
    assert actions(applied.plan()) == dict.fromkeys(lost, "update")
    applied.apply()
    assert not applied.card("[report:2]")["archived"]
    assert applied.counts() == CREATED
    assert applied.plan() == []
