"""Rows whose parent is published in the same run: found in their turn, rejected without it, taken back before it."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable

import pytest
from faults import Hook
from merge_models import OWN_DOCUMENT, application, build_origins, origins, shared_documents
from publish_manifest import publish_meta, publish_node
from publish_rig import Rig

ORIGINS = """
select count(*) from app_document cross join lateral jsonb_each(metadata -> 'origin') as origins (key, value)
where value ->> 'sender' = 'sender ' || key
"""
REJECTS = "select legacy_key, stage, column_name from migration.reject where reason_code = 'parent_not_published'"


def prepare(rig: Rig, rows: int = 60, documents: int = 20, **meta: object) -> None:
    rig.use(shared_documents(batch_size=7), origins(batch_size=7, **meta))
    rig.sql(OWN_DOCUMENT)
    rig.build_documents(documents)
    build_origins(rig, rows, documents)


def test_children_find_the_parents_of_their_own_run(rig: Rig) -> None:
    prepare(rig)

    report = rig.publish()

    assert [(m.published, m.updated, m.rejected.total(), m.drift) for m in report.models] == [
        (20, 0, 0, {}),
        (0, 60, 0, {}),
    ]
    assert rig.value(ORIGINS) == 60
    assert rig.value("select metadata -> 'own' from app_document where file = 'own'") == 1
    assert rig.value("select (metadata ->> 'n')::int from app_document where file = 'documents/7'") == 7
    before = rig.fingerprint("public")
    again = rig.publish()
    assert [(m.already_there, m.drift) for m in again.models] == [(20, {}), (60, {})]
    assert again.exit_code == 0
    assert rig.fingerprint("public") == before


def test_m4_a_child_without_its_parent_is_rejected_and_lands_when_the_parent_has(rig: Rig) -> None:
    """The target refuses the parent at first: its children name it in the ledger, and they alone come later."""
    prepare(rig)
    rig.alter_model("update migration_publish.pub_document set pages = -1 where source_key in ('3', '4')")
    _, rehearsal = rig.examine()
    before = rig.fingerprint("public")

    first = rig.publish()

    children = rig.value(
        "select count(*) from migration_publish.pub_origin where target_legacy_key in ('000003', '000004')"
    )
    assert children > 0
    assert first.models[1].rejected == {("publish", "parent_not_published"): children}
    assert first.models[1].updated == 60 - children
    assert rehearsal is not None
    assert rehearsal.models[1].rejected == first.models[1].rejected
    assert rehearsal.models[1].updated == first.models[1].updated
    assert {row[1:] for row in rig.ledger(REJECTS)} == {("publish", "target_legacy_key")}
    assert rig.value("select count(distinct payload ->> 'target_legacy_key') from migration.reject") == 2

    rig.alter_model("update migration_publish.pub_document set pages = 1 where source_key in ('3', '4')")
    second = rig.publish()

    assert [(m.published, m.updated) for m in second.models] == [(2, 0), (0, children)]
    assert rig.ledger(REJECTS) == []
    assert rig.value(ORIGINS) == 60
    for run in (second.run_id, first.run_id):
        assert rig.roll_back(run=run).exit_code == 0
    assert {k: v for k, v in rig.fingerprint("public").items() if k != "sequences"} == {
        k: v for k, v in before.items() if k != "sequences"
    }


def test_a_parent_that_fails_in_mid_run_takes_its_children_along(rig: Rig) -> None:
    """No gate sees it coming: the trigger refuses the row only when its batch comes."""
    prepare(rig)
    rig.sql(
        "create function refuse() returns trigger language plpgsql as "
        "'begin if new.file = ''documents/5'' then raise exception ''no''; end if; return new; end'; "
        "create trigger refuse before insert on app_document for each row execute function refuse()"
    )
    report = rig.publish()

    assert report.models[0].rejected == {("publish", "constraint_violation"): 1}
    assert report.models[1].rejected.keys() == {("publish", "parent_not_published")}
    assert report.models[1].left == 0
    assert rig.value("select count(*) from pg_tables where schemaname = 'migration_frozen'") == 0


def test_a_held_parent_leaves_its_children_over_their_budget(rig: Rig) -> None:
    prepare(rig, reject_budget={"rows": 5, "share": 0.2})
    rig.alter_model("insert into migration_seeds.decisions values ('D-2', 'open')")
    rig.use(shared_documents(decision_id="D-2"), origins(reject_budget={"rows": 5, "share": 0.2}))

    report = rig.publish()

    assert [m.state for m in report.models] == ["held: D-2: the decision is open", "held: reject budget spent"]
    assert rig.value("select count(*) from migration.batch") == 0


@pytest.mark.parametrize("point", ["publish.rows_written@6", "publish.before_commit@8", "publish.between_batches@4"])
def test_p1_a_run_killed_between_parents_and_children_is_finished(rig: Rig, point: str) -> None:
    prepare(rig)
    before = application(rig)

    assert rig.dtx("publish", DTX_FAILPOINT=point).returncode == -signal.SIGKILL
    assert rig.dtx("publish").returncode == 0

    assert rig.value(ORIGINS) == 60
    assert rig.value("select count(*) from app_document") == 21
    for run in (2, 1):
        assert rig.roll_back(run=run).exit_code == 0
    assert application(rig) == before


def test_p9_the_frozen_children_stay_the_same_while_their_ids_are_looked_up(
    rig: Rig, at: Callable[[str, int, Hook], None]
) -> None:
    prepare(rig)
    at("publish.between_batches", 3, lambda: build_origins(rig, 120, 20))

    assert rig.publish().models[1].updated == 60
    assert rig.value(ORIGINS) == 60


def test_p13_a_run_of_parents_and_children_is_rolled_back_whole(rig: Rig) -> None:
    prepare(rig)
    before = application(rig)
    rig.publish()

    rehearsed = json.loads(rig.dtx("rollback", "--run", "1", "--dry-run", "--json").stdout)
    done = json.loads(rig.dtx("rollback", "--run", "1", "--json").stdout)

    assert rehearsed["undone"] == done["undone"]
    assert done["refused"] == rehearsed["refused"] == []
    assert application(rig) == before


def test_p13_parents_stay_while_a_child_or_an_edit_is_in_their_shared_column(rig: Rig) -> None:
    prepare(rig)
    rig.publish()
    rig.sql("""update app_document set metadata = metadata || '{"mine": 1}' where file = 'documents/1'""")
    rig.sql(
        "update app_document set metadata = jsonb_set(metadata, '{origin,1,sender}', '\"me\"') "
        "where metadata -> 'origin' ? '1'"
    )
    parents = rig.ledger("select batch_id from migration.batch where model = 'pub_document' order by 1")

    with_children = sum(
        (rig.roll_back(batch=batch).refused for (batch,) in parents), start=type(rig.roll_back(batch=1).refused)()
    )
    rehearsed = rig.roll_back(run=1, dry_run=True)
    done = rig.roll_back(run=1)

    standing = ("public.app_document", "referenced", "migration.id_map")
    assert with_children[standing] == rig.value(
        "select count(distinct target_legacy_key) from migration_publish.pub_origin"
    )
    assert (done.undone, done.refused) == (rehearsed.undone, rehearsed.refused)
    assert done.refused == {("public.app_document", "edited", ""): 2, standing: 1}
    assert rig.value("select count(*) from app_document where file <> 'own'") == 2


def test_p7_an_applied_change_of_a_parent_leaves_its_shared_column_alone(rig: Rig) -> None:
    prepare(rig)
    rig.use(*rig.nodes, allows_source_changes=True)
    rig.publish()
    rig.alter_model("update migration_publish.pub_document set pages = 99, metadata = '{}' where source_key = '2'")

    report = rig.publish(applies_source_changes=True)

    assert [(m.applied, m.drift) for m in report.models] == [(1, {}), (0, {})]
    assert rig.value("select count(*) from app_document where pages = 99 and metadata -> 'origin' is not null") == 1
    assert rig.value(ORIGINS) == 60


def test_two_models_update_columns_of_one_row_and_each_is_taken_back_alone(rig: Rig) -> None:
    meta = {"target_table": "public.app_requirement", "entity": "field", "source_table": "field", "mode": "update"}
    rig.use(
        publish_node("pub_note", {"note": "text"}, publish_meta(**meta)),
        publish_node("pub_exempted", {"is_exempted": "boolean"}, publish_meta(**meta)),
    )
    select = (
        "select {0} || n as source_key, {0} || n as legacy_key, n as target_id, {1} from generate_series(1, 20) as n"
    )
    rig.build("migration_publish.pub_note", select.format("'note '", "'new ' || n as note"))
    rig.build("migration_publish.pub_exempted", select.format("'exempted '", "true as is_exempted"))
    before = application(rig)

    assert [m.updated for m in rig.publish().models] == [20, 20]
    assert rig.roll_back(batch=1).exit_code == 0
    assert rig.value("select count(*) from app_requirement where not is_exempted and note = 'new ' || id") == 20
    assert rig.roll_back(run=1).exit_code == 0
    assert application(rig) == before
