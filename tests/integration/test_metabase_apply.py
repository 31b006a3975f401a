"""Metabase as code against a Metabase with state: plan, apply, hand edits, failures; nothing is made twice."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import dbtmetabase._models
import pytest
from metabase_catalogue import ACCOUNT, CATALOGUE
from metabase_rig import MetabaseRig, make_rig, reporting_manifest
from pydantic import SecretStr

from loaders.errors import ConfigurationError, LossError, RefusedError, ServiceError
from loaders.metabase.client import Metabase
from loaders.metabase.diff import Change
from loaders.settings import Settings
from sandbox.metabase.server import LocalMetabase
from sandbox.servers.postgres import Postgres

CREATED = {"database": 1, "group": 5, "collection": 3, "card": 3, "dashboard": 1, "dashcard": 1, "pulse": 1}


@pytest.fixture
def rig(
    database: Settings,
    metabase: LocalMetabase,
    postgres: Postgres,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> MetabaseRig:
    monkeypatch.setattr(dbtmetabase._models, "_SYNC_PERIOD", 0)
    return make_rig(database, metabase, postgres, tmp_path)


@pytest.fixture
def applied(rig: MetabaseRig) -> MetabaseRig:
    """What the first apply leaves."""
    rig.apply()
    rig.server.forget()
    return rig


def actions(changes: list[Change]) -> dict[str, str]:
    return {change.key: change.action for change in changes}


def edit(rig: MetabaseRig, path: str, **body: Any) -> None:
    """What a person does in Metabase."""
    with Metabase(rig.server.url, rig.server.api_key) as person:
        person.put(path, body)
    rig.server.forget()


def test_a_plan_writes_nothing_and_shows_every_object(rig: MetabaseRig) -> None:
    planned = actions(rig.plan())

    assert rig.server.writes == []
    assert planned["question:report:1"] == planned["subscription:9"] == planned["database:reporting"] == "create"
    assert "question:report:3" not in planned


def test_apply_then_plan_is_empty_and_a_second_apply_writes_nothing(rig: MetabaseRig) -> None:
    rig.apply()
    assert rig.counts() == CREATED
    assert rig.plan() == []
    rig.server.forget()

    assert rig.apply() == []

    assert rig.server.writes == []
    assert rig.counts() == CREATED
    assert rig.check() == []


def test_nothing_is_ever_mailed(rig: MetabaseRig) -> None:
    rig.apply()
    with Metabase(rig.server.url, rig.server.api_key) as person:
        person.put("email", {"email-smtp-host": "mail.example.com"})
    rig.use_catalogue(replace(CATALOGUE, dashboards=(replace(CATALOGUE.dashboards[0], name="Other"),)))
    rig.apply(overwrite_edits=True)
    rig.use_catalogue(replace(CATALOGUE, dashboards=(), subscriptions=()))
    rig.apply(archive_removed=True)

    assert rig.server.mails == []


def test_every_question_runs_as_the_read_only_role(applied: MetabaseRig) -> None:
    with Metabase(applied.server.url, applied.server.api_key) as person:
        for card in applied.server.store.all("card"):
            result = person.post(f"card/{card['id']}/query", {})
            assert result["status"] == "completed", card["name"]
        rows = person.post(f"card/{applied.card(f'[report:1:account:{ACCOUNT}]')['id']}/query", {})["data"]["rows"]
    assert [row[:2] for row in rows] == [["Acme", 17]]


def test_all_users_lose_the_queries_and_every_collection(applied: MetabaseRig) -> None:
    with Metabase(applied.server.url, applied.server.api_key) as admin:
        groups = {group["name"]: str(group["id"]) for group in admin.get("permissions/group")}
        data, seen = admin.get("permissions/graph")["groups"], admin.get("collection/graph")["groups"]
    ours = [str(number) for number in applied.collections()]
    database = str(applied.server.store.all("database")[0]["id"])

    everybody, readers = groups["All Users"], groups["DTX report readers"]
    assert data.get(everybody, {}).get(database, {}).get("create-queries", "no") == "no"
    assert data[readers][database]["create-queries"] == "query-builder"
    assert [seen.get(everybody, {}).get(each, "none") for each in ours] == ["none"] * 3
    assert [seen[readers][each] for each in ours] == ["read"] * 3


def test_dbt_s_descriptions_and_foreign_keys_arrive(applied: MetabaseRig) -> None:
    tables = {table["id"]: table for table in applied.server.store.all("table")}
    columns = {(tables[each["table_id"]]["name"], each["name"]): each for each in applied.server.store.all("field")}
    assert {table["description"] for table in tables.values()} == {
        "About rpt_account_master.",
        "About rpt_record_compliance.",
    }
    child, parent = columns["rpt_record_compliance", "account_id"], columns["rpt_account_master", "account_id"]
    assert (child["semantic_type"], child["fk_target_field_id"]) == ("type/FK", parent["id"])
    assert parent["semantic_type"] == "type/PK"
    assert columns["rpt_account_master", "account_name"]["description"] == "The Account's name."


def test_what_the_catalogue_changes_is_changed_and_nothing_else(applied: MetabaseRig) -> None:
    first, *others = CATALOGUE.questions
    applied.use_catalogue(replace(CATALOGUE, questions=(replace(first, columns=first.columns[:2]), *others)))

    (change,) = applied.plan()
    assert {difference.path for difference in change.differences} == {
        "query > fields",
        "visualization_settings > table.columns",
        'visualization_settings > column_settings > ["name","expires_on"]',
    }
    applied.apply()

    assert [each.endpoint for each in applied.server.writes] == ["card.update"]
    assert applied.plan() == []


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


def test_a_description_of_dbt_s_that_changes_is_changed(applied: MetabaseRig) -> None:
    applied.use_manifest(reporting_manifest("Its full name."))

    (change,) = applied.plan()
    assert (change.key, change.action) == ("metadata:rpt_account_master.account_name", "update")
    applied.apply()
    assert applied.plan() == []


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


ENDPOINTS = (
    "group.create",
    "database.create",
    "data_graph.put",
    "field.update",
    "collection.create",
    "collection.graph.put",
    "card.create",
    "dashboard.create",
    "dashboard.update",
    "pulse.create",
)


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_after_a_failure_the_next_run_goes_on_and_makes_nothing_twice(rig: MetabaseRig, endpoint: str) -> None:
    rig.server.fail(endpoint, 500)
    with pytest.raises(ServiceError, match="500"):
        rig.apply()

    rig.apply()

    assert rig.counts() == CREATED
    assert rig.plan() == []


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_a_lost_answer_is_looked_up_and_nothing_is_made_twice(rig: MetabaseRig, endpoint: str) -> None:
    rig.server.drop(endpoint)

    rig.apply()

    assert rig.counts() == CREATED
    assert rig.plan() == []
    assert [each.endpoint for each in rig.server.writes].count("pulse.create") == 1


def test_a_creation_that_did_not_happen_is_not_taken_for_one(rig: MetabaseRig) -> None:
    rig.server.drop("card.create", when="before")

    with pytest.raises(ServiceError, match="was not created"):
        rig.apply()
    rig.apply()

    assert rig.counts() == CREATED


def test_a_process_that_ends_right_behind_a_creation_leaves_an_object_that_the_next_one_knows(
    rig: MetabaseRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def end(name: str) -> None:
        if name == "metabase.created_dashboard":
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("loaders.metabase.apply.failpoint", end)
        with pytest.raises(KeyboardInterrupt):
            rig.apply()
    assert rig.server.store.all("dashcard") == []

    rig.apply()

    assert rig.counts() == CREATED
    assert rig.plan() == []


def test_transient_failures_of_reads_are_waited_out(rig: MetabaseRig) -> None:
    rig.server.fail("card.get", 503, times=2, retry_after=0)
    rig.server.fail("collection.list", 429, times=1, retry_after=0)
    rig.apply()
    assert rig.counts() == CREATED


@pytest.mark.parametrize("endpoint", ["collection.graph.put", "data_graph.put"])
def test_a_stale_revision_is_read_again(rig: MetabaseRig, endpoint: str) -> None:
    rig.server.fail(endpoint, 409)
    rig.apply()
    assert rig.plan() == []


def test_permissions_that_somebody_keeps_changing_are_left_to_them(rig: MetabaseRig) -> None:
    rig.server.fail("collection.graph.put", 409, times=3)
    with pytest.raises(RefusedError, match="right now"):
        rig.apply()


def test_a_query_that_metabase_empties_is_an_error(rig: MetabaseRig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("loaders.metabase.kinds.questions.from_metabase", lambda *_: {})
    with pytest.raises(LossError, match="emptied the query"):
        rig.apply()


def test_a_change_that_metabase_did_not_keep_is_told(applied: MetabaseRig) -> None:
    with applied.connect() as superuser:
        superuser.execute("update migration_seeds.display_formats set metabase_settings = '{\"decimals\": 2}'")
    applied.server.drop("card.update", when="before")

    with pytest.raises(LossError, match="kept question:report:1 otherwise than it was sent"):
        applied.apply()
    applied.apply()

    assert applied.plan() == []


def test_the_wrong_metabase_is_refused_before_anything_is_written(rig: MetabaseRig) -> None:
    rig.settings = rig.settings.model_copy(update={"reporting_time_zone": "Europe/Berlin"})
    for ask in (rig.plan, rig.apply, rig.check):
        with pytest.raises(RefusedError, match="report time zone"):
            ask()
    assert rig.server.writes == []


def test_another_decision_refuses_apply(rig: MetabaseRig) -> None:
    with rig.connect() as superuser:
        superuser.execute("update migration_seeds.decisions set chosen = 'build'")
    with pytest.raises(RefusedError, match="D12-1 is build"):
        rig.apply()
    assert rig.server.writes == []


def test_one_applies_at_a_time(rig: MetabaseRig) -> None:
    with rig.connect() as other:
        other.execute("select pg_advisory_lock(hashtextextended('dtx metabase apply', 0))")
        with pytest.raises(RefusedError, match="another dtx metabase apply"):
            rig.apply()


def test_a_role_that_sees_more_than_the_reporting_schema_is_refused(rig: MetabaseRig) -> None:
    with rig.connect() as superuser:
        superuser.execute(f"create table public.secret (id integer); grant select on public.secret to {reader(rig)}")
    with pytest.raises(RefusedError, match=r"outside of schema reporting: on public\.secret"):
        rig.apply()
    assert rig.server.writes == []


def test_a_question_on_a_column_that_is_not_there_is_told_before_anything_is_written(rig: MetabaseRig) -> None:
    with rig.connect() as superuser:
        superuser.execute("alter table reporting.rpt_account_master drop column balance")
    with pytest.raises(ConfigurationError, match=r"rpt_account_master\.balance of question:report:2"):
        rig.apply()
    assert rig.server.writes == []


def test_a_new_password_of_the_role_reaches_metabase(applied: MetabaseRig) -> None:
    with applied.connect() as superuser:
        superuser.execute(f"alter role {reader(applied)} password 'another'")
        try:
            applied.settings = applied.settings.model_copy(update={"reporting_password": SecretStr("another")})
            with applied.connect() as transform:
                transform.execute("create table reporting.rpt_new (account_id integer)")
                transform.execute(f"grant select on reporting.rpt_new to {reader(applied)}")
            applied.apply()
            assert "rpt_new" in {table["name"] for table in applied.server.store.all("table")}
        finally:
            superuser.execute(f"alter role {reader(applied)} password '{applied.postgres.role_password}'")


def reader(rig: MetabaseRig) -> str:
    return rig.settings.reporting_user
