"""The catalogue of reports that dbt builds, by hand; for the preview a reporting role with one view to read as well."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from typing import Any

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb
from pydantic import SecretStr

from loaders.database import connect
from loaders.metabase.catalogue import Catalogue
from loaders.settings import Settings
from sandbox.servers.postgres import Postgres

# A role of its own: servers and roles are shared by all tests.
READER, PASSWORD = "dtx_reporting_preview", "only for this test"
CATALOGUE_DDL = """
drop schema if exists migration_catalogue cascade;
create schema migration_catalogue;
create table migration_catalogue.cat_dtx1__collection
    (collection_key text, parent_key text, name text, description text, account_id integer);
create table migration_catalogue.cat_dtx1__question
    (question_key text, report_id integer, name text, description text, collection_key text, reporting_model text,
    account_id integer, coverage text, missing_fields text[]);
create table migration_catalogue.cat_dtx1__question_column
    (question_key text, position integer, reporting_column text, title text, description text, display_format text);
create table migration_catalogue.cat_dtx1__dashboard
    (dashboard_key text, name text, description text, collection_key text);
create table migration_catalogue.cat_dtx1__dashboard_card
    (dashboard_key text, position integer, question_key text, "row" integer, col integer, size_x integer,
    size_y integer);
create table migration_catalogue.cat_dtx1__schedule
    (schedule_id integer, report_id integer, account_id integer, outcome text, reason_code text, what_to_do text);
create table migration_catalogue.cat_dtx1__subscription
    (subscription_key text, schedule_id integer, dashboard_key text, schedule_type text, schedule_hour integer,
    schedule_day text, schedule_frame text, recipients jsonb, include_csv boolean, include_pdf boolean);
"""
DDL = """
create table migration_seeds.display_formats (display_format text, metabase_settings text);
create table migration_seeds.report_owners (collection_key text, owner_name text, owner_email text);
create table migration_preflight.pre_dtx1__report_usage (report_id bigint, row_count bigint, user_count bigint);
create table reporting.rpt_record_compliance (
    account_id bigint, vendor_name text, limit_amount numeric, received_at timestamptz
);
"""


def make_tables(settings: Settings, postgres: Postgres, catalogue: Catalogue) -> Settings:
    """Create them, and fill the catalogue; the settings with the reporting role."""
    with postgres.connect(settings.target_database) as superuser:
        superuser.execute(sql.SQL("create role {} login password {}").format(sql.Identifier(READER), PASSWORD))
        superuser.execute(f"grant create on database {settings.target_database} to {settings.target_user}")
    with connect(settings, "transform") as transform:
        transform.execute("set client_min_messages = warning")
        transform.execute(CATALOGUE_DDL + DDL)
        transform.execute(f"grant usage on schema reporting to {READER}")
        transform.execute(f"grant select on all tables in schema reporting to {READER}")
        for name in ("collection", "question", "schedule", "subscription"):
            insert(transform, name, getattr(catalogue, f"{name}s"))
        insert(transform, "question_column", children(catalogue.questions, "question_key", "columns"))
    return settings.model_copy(update={"reporting_user": READER, "reporting_password": SecretStr(PASSWORD)})


def drop_reader(settings: Settings, postgres: Postgres) -> None:
    """Remove the reporting role from the cluster that the tests share."""
    with postgres.connect(settings.target_database) as superuser:
        superuser.execute(f"drop owned by {READER}; drop role {READER}")


def children(parents: Iterable[Any], key: str, name: str) -> list[dict[str, Any]]:
    return [{key: getattr(parent, key), **columns(child)} for parent in parents for child in getattr(parent, name)]


def columns(row: Any) -> dict[str, Any]:
    values = {field.name: getattr(row, field.name) for field in fields(row) if field.name not in ("columns", "cards")}
    if "recipients" in values:
        values["recipients"] = Jsonb(list(values["recipients"]))
    if "missing_fields" in values:
        values["missing_fields"] = list(values["missing_fields"])
    return values


def insert(connection: psycopg.Connection, name: str, rows: Iterable[Any]) -> None:
    for row in rows:
        values = row if isinstance(row, dict) else columns(row)
        names = ", ".join(f'"{column}"' for column in values)
        places = ", ".join(["%s"] * len(values))
        connection.execute(
            f"insert into migration_catalogue.cat_dtx1__{name} ({names}) values ({places})", list(values.values())
        )
