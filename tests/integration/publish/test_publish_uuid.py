"""Targets with UUID keys: the model supplies name-based ids, which are the same in every run."""

from __future__ import annotations

from typing import Any

import pytest
from publish_manifest import publish_meta, publish_node
from publish_rig import Rig

from loaders.errors import RefusedError

COLUMNS = {"id": "uuid", "name": "text", "kind": "kind", "legacy_id": "integer"}
TEAMS = """
select
    n::text as source_key, n::text as legacy_key, md5(n::text)::uuid as id, 'Team ' || n as name,
    'internal'::public.kind as kind, n as legacy_id
from generate_series(1, {rows}) as n
"""


def teams(**changes: Any) -> dict[str, Any]:
    return publish_node("pub_team", COLUMNS, publish_meta(target_table="public.app_team", entity="team", **changes))


@pytest.fixture
def uuid_rig(rig: Rig) -> Rig:
    rig.sql("create type kind as enum ('internal', 'external')")
    rig.sql(
        "create table app_team (id uuid primary key default gen_random_uuid(), name varchar(50) not null unique, "
        "kind kind not null, legacy_id integer unique, created timestamptz not null default now())"
    )
    rig.sql("create table app_member (id uuid primary key, team_id uuid not null references app_team)")
    return rig


def build(rig: Rig, rows: int = 250, select: str = TEAMS) -> None:
    rig.build("migration_publish.pub_team", select.format(rows=rows))


def test_p1_the_supplied_ids_are_published_and_a_second_run_adds_nothing(uuid_rig: Rig) -> None:
    uuid_rig.use(teams())
    build(uuid_rig)
    assert uuid_rig.publish_one().published == 250
    assert uuid_rig.value("select count(*) from app_team where id = md5(legacy_id::text)::uuid") == 250
    assert uuid_rig.value("select count(*) from migration.id_map where target_id = md5(legacy_key)::uuid::text") == 250
    assert uuid_rig.publish_one().already_there == 250
    assert uuid_rig.value("select count(*) from app_team") == 250


def test_p13_what_was_rolled_back_comes_again_under_the_same_id(uuid_rig: Rig) -> None:
    uuid_rig.use(teams())
    build(uuid_rig)
    run = uuid_rig.publish().run_id
    uuid_rig.sql("update app_team set name = 'edited' where legacy_id = 7")
    uuid_rig.sql("insert into app_member select gen_random_uuid(), md5('8')::uuid")
    uuid_rig.roll_back(run=run)
    assert uuid_rig.sql("select legacy_id from app_team order by 1") == [(7,), (8,)]
    assert uuid_rig.publish_one().published == 248
    assert uuid_rig.value("select count(*) from app_team where id = md5(legacy_id::text)::uuid") == 250


def test_p7_a_change_of_the_source_is_applied_without_the_right_to_change_ids(uuid_rig: Rig) -> None:
    uuid_rig.use(teams(), allows_source_changes=True)
    build(uuid_rig)
    uuid_rig.publish()
    assert not uuid_rig.value("select has_column_privilege('dtx_publisher', 'app_team', 'id', 'UPDATE')")
    build(
        uuid_rig, select=TEAMS.replace("'Team ' || n as name", "case n when 9 then 'New' else 'Team ' || n end as name")
    )
    report = uuid_rig.publish_one(applies_source_changes=True)
    assert report.drift["source_changed"] == 0
    assert uuid_rig.sql("select id::text = md5('9')::uuid::text, name from app_team where legacy_id = 9") == [
        (True, "New")
    ]
    assert uuid_rig.publish_one().already_there == 250
    (run,) = uuid_rig.sql("select max(run_id) from migration.batch where mode = 'update'", role="dtx_owner")[0]
    uuid_rig.roll_back(run=run)
    assert uuid_rig.sql("select name from app_team where legacy_id = 9") == [("Team 9",)]


def test_p11_an_id_that_is_taken_or_doubled_is_a_reject(uuid_rig: Rig) -> None:
    uuid_rig.use(teams())
    uuid_rig.sql("insert into app_team (id, name, kind) values (md5('3')::uuid, 'own', 'external')")
    build(uuid_rig, select=TEAMS.replace("md5(n::text)::uuid", "md5(case n when 5 then '6' else n::text end)::uuid"))
    assert uuid_rig.publish_one().published == 247
    rejects = uuid_rig.sql(
        "select legacy_key, column_name, sqlstate from migration.reject order by 1", role="dtx_owner"
    )
    assert rejects == [("3", "id", "23505"), ("5", "id", "23505"), ("6", "id", "23505")]
    assert uuid_rig.sql("select kind::text from app_team where name = 'own'") == [("external",)]


def test_m4_children_are_published_with_their_parents_in_one_run_and_not_without_them(uuid_rig: Rig) -> None:
    members = publish_node(
        "pub_member",
        {"id": "uuid", "team_id": "uuid"},
        publish_meta(target_table="public.app_member", entity="member", source_table="member", order=20),
    )
    uuid_rig.use(teams(order=10), members)
    uuid_rig.sql("insert into app_team (id, name, kind) values (gen_random_uuid(), 'Team 3', 'external')")
    build(uuid_rig)
    uuid_rig.build(
        "migration_publish.pub_member",
        "select n::text as source_key, n::text as legacy_key, md5('member' || n)::uuid as id, md5(n::text)::uuid as "
        "team_id from generate_series(1, 260) as n",
    )
    report = uuid_rig.publish()
    assert [model.published for model in report.models] == [249, 249]
    rejects = uuid_rig.sql(
        "select source_table, legacy_key, reason_code from migration.reject order by 1, length(legacy_key), 2",
        role="dtx_owner",
    )
    assert rejects[0] == ("member", "3", "parent_vanished")
    assert rejects[-1] == ("thing", "3", "constraint_violation")
    assert len(rejects) == 12
    uuid_rig.roll_back(run=report.run_id)
    assert uuid_rig.value("select count(*) from app_member") == 0
    assert uuid_rig.value("select count(*) from app_team") == 1


def test_p3_ids_are_drawn_or_supplied_and_never_both(uuid_rig: Rig) -> None:
    without = {name: kind for name, kind in COLUMNS.items() if name != "id"}
    meta = publish_meta(target_table="public.app_team", entity="team")
    uuid_rig.use(publish_node("pub_team", without, meta))
    build(uuid_rig, select=TEAMS.replace("md5(n::text)::uuid as id, ", ""))
    with pytest.raises(RefusedError, match="no sequence to draw ids from"):
        uuid_rig.publish()
    uuid_rig.use(
        publish_node("pub_team", {"id": "bigint", "name": "text"}, publish_meta(target_table="public.app_account"))
    )
    build(uuid_rig, select="select '1' as source_key, '1' as legacy_key, 1::bigint as id, 'x' as name limit {rows}")
    with pytest.raises(RefusedError, match="the publisher draws ids itself"):
        uuid_rig.publish()
