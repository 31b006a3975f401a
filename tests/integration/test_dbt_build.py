"""dbt builds on a real PostgreSQL, over hand-made raw tables and the tables that Django's migrations make."""

from __future__ import annotations

from pathlib import Path

import pytest
from dbt_support import (
    GROUP_NAME,
    ITEM,
    LOST,
    OTHER_PLACE,
    PLACE,
    SECOND_LOAD,
    TITLE,
    choose,
    create_world,
    dbt,
    dispositions,
    keyword_key,
    load,
    publish_models,
    rows,
)

from loaders.database import connect
from loaders.publish.contract import load_manifest
from loaders.publish.engine import publish
from loaders.publish.interrupt import Interrupt
from loaders.settings import Settings
from loaders.setup.commands import run_setup
from sandbox.servers.postgres import Postgres

# Source row -> its disposition and reason, under the options that are chosen by default.
EXPECTED = {
    ("repo_file", "101"): ("publish", "mapped"),
    ("repo_file", "102"): ("skip", "deleted"),
    ("repo_file", "103"): ("elsewhere", "area4_processed"),
    ("repo_file", "104"): ("reject", "text_unstorable"),
    ("repo_file", "105"): ("reject", "record_rejected"),
    ("exemption", "201"): ("skip", "superseded"),
    ("exemption", "202"): ("publish", "never_expires"),
    ("exemption", "203"): ("update", "expiry_in_metadata"),
    ("exemption", "204"): ("already_present", "already_exempted"),
    ("exemption", "205"): ("reject", "item_name_unmapped"),
    ("exemption", "206"): ("reject", "record_absent"),
    ("exemption", "207"): ("already_present", "already_overridden"),
    ("reviewer_address", "301"): ("publish", "partly_rejected"),
    ("reviewer_address", "302"): ("already_present", "same_address"),
    ("reviewer_address", "303"): ("skip", "payload_php_null"),
    ("form_field", "401"): ("update", "mapped"),
    ("form_field", "1000"): ("skip", "duplicate_value"),
    ("form_field", "403"): ("reject", "internal_id_conflict"),
    ("form_field", "404"): ("publish", "mapped"),
    ("form_field", "405"): ("reject", "property_unmapped"),
    ("form_field", "406"): ("skip", "value_blank"),
    ("form_field", "407"): ("reject", "record_rejected"),
    ("form_field", "408"): ("already_present", "same_value"),
    ("form_field", "409"): ("reject", "meta_conflict"),
    ("keyword", keyword_key(GROUP_NAME)): ("publish", "mapped"),
    ("keyword", keyword_key(GROUP_NAME, 2)): ("skip", "duplicate_value"),
    ("keyword", keyword_key(TITLE)): ("reject", "meta_conflict"),
    ("keyword", keyword_key(ITEM)): ("publish", "mapped"),
    ("keyword", keyword_key(PLACE)): ("reject", "contradicting_values"),
    ("keyword", keyword_key(OTHER_PLACE)): ("reject", "contradicting_values"),
    ("keyword", keyword_key(LOST)): ("reject", "account_missing"),
    ("imap_upload", "501"): ("update", "mapped"),
    ("imap_upload", "502"): ("update", "mapped"),
    ("imap_upload", "503"): ("reject", "metadata_conflict"),
    ("imap_upload", "504"): ("skip", "repo_file_deleted"),
    ("imap_upload", "505"): ("reject", "repo_file_rejected"),
    ("imap_upload", "506"): ("reject", "repo_file_absent"),
    **{("vornado_feed", key): ("archive", "archived") for key in ("601", "602", "603", "604", "605")},
}
OTHER_OPTIONS = {"D11_5": "account_meta", "D11_6": "directory_settings", "D11_4": "archive", "D11_11": "seed_records"}
EXPECTED_BY_OTHER_OPTIONS = EXPECTED | {
    ("form_field", "401"): ("publish", "mapped"),
    ("form_field", "403"): ("publish", "mapped"),
    ("keyword", keyword_key(GROUP_NAME)): ("update", "mapped"),
    ("keyword", keyword_key(TITLE)): ("update", "mapped"),
    ("keyword", keyword_key(ITEM)): ("reject", "settings_conflict"),
    **{("imap_upload", str(key)): ("archive", "archived") for key in range(501, 507)},
    ("vornado_feed", "601"): ("publish", "mapped"),
    ("vornado_feed", "602"): ("skip", "rejected_by_dtx1"),
    ("vornado_feed", "603"): ("reject", "contact_unexpected"),
    ("vornado_feed", "604"): ("reject", "date_invalid"),
    ("vornado_feed", "605"): ("reject", "meta_conflict"),
}


