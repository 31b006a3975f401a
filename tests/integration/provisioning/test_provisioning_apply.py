"""Metabase as code against a Metabase with state: plan, apply, and what is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from metabase_catalogue import ACCOUNT, CATALOGUE
from metabase_rig import CREATED, MetabaseRig, actions, edit, reporting_manifest
from pydantic import SecretStr
from typer.testing import CliRunner

from loaders.cli import app
from loaders.errors import ConfigurationError, RefusedError
from loaders.metabase import command
from loaders.metabase.client import Metabase


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


def test_a_description_of_dbt_s_that_changes_is_changed(applied: MetabaseRig) -> None:
    applied.use_manifest(reporting_manifest("Its full name."))

    (change,) = applied.plan()
    assert (change.key, change.action) == ("metadata:rpt_account_master.account_name", "update")
    applied.apply()
    assert applied.plan() == []


def test_r4_every_end_has_its_exit_code_and_its_document(rig: MetabaseRig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "load_settings", lambda: rig.settings)

    def dtx(*words: str) -> tuple[int, dict[str, Any]]:
        done = CliRunner().invoke(app, ["metabase", *words, "--manifest", str(rig.manifest), "--json"])
        return done.exit_code, json.loads(done.stdout)

    code, document = dtx("plan")
    assert (code, document["command"], document["counts"].keys()) == (1, "plan", {"create"})
    assert dtx("apply")[0] == 0
    assert dtx("plan")[0] == dtx("check")[0] == 0
    edit(rig, f"card/{rig.card()['id']}", name="Mine")
    code, document = dtx("check")
    assert (code, [each["key"] for each in document["changes"]]) == (1, ["question:report:1"])
    assert dtx("plan")[0] == 0
    assert dtx("plan", "--overwrite-edits")[0] == 1


def test_the_wrong_metabase_is_refused_before_anything_is_written(rig: MetabaseRig) -> None:
    rig.settings = rig.settings.model_copy(update={"reporting_time_zone": "Europe/Berlin"})
    for ask in (rig.plan, rig.apply, rig.check):
        with pytest.raises(RefusedError, match="report time zone"):
            ask()
    assert rig.server.writes == []


def test_t1_another_decision_refuses_apply(rig: MetabaseRig) -> None:
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
        superuser.execute(
            f"create table public.secret (id integer); grant select on public.secret to {rig.settings.reporting_user}"
        )
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
        superuser.execute(f"alter role {applied.settings.reporting_user} password 'another'")
        try:
            applied.settings = applied.settings.model_copy(update={"reporting_password": SecretStr("another")})
            with applied.connect() as transform:
                transform.execute("create table reporting.rpt_new (account_id integer)")
                transform.execute(f"grant select on reporting.rpt_new to {applied.settings.reporting_user}")
            applied.apply()
            assert "rpt_new" in {table["name"] for table in applied.server.store.all("table")}
        finally:
            superuser.execute(
                f"alter role {applied.settings.reporting_user} password '{applied.postgres.role_password}'"
            )
