"""The verifier reads back what the publisher put into rows that several map rows share (R1, R3)."""

from __future__ import annotations

import pytest
from merge_models import OWN_DOCUMENT, build_label_rows, build_origins, labels, origins, shared_documents
from publish_rig import Rig, requirements

from loaders.reconcile.source_tables import SourceTable
from loaders.reconcile.target_rows import check_target_rows
from sandbox.servers.postgres import OWNER, TRANSFORM


def findings(rig: Rig, entity: str) -> tuple[int, dict[str, tuple[str, ...]]]:
    with rig.connect(TRANSFORM, options="-c TimeZone=UTC -c extra_float_digits=1 -c DateStyle=ISO,YMD") as connection:
        checked, found = check_target_rows(connection, SourceTable("dtx1", entity, ("id",)))
    return checked, {finding.what: finding.keys for finding in found}


@pytest.fixture
def published(rig: Rig) -> Rig:
    """Documents with origins in their metadata, labels in directories, and requirements."""
    rig.use(shared_documents(), labels(), origins(), requirements(entity="field", source_table="field"))
    rig.sql(OWN_DOCUMENT)
    rig.build_documents(20)
    build_origins(rig, 60, 20)
    build_label_rows(
        rig, ("1", 1, "{a,b}", '"x"'), ("2", 1, "{a,c}", "null"), ("3", 2, "{a}", "1.50"), ("4", 3, "{d,e,f}", "{}")
    )
    rig.build_requirements(5)
    assert rig.publish().exit_code == 0
    return rig


def test_r1_rows_that_share_a_target_row_are_all_proven(published: Rig) -> None:
    assert findings(published, "document") == (20, {})
    assert findings(published, "origin") == (60, {})
    assert findings(published, "label") == (4, {})
    assert findings(published, "field") == (5, {})


def test_r1_two_models_of_one_entity_may_update_columns_of_one_row(published: Rig) -> None:
    """The shape of form_field: each of two source rows has a column of its own."""
    published.ledger("update migration.batch set columns = '{note}' where entity = 'field'")
    published.ledger(
        "insert into migration.batch overriding system value select (jsonb_populate_record(batch, "
        '\'{"batch_id": 999, "columns": ["is_exempted"], "ordinal": 99}\')).* from migration.batch '
        "where entity = 'field'"
    )
    published.ledger(
        "insert into migration.id_map (entity, source_key, legacy_key, target_table, target_id, area, state, batch_id, "
        "published_hash) select entity, 'other ' || source_key, 'other ' || legacy_key, target_table, target_id, area, "
        "state, 999, sha256(convert_to('11:is_exemptedb4:true', 'UTF8')) from migration.id_map where entity = 'field'"
    )

    assert "target_row_claimed_twice" not in findings(published, "field")[1]
    published.ledger("update migration.batch set columns = '{is_exempted,note}' where batch_id = 999")
    assert len(findings(published, "field")[1]["target_row_claimed_twice"]) == 10


@pytest.mark.parametrize(
    ("statement", "finding"),
    [
        ("update app_directory set settings = jsonb_set(settings, '{a,b}', '1') where id = 1", "target_row_changed"),
        ("update app_directory set settings = settings #- '{a,b}' where id = 1", "target_row_missing"),
        ("update app_directory set settings = null where id = 1", "target_row_missing"),
        (
            "update migration.id_map set json_path = '{a,z}' where entity = 'label' and legacy_key = '1'",
            "target_row_missing",
        ),
    ],
)
def test_r1_a_lost_or_edited_value_is_named(published: Rig, statement: str, finding: str) -> None:
    published.sql(statement, role=OWNER)

    assert "1" in findings(published, "label")[1][finding]


def test_r1_an_edit_beside_the_places_is_nobody_s_loss(published: Rig) -> None:
    published.sql("update app_directory set settings = settings || '{\"own\": 1}'")

    assert findings(published, "label") == (4, {})


@pytest.mark.parametrize("path", ["{a,b}", "{a}", "{a,b,c}"])
def test_r1_overlapping_claims_of_a_document_are_named(published: Rig, path: str) -> None:
    published.ledger(
        "insert into migration.id_map (entity, source_key, legacy_key, target_table, target_id, json_path, area, "
        "state, batch_id, published_hash) select entity, 'rival', 'rival', target_table, target_id, %s, area, "
        "state, batch_id, published_hash from migration.id_map where entity = 'label' and legacy_key = '1'",
        path,
    )

    claimed = findings(published, "label")[1]["target_row_claimed_twice"]
    assert claimed == (("1", "2", "rival") if path == "{a}" else ("1", "rival"))


def test_r1_two_rows_that_both_made_a_target_row_are_named(published: Rig) -> None:
    published.ledger(
        "update migration.id_map set target_id = (select target_id from migration.id_map where entity = 'document' "
        "and source_key = '1') where entity = 'document' and source_key = '2'"
    )

    assert findings(published, "document")[1]["target_row_claimed_twice"] == ("1", "2")