@pytest.fixture
def loaded(ledger: Settings, postgres: Postgres) -> Settings:
    """A target with DTX 2.0's tables, what other areas left, the raw tables and the decoded payloads."""
    create_world(ledger, postgres)
    return ledger


def test_the_default_options_decide_what_lands_before_and_after_a_publish(loaded: Settings, tmp_path: Path) -> None:
    """R1, R2, M4, M5, P1, P7, P15: every layer is built, tested and granted; each row ends where its rule puts it."""
    code, statuses, _ = dbt(loaded, tmp_path, "build")

    assert {name: status for name, status in statuses.items() if status not in ("success", "pass", "no-op")} == {}
    assert code == 0
    assert dispositions(loaded) == EXPECTED
    [document] = rows(loaded, "pub_dtx1__document")
    assert document["file"] == "dtx1/repo_file/38/101.pdf"
    assert [document[f"{name}_id"] for name in ("account", "record", "uploaded_by", "created_by")] == [11, 21, 21, 31]
    assert document["created"].isoformat() == "2023-03-15T13:30:00+00:00"
    [override] = rows(loaded, "pub_dtx1__manual_override")
    assert (override["source_key"], override["reason"], override["expires_at"]) == ("202", "waived", None)
    [requirement] = rows(loaded, "pub_dtx1__doc_requirement_exempted")
    assert (requirement["target_id"], requirement["note"]) == (61, "Ask Ann.\nwaived")
    assert requirement["metadata"] == {"origin": "import", "exemption_expires_on": "2040-05-06"}
    [address] = rows(loaded, "pub_dtx1__account_email")
    assert (address["legacy_key"], address["email"]) == ("301#0", "New@example.com")
    [record] = rows(loaded, "pub_dtx1__record_internal_id")
    assert (record["target_id"], record["internal_id"]) == (21, "A-1")
    assert metas(loaded) == {(11, "custom_field_2"): "A-1", (11, "GROUP_NAME"): "Centers", (11, "ITEM"): "Ours"}
    ours, area4s = rows(loaded, "pub_dtx1__document_upload_provenance")
    assert (ours["target_id"], ours["target_legacy_key"]) == (None, "101")
    assert (area4s["target_id"], area4s["json_path"]) == (9, ["upload_provenance", "502"])
    assert area4s["metadata"] == {"sender_email": "ann@example.com", "filename": "a.pdf", "filesize": 1024}
    with connect(loaded, "publisher") as publisher:
        rejects = publisher.execute(
            "select legacy_key, column_name, payload ->> 'vendor_id' from migration_rejects.rej_dtx1__repo_file "
            "union all select legacy_key, column_name, payload ->> 'address' "
            "from migration_rejects.rej_dtx1__reviewer_address order by 1"
        ).fetchall()
    assert rejects == [("104", "name", None), ("105", "vendor_id", "3"), ("301#1", "email_string", "nobody")]

    assert_a_build_after_a_publish_says_the_same(loaded, tmp_path)


