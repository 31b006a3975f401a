"""What the tests of the dbt project share: a small DTX 1.0 in the raw layer, the DTX 2.0 it meets, and runs of dbt."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psycopg
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
);
create table decoded.report_master_schedule__email (like decoded.reviewer_address__email_string);
create table decoded.report_master_schedule__do_not_send_email (like decoded.reviewer_address__email_string);
"""
TARGET = """
insert into auth_user
    (id, username, password, is_superuser, first_name, last_name, email, is_staff, is_active, date_joined)
    values (31, 'ann', '', false, '', '', '', false, true, now());
insert into docutrax_hierarchy_directory (id, name, settings, created, updated)
    values (1, 'tenant', '{"theme": "dark", "label_overrides": {"11": {"ITEM": "Theirs"}}}', now(), now());
insert into docutrax_hierarchy_account (id, directory_id, name, status, industry, created, updated)
    values (11, 1, 'account', 'active', '', now(), now());
insert into docutrax_hierarchy_accountemail (account_id, email, email_type, created)
    values (11, 'There@example.com', 'reviewer', now());
insert into docutrax_hierarchy_accountmeta (account_id, key, value, created, updated)
    values
    (11, 'custom_field_3:record:21', 'there', now(), now()),
    (11, 'custom_field_4:record:21', 'other', now(), now()),
    (11, 'TITLE', 'Theirs', now(), now()),
    (11, 'vornado_feed:605', '{}', now(), now());
insert into docutrax_hierarchy_record
    (id, account_id, name, status, internal_id, internal_id1, contact_name, contact_email, contact_phone, created,
     updated)
    values (21, 11, 'record', 'active', '', 'Other', '', '', '', now(), now());
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
insert into docutrax_profiles_manualoverride
    (requirements_group_id, coi_risk_profile_id, coverage_type, coverage_subtype, item_key, reason, status, created,
     updated)
    values (51, 41, 'AutoLiability', '', '', 'ours', 'approved', now(), now());
insert into docutrax_profiles_document
    (id, account_id, file, original_filename, status, needs_review, created, updated, metadata)
    values (9, 11, 'documents/9.pdf', 'nine.pdf', 'approved', false, now(), now(),
        '{"pages": 2, "upload_provenance": {"503": {"filename": "theirs"}}}');
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
FIELD = {
    "customer_id": "1",
    "vendor_id": "2",
    "form_name": "vendor_view",
    "model_name": "Vendorhistory",
    "property_name": "custom_field_0",
    "value": "A-1",
}
MAIL = {"sender_email": " ann@example.com", "filename": "a.pdf", "filesize": "1024"}
TENANT = {
    "PH_ID": "2",
    "Tenant Name": "O'Neil",
    "GL Required?": "Y",
    "GL Limit": "1000000.00",
    "Lease End Date": "12/31/2050",
    "Property Cost Basis": "reokacnebt",
}
GROUP_NAME = {"customer_id": "1", "keyword": "group_name ", "replacement": "Centers"}
TITLE = {"customer_id": "1", "keyword": "TITLE", "replacement": "Ours"}
ITEM = {"customer_id": "1", "keyword": "ITEM", "replacement": "Ours"}
PLACE = {"customer_id": "1", "keyword": "PLACE", "replacement": "One"}
OTHER_PLACE = PLACE | {"replacement": "Two"}
LOST = {"customer_id": "0", "keyword": "PLACE", "replacement": "One"}
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
        COVERAGE | {"exemption_id": "207", "item_name": "Auto"},
    ],
    "reviewer_address": [
        {"reviewer_address_id": "301", "customer_id": "1", "type": "", "level": "0", "email_string": b"x"},
        {"reviewer_address_id": "302", "customer_id": "1", "type": "", "level": "0", "email_string": b"x"},
        {"reviewer_address_id": "303", "customer_id": "1", "type": "", "level": "0", "email_string": b"N;"},
    ],
    "form_field": [
        FIELD | {"form_field_id": "401", "value": " A-1"},
        FIELD | {"form_field_id": "1000", "property_name": "CUSTOM_FIELD_0"},
        FIELD | {"form_field_id": "403", "property_name": "custom_field_1"},
        FIELD | {"form_field_id": "404", "property_name": "custom_field_2", "vendor_id": "0"},
        FIELD | {"form_field_id": "405", "property_name": "custom_field_9"},
        FIELD | {"form_field_id": "406", "value": " "},
        FIELD | {"form_field_id": "407", "vendor_id": "3"},
        FIELD | {"form_field_id": "408", "property_name": "custom_field_3", "value": "there"},
        FIELD | {"form_field_id": "409", "property_name": "custom_field_4"},
    ],
    "keyword": [GROUP_NAME, GROUP_NAME, TITLE, ITEM, PLACE, OTHER_PLACE, LOST],
    "imap_upload": [
        MAIL | {"imap_upload_id": "501", "repo_file_id": "101"},
        MAIL | {"imap_upload_id": "502", "repo_file_id": "103"},
        MAIL | {"imap_upload_id": "503", "repo_file_id": "103"},
        MAIL | {"imap_upload_id": "504", "repo_file_id": "102"},
        MAIL | {"imap_upload_id": "505", "repo_file_id": "105"},
        MAIL | {"imap_upload_id": "506", "repo_file_id": "999"},
    ],
    "vornado_feed": [
        TENANT | {"vornado_feed_id": "601"},
        TENANT | {"vornado_feed_id": "602", "PH_ID": "-1"},
        TENANT | {"vornado_feed_id": "603", "Contact Name": "Ann"},
        TENANT | {"vornado_feed_id": "604", "Move-In Date": "02/30/2023"},
        TENANT | {"vornado_feed_id": "605"},
    ],
}
ELEMENTS = [
    ("301", 0, "New@example.com", "ok", None),
    ("301", 1, "nobody", "rejected", "address_invalid"),
    ("302", 0, " there@EXAMPLE.com", "ok", None),
    ("303", 0, None, "empty", "php_null"),
]


def create_world(settings: Settings, postgres: Postgres) -> None:
    """Put in place DTX 2.0's tables, what other areas left, the raw tables and the decoded payloads."""
    name = settings.target_database
    dtx2.migrate(dtx2.Database(postgres.host, postgres.port, name, postgres.role_password))
    with postgres.connect(name, role=APPLICATION) as application:
        application.execute(TARGET)
    with connect(settings, "publisher") as publisher:
        publisher.execute(ID_MAP)
    with connect(settings, "transform") as transform:
        _create_raw_tables(transform)
        transform.execute(DECODED)
        load(transform, FIRST_LOAD)
        for element in ELEMENTS:
            transform.execute(
                "insert into decoded.reviewer_address__email_string (source_key, position, value, status, reason) "
                "values (%s, %s, %s, %s, %s)",
                element,
            )


