"""The catalogue's tables, as dbt builds them, filled by hand; and the reporting role with one view to read."""

from __future__ import annotations

import json
from typing import Any

from psycopg import sql
from pydantic import SecretStr

from loaders.database import connect
from loaders.metabase.catalogue import Catalogue
from loaders.settings import Settings
from sandbox.servers.postgres import Postgres

# A role of its own: servers and roles are shared by all tests.
READER, PASSWORD = "dtx_reporting_preview", "only for this test"
TABLES = """
create table migration_catalogue.cat_dtx1__collection (
    collection_key text, parent_key text, name text, description text, account_id bigint
);
create table migration_catalogue.cat_dtx1__question (
    question_key text, report_id bigint, name text, description text, collection_key text, reporting_model text,
    account_id bigint, coverage text, missing_fields text[]
);
create table migration_catalogue.cat_dtx1__question_column (
    question_key text, position integer, reporting_column text, title text, description text, display_format text
);
create table migration_catalogue.cat_dtx1__dashboard (
    dashboard_key text, name text, description text, collection_key text
);
create table migration_catalogue.cat_dtx1__dashboard_card (
    dashboard_key text, position integer, question_key text, "row" integer, col integer, size_x integer, size_y integer
);
create table migration_catalogue.cat_dtx1__schedule (
    schedule_id bigint, report_id bigint, account_id bigint, outcome text, reason_code text, what_to_do text
);
create table migration_catalogue.cat_dtx1__subscription (
    subscription_key text, schedule_id bigint, dashboard_key text, schedule_type text, schedule_hour integer,
    schedule_day text, schedule_frame text, recipients jsonb, include_csv boolean, include_pdf boolean
);
create table migration_seeds.display_formats (display_format text, metabase_settings jsonb);
create table migration_seeds.report_owners (collection_key text, owner_name text, owner_email text);
create table migration_preflight.pre_dtx1__report_usage (report_id bigint, row_count bigint, user_count bigint);
create table reporting.rpt_record_compliance (
    account_id bigint, vendor_name text, limit_amount numeric, received_at timestamptz
);
"""


def make_tables(settings: Settings, postgres: Postgres) -> Settings:
    """Create them empty; the settings with the reporting role's password."""
    with postgres.connect(settings.target_database) as superuser:
        superuser.execute(sql.SQL("create role {} login password {}").format(sql.Identifier(READER), PASSWORD))
        superuser.execute("create schema if not exists migration_catalogue")
        superuser.execute("create schema if not exists reporting")
        for schema in ("migration_catalogue", "reporting"):
            superuser.execute(f"grant usage, create on schema {schema} to {settings.target_user}")
    with connect(settings, "transform") as transform:
        transform.execute(TABLES)
    with postgres.connect(settings.target_database) as superuser:
        reader = sql.Identifier(READER)
        superuser.execute(sql.SQL("grant usage on schema reporting to {}").format(reader))
        superuser.execute(sql.SQL("grant select on all tables in schema reporting to {}").format(reader))
    return settings.model_copy(update={"reporting_user": READER, "reporting_password": SecretStr(PASSWORD)})


def drop_reader(settings: Settings, postgres: Postgres) -> None:
    """Remove the reporting role from the cluster that the tests share."""
    with postgres.connect(settings.target_database) as superuser:
        superuser.execute(f"drop owned by {READER}; drop role {READER}")


def fill(settings: Settings, catalogue: Catalogue) -> None:
    """Put the catalogue into its tables, in place of what they hold."""
    rows: dict[str, list[dict[str, Any]]] = {
        "collection": [vars(each) for each in catalogue.collections],
        "question": [
            {**vars(each), "missing_fields": list(each.missing_fields), "columns": None} for each in catalogue.questions
        ],
        "question_column": [
            {"question_key": each.question_key, **vars(column)}
            for each in catalogue.questions
            for column in each.columns
        ],
        "schedule": [vars(each) for each in catalogue.schedules],
        "subscription": [{**vars(each), "recipients": json.dumps(each.recipients)} for each in catalogue.subscriptions],
    }
    with connect(settings, "transform") as transform:
        for name, found in rows.items():
            table = sql.Identifier("migration_catalogue", f"cat_dtx1__{name}")
            transform.execute(sql.SQL("truncate {}").format(table))
            for row in found:
                kept = {key: value for key, value in row.items() if key != "columns"}
                transform.execute(
                    sql.SQL("insert into {} ({}) values ({})").format(
                        table,
                        sql.SQL(", ").join(map(sql.Identifier, kept)),
                        sql.SQL(", ").join(map(sql.Placeholder, kept)),
                    ),
                    kept,
                )