def test_other_options_decide_what_lands_before_and_after_a_publish(loaded: Settings, tmp_path: Path) -> None:
    """D11-4, D11-5, D11-6, D11-11, P1, P7: a cell of the decisions is all it takes; every test of the layers holds."""
    dbt(loaded, tmp_path, "seed")
    choose(loaded, **OTHER_OPTIONS)

    code, _, _ = dbt(loaded, tmp_path, "build", "--exclude-resource-type", "seed", "unit_test")

    assert code == 0
    assert dispositions(loaded) == EXPECTED_BY_OTHER_OPTIONS
    labels = rows(loaded, "pub_dtx1__directory_label_overrides")
    assert {(row["target_id"], *row["json_path"]): row["settings"] for row in labels} == {
        (1, "label_overrides", "11", "GROUP_NAME"): "Centers",
        (1, "label_overrides", "11", "TITLE"): "Ours",
    }
    published = metas(loaded)
    feed = published.pop((11, "vornado_feed:601"))
    assert published == {
        (11, "custom_field_0:record:21"): "A-1",
        (11, "custom_field_1:record:21"): "A-1",
        (11, "custom_field_2"): "A-1",
    }
    assert '"gl_limit": 1000000.00' in feed
    assert '"property_cost_basis": "replacement"' in feed
    assert '"lease_end": null' in feed
    assert rows(loaded, "pub_dtx1__record_internal_id") == rows(loaded, "pub_dtx1__document_upload_provenance") == []

    assert_a_build_after_a_publish_says_the_same(loaded, tmp_path)


def assert_a_build_after_a_publish_says_the_same(settings: Settings, folder: Path) -> None:
    """Neither our own rows in DTX 2.0 nor a later load change what is to be published, or any disposition."""
    models = publish_models(folder)
    rows_before = {model: rows(settings, model) for model in models}
    dispositions_before = dispositions(settings)
    with connect(settings, "publisher") as publisher:
        publisher.execute(
            "insert into migration.file_transfer (entity, legacy_key, source_key, source_path, object_key, state, "
            "size_bytes, sha256, verified_at) select 'repo_file', legacy_key, source_key, '', file, 'verified', 1, "
            "'\\x00', now() from migration_publish.pub_dtx1__document"
        )
    run_setup(settings, folder / "manifest.json")

    report = publish(settings, load_manifest(folder / "manifest.json"), interrupt=Interrupt())
    with connect(settings, "transform") as transform:
        load(transform, SECOND_LOAD)
    code, _, _ = dbt(settings, folder, "build", "--resource-type", "model")

    landed = {model.contract.model: model.published + model.updated for model in report.models}
    assert landed == {model: len(found) for model, found in rows_before.items()}
    assert code == 0
    assert {model: rows(settings, model) for model in models} == rows_before
    assert dispositions(settings) == dispositions_before


def test_r1_a_lost_row_a_doubled_row_and_an_unknown_option_stop_the_build(loaded: Settings, tmp_path: Path) -> None:
    with connect(loaded, "transform") as transform:
        transform.execute("delete from decoded.reviewer_address__email_string where source_key = '303'")
        transform.execute("insert into raw_dtx1.exemption select * from raw_dtx1.exemption where exemption_id = '202'")

    selection = ("--select", "+dsp_dtx1__reviewer_address", "+int_dtx1__exemption_judged")
    code, statuses, _ = dbt(loaded, tmp_path, "build", *selection, "--exclude-resource-type", "unit_test")

    assert code == 1
    assert statuses["dsp_dtx1__reviewer_address"] == "error"
    assert statuses["unique_stg_dtx1__exemption_source_key"] == "fail"
    assert statuses["int_dtx1__exemption_judged"] == "skipped"

    choose(loaded, D11_1="misspelt", D11_4="imap_ingestion", D11_11="import_framework")
    code, statuses, output = dbt(loaded, tmp_path, "test", "--select", "decisions")

    assert code == 1
    assert statuses["chosen_is_one_of_the_options"] == "fail"
    assert statuses["a_refused_option_is_not_part_of_moving_data"] == "error"
    assert "D11-4: imap_ingestion is not part of moving data" in output
    assert "D11-11: import_framework is not part of moving data" in output


def metas(settings: Settings) -> dict[tuple[int, str], str]:
    """The value of each Account and key that the three models would make."""
    sources = ("form_field", "keyword", "vornado_feed")
    found = [row for source in sources for row in rows(settings, f"pub_dtx1__account_meta_from_{source}")]
    return {(row["account_id"], row["key"]): row["value"] for row in found}
