"""What dbt builds for the exposures and the preview, by hand; and the reporting role with one view to read."""

from __future__ import annotations

from metabase_rig import CATALOGUE_DDL, children, insert
from psycopg import sql
from pydantic import SecretStr

from loaders.database import connect
from loaders.metabase.catalogue import Catalogue
from loaders.settings import Settings
from sandbox.servers.postgres import Postgres

# A role of its own: servers and roles are shared by all tests.
READER, PASSWORD = "dtx_reporting_preview", "only for this test"
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
