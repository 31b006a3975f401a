"""What changed after it was published: reported, never overwritten, applied only on request (P6, P7)."""

from __future__ import annotations

import json

import pytest
from publish_rig import DOCUMENT_COLUMNS, Rig, documents, requirements

from loaders.publish import batch as batch_module
from sandbox.servers.postgres import OWNER

# The owner reads the ledger and may act as the application.
APPLICATION_AND_LEDGER = OWNER
DRIFT = "select legacy_key, source_state, target_state, columns from migration.drift where run_id = %s order by 1"


def publish_ten(rig: Rig, *, allows_source_changes: bool = False) -> None:
    rig.use(documents(), requirements(), allows_source_changes=allows_source_changes)
    rig.build_documents(10)
    rig.build_requirements(10)
    assert rig.publish().exit_code == 0


def edit(rig: Rig, keys: str, change: str) -> None:
    rig.sql(
        f"update app_document set {change} where id in (select target_id::bigint from migration.id_map "
        f"where entity = 'document' and source_key in ({keys}))",
        role=APPLICATION_AND_LEDGER,
    )


def change_source(rig: Rig, keys: str, change: str) -> None:
    rig.alter_model(f"update migration_publish.pub_document set {change} where source_key in ({keys})")


def test_p6_an_edited_row_is_not_overwritten_and_a_deleted_one_not_resurrected(rig: Rig) -> None:
    publish_ten(rig)
    edit(rig, "'3'", "title = 'edited in 2.0', metadata = metadata || '{\"own\": 1}'")
    edit(rig, "'4'", "title = title")
    rig.sql("delete from app_document where file = 'documents/5'")
    rig.sql("update app_requirement set note = 'edited in 2.0', updated = now() where id = 2")
    rig.sql("update app_requirement set updated = now() where id = 3")
    before = rig.fingerprint("public")

    report = rig.publish()

    assert rig.fingerprint("public") == before
    assert report.exit_code == 1
    assert report.models[0].drift == {"changed_in_target": 1, "deleted_in_target": 1}
    assert report.models[1].drift == {"changed_in_target": 1}
    assert report.models[0].already_there == 10
    assert rig.ledger(DRIFT, report.run_id) == [
        ("000003", "same", "changed", ["metadata", "title"]),
        ("000005", "same", "deleted", []),
        ("2", "same", "changed", ["note"]),
    ]


def test_p7_the_nine_states_of_source_and_target(rig: Rig) -> None:
    """Source same, changed or gone by target same, changed or deleted; one cell of the nine can be applied."""
    publish_ten(rig, allows_source_changes=True)
    change_source(rig, "'4', '5', '6'", "pages = 99")
    rig.alter_model("delete from migration_publish.pub_document where source_key in ('7', '8', '9')")
    edit(rig, "'2', '5', '8'", "title = 'edited ' || id")
    rig.sql("delete from app_document where file in ('documents/3', 'documents/6', 'documents/9')")
    before = rig.fingerprint("public")

    reported = rig.publish()

    assert rig.fingerprint("public") == before
    assert rig.ledger(DRIFT, reported.run_id) == [
        ("000002", "same", "changed", ["title"]),
        ("000003", "same", "deleted", []),
        ("000004", "changed", "same", ["pages"]),
        ("000005", "changed", "changed", ["pages", "title"]),
        ("000006", "changed", "deleted", []),
        ("000007", "gone", "same", []),
        ("000008", "gone", "changed", []),
        ("000009", "gone", "deleted", []),
    ]
    assert reported.models[0].drift == {
        "changed_in_target": 1,
        "deleted_in_target": 1,
        "source_changed": 1,
        "conflict": 3,
        "source_gone": 1,
        "gone_on_both_sides": 1,
    }
    assert reported.models[0].drift_columns == {
        ("changed_in_target", "title"): 1,
        ("source_changed", "pages"): 1,
        ("conflict", "pages"): 1,
        ("conflict", "title"): 1,
    }

    document = json.loads(rig.dtx("publish", "--dry-run", "--apply-source-changes", "--json").stdout)
    assert rig.fingerprint("public") == before

    applied = rig.publish(applies_source_changes=True)

    assert applied.models[0].applied == document["models"][0]["source_changes_applied"] == 1
    assert applied.models[0].drift == document["models"][0]["drift"]
    assert [row[0] for row in rig.ledger(DRIFT, applied.run_id)] == [
        "000002", "000003", "000005", "000006", "000007", "000008", "000009",
    ]  # fmt: skip
    assert rig.sql("select file from app_document where pages = 99") == [("documents/4",)]
    assert (
        rig.value("select column_values ->> 'pages' from migration.before_image where column_values ? 'pages'") == "4"
    )
    assert rig.publish().models[0].drift == applied.models[0].drift