def _create_raw_tables(connection: psycopg.Connection) -> None:
    with (PROJECT_ROOT / "seeds/ledger/source_columns.csv").open(encoding="utf-8", newline="") as file:
        catalogue: dict[str, list[sql.Composable]] = {}
        for column in csv.DictReader(file):
            data_type = "bytea" if column["php_payload"] == "true" else "text"
            definition = sql.SQL("{} {}").format(sql.Identifier(column["column_name"]), sql.SQL(data_type))
            catalogue.setdefault(column["source_table"], []).append(definition)
    for table, columns in catalogue.items():
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


def keyword_key(row: Mapping[str, str], number: int = 1) -> str:
    """The source key of a row of keyword: PostgreSQL prints shorter keys first (architecture, Source keys)."""
    ordered = {name: row[name] for name in ("keyword", "customer_id", "replacement")}
    return f"{hashlib.md5(json.dumps(ordered).encode(), usedforsecurity=False).hexdigest()}#{number}"


def dbt(settings: Settings, folder: Path, *arguments: str) -> tuple[int, dict[str, str], str]:
    """Run dbt as the transform role.

    Returns:
        Its exit code, the status of each node that it ran, by the node's name, and what it printed.
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
    statuses = {result["unique_id"].split(".")[2]: result["status"] for result in results}
    return done.returncode, statuses, done.stdout


def choose(settings: Settings, **options: str) -> None:
    """Change cells of the decisions that the models read: `choose(settings, D11_6="archive")`."""
    with connect(settings, "transform") as transform:
        for decision, option in options.items():
            transform.execute(
                "update migration_seeds.decisions set chosen = %s where decision_id = %s",
                [option, decision.replace("_", "-")],
            )


def publish_models(folder: Path) -> list[str]:
    """The names of the publish models of the manifest that dbt left in `folder`."""
    nodes = json.loads((folder / "manifest.json").read_text())["nodes"].values()
    return sorted(n["name"] for n in nodes if n["resource_type"] == "model" and "publish" in n["config"]["meta"])


def rows(settings: Settings, model: str) -> list[dict[str, Any]]:
    """The rows of a publish model, as the publisher may read them."""
    with connect(settings, "publisher") as publisher, publisher.cursor(row_factory=dict_row) as cursor:
        cursor.execute(sql.SQL("select * from migration_publish.{} order by legacy_key").format(sql.Identifier(model)))
        return cursor.fetchall()


def dispositions(settings: Settings) -> dict[tuple[str, str], tuple[str, str]]:
    """Each source row's disposition and reason."""
    found: dict[tuple[str, str], tuple[str, str]] = {}
    times: Counter[tuple[str, str]] = Counter()
    with connect(settings, "publisher") as publisher:
        for table in RAW:
            statement = sql.SQL("select source_key, disposition, reason_code from migration_dispositions.{}")
            for key, disposition, reason in publisher.execute(statement.format(sql.Identifier(f"dsp_dtx1__{table}"))):
                found[table, key] = (disposition, reason)
                times[table, key] += 1
    assert set(times.values()) == {1}
    return found
