"""dbt builds on a real PostgreSQL, over hand-made raw tables and the tables that Django's migrations make."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.rows import dict_row

from loaders.database import connect
from loaders.settings import PROJECT_ROOT, Settings
from sandbox import dtx2
from sandbox.servers.postgres import APPLICATION, Postgres

FIRST_LOAD = "2024-06-01 00:00:00+00"
SECOND_LOAD = "2024-06-02 00:00:00+00"
DECODED = """
create table decoded.reviewer_address__email_string (
    source_key text, position integer, element_key text, value text, normalized_value text, status text, reason text,
    byte_offset integer
)
"""
TARGET = """
insert into auth_user
    (id, username, password, is_superuser, first_name, last_name, email, is_staff, is_active, date_joined)
    values (31, 'ann', '', false, '', '', '', false, true, now());
insert into docutrax_hierarchy_directory (id, name, settings, created, updated)
    values (1, 'tenant', '{}', now(), now());
insert into docutrax_hierarchy_account (id, directory_id, name, status, industry, created, updated)
    values (11, 1, 'account', 'active', '', now(), now());
insert into docutrax_hierarchy_accountemail (account_id, email, email_type, created)
    values (11, 'There@example.com', 'reviewer', now());
insert into docutrax_hierarchy_record
    (id, account_id, name, status, internal_id, internal_id1, contact_name, contact_email, contact_phone, created,
     updated)
    values (21, 11, 'record', 'active', '', '', '', '', '', now(), now());
insert into docutrax_profiles_coiriskprofile (id, account_id, name, is_active, created, updated)
    values (41, 11, 'profile', true, now(), now());
insert into docutrax_profiles_requirementsgroup (id, account_id, coi_risk_profile_id, name, created, updated)
    values (51, 11, 41, 'group', now(), now());
insert into docutrax_profiles_requirementsgroupmember (requirements_group_id, record_id, created)
    values (51, 21, now());
insert into docutrax_profiles_docrequirement
    (id, requirements_group_id, document_type, is_exempted, note, metadata, created, updated)
    values
    (61, 51, 'W-9', false, 'Ask Ann.', '{"origin": "import"}', now(), now()),
    (62, 51, 'Lease', true, '', '{}', now(), now());
"""
ID_MAP = """
insert into migration.id_map (entity, source_key, legacy_key, target_table, target_id, area, state) values
    ('account', '1', '1', 'public.docutrax_hierarchy_account', '11', '2', 'migrated'),
    ('record', '2', '2', 'public.docutrax_hierarchy_record', '21', '3', 'migrated'),
    ('record', '3', '3', 'public.docutrax_hierarchy_record', null, '3', 'rejected'),
    ('user', '3', '3', 'public.auth_user', '31', '1', 'migrated'),
    ('requirements', '4', '4', 'public.docutrax_profiles_requirementsgroup', '51', '6', 'migrated'),
    ('requirements', '4', '4', 'public.docutrax_profiles_coiriskprofile', '41', '6', 'migrated'),
    ('repo_file', '103', '103', 'public.docutrax_profiles_document', '9', '4', 'migrated')