def test_p7_a_change_that_the_target_refuses_stays_drift(rig: Rig) -> None:
    publish_ten(rig, allows_source_changes=True)
    change_source(rig, "'4'", "account_id = 4711")
    change_source(rig, "'5'", "pages = -5")
    change_source(rig, "'6'", "title = 'title 7', account_id = 8")
    change_source(rig, "'8'", "title = 'applied'")
    rig.sql("update app_document set account_id = 8 where file = 'documents/7'")
    report = rig.publish(applies_source_changes=True)

    assert report.models[0].applied == 1
    assert [row[0] for row in rig.ledger(DRIFT, report.run_id)] == ["000004", "000005", "000006"]
    assert rig.value("select count(*) from migration.reject") == 0


def test_p7_whoever_edits_while_changes_are_applied_wins(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    publish_ten(rig, allows_source_changes=True)
    change_source(rig, "'4', '5'", "pages = 99")

    def edit_first(point: str) -> None:
        if point == "publish.batch_started":
            edit(rig, "'4'", "title = 'edited meanwhile'")

    monkeypatch.setattr(batch_module, "failpoint", edit_first)
    report = rig.publish(applies_source_changes=True)

    assert report.models[0].applied == 1
    assert rig.sql("select pages, title from app_document where file = 'documents/4'") == [(4, "edited meanwhile")]
    assert report.models[0].drift == {"source_changed": 1}


def test_p7_without_the_grant_source_changes_are_refused_by_name(rig: Rig) -> None:
    publish_ten(rig)

    done = rig.dtx("publish", "--apply-source-changes")

    assert done.returncode == 3
    assert "public.app_document.title: the publisher has no UPDATE" in " ".join(done.stderr.split())
    assert "dtx setup --allow-source-changes" in " ".join(done.stderr.split())
    assert rig.dtx("setup", "--allow-source-changes").returncode == 0
    assert rig.dtx("publish", "--apply-source-changes").returncode == 0


def test_p7_an_updated_model_s_changes_are_applied_too(rig: Rig) -> None:
    publish_ten(rig)
    rig.alter_model("update migration_publish.pub_requirement set note = 'better' where legacy_key = '4'")

    assert rig.publish().models[1].drift == {"source_changed": 1}
    rig.use(requirements())
    (model,) = rig.publish(applies_source_changes=True).models

    assert model.applied == 1
    assert rig.sql("select note from app_requirement where id = 4") == [("better",)]
    assert rig.ledger(
        "select batch_id, column_values ->> 'note' from migration.before_image where target_id = '4' order by 1"
    ) == [(2, "before 4"), (3, "exempt 4")]


def test_a_changed_mapping_is_drift_and_is_not_applied_in_place(rig: Rig) -> None:
    """A model that gained a column has other hashes; its published rows are named, not half updated."""
    publish_ten(rig, allows_source_changes=True)
    rig.sql("alter table app_document add extra text")
    rig.alter_model("alter table migration_publish.pub_document add extra text")
    rig.alter_model("update migration_publish.pub_document set extra = 'new' where source_key = '1'")
    node = documents()
    node["columns"]["extra"] = {"name": "extra", "data_type": "text"}
    rig.use(node, allows_source_changes=True)

    (model,) = rig.publish(applies_source_changes=True).models

    assert (model.applied, model.drift) == (0, {"source_changed": 10})
    assert rig.ledger("select columns from migration.drift where legacy_key = '000001'") == [(["extra"],)]


def test_a_column_that_the_target_lost_is_drift(rig: Rig) -> None:
    publish_ten(rig)
    rig.sql("alter table app_document drop column price")
    rig.alter_model("alter table migration_publish.pub_document drop column price")
    node = documents()
    del node["columns"]["price"]
    rig.use(node)

    (model,) = rig.publish().models

    assert set(node["columns"]) - {"source_key", "legacy_key"} == set(DOCUMENT_COLUMNS) - {"price"}
    assert model.drift == {"conflict": 10}