"""
FILE = {"customer_id": "1", "name": "a.PDF", "repo_filepath": "a/b.pdf", "intake_date": "2023-03-15 09:30:00"}
COVERAGE = {
    "vendor_id": "2",
    "item_type": "COI",
    "item_name": "gl ",
    "ExemptExpDate": "3000-01-01",
    "ExemptReason": "waived  ",
    "ExemptReviewStatus": "COMPLIANT",
    "create_user_id": "3",
    "create_time": "2023-01-15 12:00:00",
    "requirements_id": "4",
}
DOCUMENT = COVERAGE | {"item_type": "DOCUMENT", "item_name": "w-9", "ExemptExpDate": "2040-05-06"}
# Source row -> its disposition and reason.
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
    ("reviewer_address", "301"): ("publish", "partly_rejected"),
    ("reviewer_address", "302"): ("already_present", "same_address"),
    ("reviewer_address", "303"): ("skip", "payload_php_null"),
}
RAW: dict[str, list[dict[str, Any]]] = {
    "repo_file": [
        FILE | {"repo_file_id": "101", "vendor_id": "2", "upload_user_id": "3"},
        FILE | {"repo_file_id": "102", "status": "DELETED", "certificate_id": "7"},
        FILE | {"repo_file_id": "103", "certificate_id": "8"},
        FILE | {"repo_file_id": "104", "name": None, "_unstorable": '{"name": "610062"}'},
        FILE | {"repo_file_id": "105", "vendor_id": "3"},
    ],
    "exemption": [
        COVERAGE | {"exemption_id": "201", "create_time": "0000-00-00 00:00:00"},
        COVERAGE | {"exemption_id": "202"},
        DOCUMENT | {"exemption_id": "203"},
        DOCUMENT | {"exemption_id": "204", "item_name": "Lease"},
        COVERAGE | {"exemption_id": "205", "item_name": "Cyber"},
        COVERAGE | {"exemption_id": "206", "vendor_id": "99"},
    ],
    "reviewer_address": [
        {"reviewer_address_id": "301", "customer_id": "1", "type": "", "level": "0", "email_string": b"x"},
        {"reviewer_address_id": "302", "customer_id": "1", "type": "", "level": "0", "email_string": b"x"},
        {"reviewer_address_id": "303", "customer_id": "1", "type": "", "level": "0", "email_string": b"N;"},
    ],
}
ELEMENTS = [
    ("301", 0, "New@example.com", "ok", None),
    ("301", 1, "nobody", "rejected", "address_invalid"),
    ("302", 0, " there@EXAMPLE.com", "ok", None),
    ("303", 0, None, "empty", "php_null"),
]
PUBLISHED = (
    "pub_dtx1__document",
    "pub_dtx1__manual_override",
    "pub_dtx1__doc_requirement_exempted",
    "pub_dtx1__account_email",
)


@pytest.fixture
def loaded(ledger: Settings, postgres: Postgres) -> Settings:
    """A target with DTX 2.0's tables, what other areas left, the raw tables and the decoded payloads."""
    name = ledger.target_database
    dtx2.migrate(dtx2.Database(postgres.host, postgres.port, name, postgres.role_password))
    with postgres.connect(name, role=APPLICATION) as application:
        application.execute(TARGET)
    with connect(ledger, "publisher") as publisher:
        publisher.execute(ID_MAP)
    with connect(ledger, "transform") as transform:
        create_raw_tables(transform)
        transform.execute(DECODED)
        load(transform, FIRST_LOAD)
        for element in ELEMENTS:
            transform.execute(
                "insert into decoded.reviewer_address__email_string (source_key, position, value, status, reason) "
                "values (%s, %s, %s, %s, %s)",
                element,
            )
    return ledger


def create_raw_tables(connection: psycopg.Connection) -> None:
    """Create the raw tables, as the catalogue says they are."""
    with (PROJECT_ROOT / "seeds/ledger/source_columns.csv").open(encoding="utf-8", newline="") as file:
        catalogue = list(csv.DictReader(file))
    for table in {column["source_table"]: None for column in catalogue}:
        columns = [
            sql.SQL("{} {}").format(
                sql.Identifier(column["column_name"]), sql.SQL("bytea" if column["php_payload"] == "true" else "text")
            )
            for column in catalogue
            if column["source_table"] == table
        ]
        connection.execute(
            sql.SQL("create table raw_dtx1.{} ({}, _loaded_at timestamptz, _unstorable jsonb)").format(
                sql.Identifier(table), sql.SQL(", ").join(columns)
            )
        )


def load(connection: psycopg.Connection, loaded_at: str) -> None:
    """Replace the rows of the raw tables."""
    for table, rows in RAW.items():
        connection.execute(sql.SQL("truncate raw_dtx1.{}").format(sql.Identifier(table)))
        for row in rows:
            values = row | {"_loaded_at": loaded_at}
            connection.execute(
                sql.SQL("insert into raw_dtx1.{} ({}) values ({})").format(
                    sql.Identifier(table),
                    sql.SQL(", ").join(map(sql.Identifier, values)),
                    sql.SQL(", ").join(sql.Placeholder() * len(values)),
                ),
                list(values.values()),
            )


def dbt(settings: Settings, folder: Path, *arguments: str) -> tuple[int, dict[str, str]]:
    """Run dbt as the transform role.

    Returns:
        Its exit code, and the status of each node that it ran, by the node's name.
    """
    environment = os.environ | {
        "DTX_TARGET_HOST": settings.target_host,
        "DTX_TARGET_PORT": str(settings.target_port),
        "DTX_TARGET_DATABASE": settings.target_database,
        "DTX_TARGET_USER": settings.target_user,
        "DTX_TARGET_PASSWORD": settings.target_password.get_secret_value(),
        "DTX_PUBLISHER_USER": settings.publisher_user,
    }
    project = str(PROJECT_ROOT / "dbt_project")
    done = subprocess.run(
        [
            Path(sys.executable).with_name("dbt"),
            "--no-use-colors",
            *arguments,
            *("--project-dir", project, "--profiles-dir", project),
            *("--target-path", folder, "--log-path", folder),
        ],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    results = json.loads((folder / "run_results.json").read_text())["results"]
    print(done.stdout)
    return done.returncode, {result["unique_id"].split(".")[2]: result["status"] for result in results}


def rows(settings: Settings, model: str) -> list[dict[str, Any]]:
    """The rows of a publish model, as the publisher may read them."""
    with connect(settings, "publisher") as publisher, publisher.cursor(row_factory=dict_row) as cursor:
        cursor.execute(sql.SQL("select * from migration_publish.{} order by legacy_key").format(sql.Identifier(model)))
        return cursor.fetchall()


def dispositions(settings: Settings) -> dict[tuple[str, str], tuple[str, str]]:
    """Each source row's disposition and reason."""
    found = {}
    with connect(settings, "publisher") as publisher:
        for table in RAW:
            statement = sql.SQL("select source_key, disposition, reason_code from migration_dispositions.{}")
            for key, disposition, reason in publisher.execute(statement.format(sql.Identifier(f"dsp_dtx1__{table}"))):
                found[table, key] = (disposition, reason)
    return found


def test_each_source_row_gets_one_disposition_and_lands_as_the_decisions_say(loaded: Settings, tmp_path: Path) -> None:
    """R1, M4, M5, P15: every layer is built, tested and granted; each row ends where its rule puts it."""
    code, statuses = dbt(loaded, tmp_path, "build")

    assert {name: status for name, status in statuses.items() if status not in ("success", "pass")} == {}
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
    with connect(loaded, "publisher") as publisher:
        rejects = publisher.execute(
            "select legacy_key, column_name, payload ->> 'vendor_id' from migration_rejects.rej_dtx1__repo_file "
            "union all select legacy_key, column_name, payload ->> 'address' "
            "from migration_rejects.rej_dtx1__reviewer_address order by 1"
        ).fetchall()
    assert rejects == [("104", "name", None), ("105", "vendor_id", "3"), ("301#1", "email_string", "nobody")]


def test_a_build_after_a_publish_gives_the_same_rows(loaded: Settings, tmp_path: Path) -> None:
    """P1, P7: neither our own rows in DTX 2.0 nor a later load change what is published."""
    dbt(loaded, tmp_path, "build", "--resource-type", "seed", "--resource-type", "model")
    before = {model: rows(loaded, model) for model in PUBLISHED}

    publish(loaded, before)
    with connect(loaded, "transform") as transform:
        load(transform, SECOND_LOAD)
    code, _ = dbt(loaded, tmp_path, "build", "--resource-type", "seed", "--resource-type", "model")

    assert code == 0
    assert {model: rows(loaded, model) for model in PUBLISHED} == before
    assert dispositions(loaded) == EXPECTED


def publish(settings: Settings, models: Mapping[str, list[dict[str, Any]]]) -> None:
    """What the publisher does to the target and the ledger, for one row of each model that depends on either."""
    [override], [requirement], [address] = (models[model] for model in PUBLISHED[1:])
    with connect(settings, "publisher") as publisher:
        publisher.execute(
            "insert into migration.run (command, state, code_version, host, process_id) "
            "values ('test', 'running', '', '', 1)"
        )
        publisher.execute(
            "insert into migration.batch (run_id, model, entity, target_table, mode, ordinal, state, "
            "input_fingerprint, fencing_token, rows_in, rows_published, rows_present, rows_rejected, code_version, "
            "started_at) values (1, 'm', 'exemption', 'public.docutrax_profiles_docrequirement', 'update', 1, "
            "'committed', '', 1, 1, 1, 0, 0, '', now())"
        )
        publisher.execute(
            "insert into migration.before_image select 1, 'public.docutrax_profiles_docrequirement', id::text, "
            "jsonb_build_object('is_exempted', is_exempted::text, 'note', note, 'metadata', metadata::text) "
            "from docutrax_profiles_docrequirement where id = %s",
            [requirement["target_id"]],
        )
        publisher.execute(
            "update docutrax_profiles_docrequirement set is_exempted = true, note = %s, metadata = %s where id = %s",
            [requirement["note"], json.dumps(requirement["metadata"]), requirement["target_id"]],
        )
        for entity, table, row in (
            ("exemption", "docutrax_profiles_manualoverride", override),
            ("reviewer_address", "docutrax_hierarchy_accountemail", address),
        ):
            columns = [column for column in row if column not in ("source_key", "legacy_key")]
            [(target_id,)] = publisher.execute(
                sql.SQL("insert into {} ({}) values ({}) returning id").format(
                    sql.Identifier(table),
                    sql.SQL(", ").join(map(sql.Identifier, columns)),
                    sql.SQL(", ").join(sql.Placeholder() * len(columns)),
                ),
                [row[column] for column in columns],
            ).fetchall()
            publisher.execute(
                "insert into migration.id_map (entity, source_key, legacy_key, target_table, target_id, area, state) "
                "values (%s, %s, %s, %s, %s, '11', 'migrated')",
                [entity, row["source_key"], row["legacy_key"], f"public.{table}", str(target_id)],
            )


def test_r1_a_lost_row_a_doubled_row_and_an_unknown_option_stop_the_build(loaded: Settings, tmp_path: Path) -> None:
    with connect(loaded, "transform") as transform:
        transform.execute("delete from decoded.reviewer_address__email_string where source_key = '303'")
        transform.execute("insert into raw_dtx1.exemption select * from raw_dtx1.exemption where exemption_id = '202'")

    selection = ("--select", "+dsp_dtx1__reviewer_address", "+int_dtx1__exemption_judged")
    code, statuses = dbt(loaded, tmp_path, "build", *selection, "--exclude-resource-type", "unit_test")

    assert code == 1
    assert statuses["dsp_dtx1__reviewer_address"] == "error"
    assert statuses["unique_stg_dtx1__exemption_source_key"] == "fail"
    assert statuses["int_dtx1__exemption_judged"] == "skipped"

    with connect(loaded, "transform") as transform:
        transform.execute("update migration_seeds.decisions set chosen = 'misspelt' where decision_id = 'D11-1'")

    code, statuses = dbt(loaded, tmp_path, "test", "--select", "decisions")

    assert code == 1
    assert statuses["chosen_is_one_of_the_options"] == "fail"
