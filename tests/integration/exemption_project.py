"""A copy of the dbt project with eight exemptions to build, publish and judge; most have an unknown item_name."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from psycopg import sql

from loaders.database import connect
from loaders.publish.contract import load_manifest
from loaders.publish.engine import publish
from loaders.publish.interrupt import Interrupt
from loaders.settings import PROJECT_ROOT, Settings
from loaders.setup.commands import run_setup
from sandbox import dtx2
from sandbox.servers.postgres import APPLICATION, Postgres

SEED = Path("seeds/value_maps/exemption_item_to_coverage.csv")
CANARY = "canary of another column"
# Each vendor is in a group of its own, so that no exemption supersedes another.
ITEM_NAMES = {
    "1": "GL",
    "2": "Flood",
    "3": "\tFLOOD ",
    "4": "Flood",
    "5": 'Cyber, "Data"',
    "6": "Umb\x1b[31mrella",
    "7": None,
    "8": "null",
}
TARGET = """
insert into auth_user
    (id, username, password, is_superuser, first_name, last_name, email, is_staff, is_active, date_joined)
    values (31, 'ann', '', false, '', '', '', false, true, now());
insert into docutrax_hierarchy_directory (id, name, settings, created, updated)
    values (1, 'tenant', '{}', now(), now());
insert into docutrax_hierarchy_account (id, directory_id, name, status, industry, created, updated)
    values (11, 1, 'account', 'active', '', now(), now());
insert into docutrax_profiles_coiriskprofile (id, account_id, name, is_active, created, updated)
    values (41, 11, 'profile', true, now(), now());
insert into docutrax_hierarchy_record
    (id, account_id, name, status, internal_id, internal_id1, contact_name, contact_email, contact_phone, created,
     updated)
    select 20 + n, 11, 'record', 'active', '', '', '', '', '', now(), now() from generate_series(1, 9) as n;
insert into docutrax_profiles_requirementsgroup (id, account_id, coi_risk_profile_id, name, created, updated)
    select 50 + n, 11, 41, 'group ' || n, now(), now() from generate_series(1, 9) as n;
insert into docutrax_profiles_requirementsgroupmember (requirements_group_id, record_id, created)
    select 50 + n, 20 + n, now() from generate_series(1, 9) as n;
"""
ID_MAP = """
insert into migration.id_map (entity, source_key, legacy_key, target_table, target_id, area, state)
    select 'record', n::text, n::text, 'public.docutrax_hierarchy_record', (20 + n)::text, '3', 'migrated'
    from generate_series(1, 9) as n;
insert into migration.id_map (entity, source_key, legacy_key, target_table, target_id, area, state) values
    ('user', '3', '3', 'public.auth_user', '31', '1', 'migrated'),
    ('requirements', '4', '4', 'public.docutrax_profiles_coiriskprofile', '41', '6', 'migrated')
"""
MODELS = ("pub_dtx1__manual_override", "pub_dtx1__doc_requirement_exempted", "rej_dtx1__exemption")
RAW = """
create table raw_dtx1.exemption (
    exemption_id text, vendor_id text, item_type text, item_name text, "ExemptExpDate" text, "ExemptReason" text,
    "ExemptReviewStatus" text, create_user_id text, create_time text, requirements_id text, src text,
    _loaded_at timestamptz, _unstorable jsonb
)
"""


@dataclass
class Project:
    """A copy of the project, of which only the exemptions are built, and the databases it is built in."""

    settings: Settings
    folder: Path

    def build(self) -> int:
        """Build the seeds and the exemptions' models, with the tests of both; dbt's exit code."""
        s = self.settings
        environment = os.environ | {
            "DTX_TARGET_HOST": s.target_host,
            "DTX_TARGET_PORT": str(s.target_port),
            "DTX_TARGET_DATABASE": s.target_database,
            "DTX_TARGET_USER": s.target_user,
            "DTX_TARGET_PASSWORD": s.target_password.get_secret_value(),
            "DTX_PUBLISHER_USER": s.publisher_user,
        }
        project = self.folder / "dbt_project"
        selection = [f"+{model}" for model in (*MODELS, "dsp_dtx1__exemption")]
        seeds = ["reason_codes", "reject_remedies", "source_tables", "decisions"]
        done = subprocess.run(
            [
                *(Path(sys.executable).with_name("dbt"), "--no-use-colors", "build"),
                *("--select", *selection, *seeds, "--exclude-resource-type", "unit_test"),
                *("--indirect-selection", "cautious"),
                *("--project-dir", project, "--profiles-dir", project, "--log-path", self.folder),
            ],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        print(done.stdout)
        self._keep_exemptions()
        return done.returncode

    @property
    def manifest(self) -> Path:
        """dbt's manifest, without the contracts of other tables: they are not built here."""
        return self.folder / "dbt_project" / "target" / "manifest.json"

    def _keep_exemptions(self) -> None:
        document = json.loads(self.manifest.read_text())
        for node in document["nodes"].values():
            meta = node["config"].get("meta") or {}
            table = (meta.get("publish") or meta.get("ledger") or {}).get("source_table")
            if table != "exemption":
                node["config"]["meta"] = {}
        self.manifest.write_text(json.dumps(document))

    def publish(self) -> int:
        """Publish; how many rows were."""
        report = publish(self.settings, load_manifest(self.manifest), interrupt=Interrupt())
        return sum(model.published + model.updated for model in report.models)

    def append(self, *lines: str) -> None:
        """Append lines to the seed."""
        with (self.folder / SEED).open("a", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines)

    def overrides(self) -> set[str]:
        """Source keys of the exemptions that are ManualOverrides."""
        with connect(self.settings, "transform") as connection:
            rows = connection.execute(
                "select id_map.source_key from docutrax_profiles_manualoverride as override "
                "inner join migration.id_map on override.id::text = id_map.target_id and id_map.entity = 'exemption'"
            ).fetchall()
            (total,) = connection.execute("select count(*) from docutrax_profiles_manualoverride").fetchall()
        assert total == (len(rows),)
        return {key for (key,) in rows}

    def application_rows(self) -> dict[str, list[tuple[str]]]:
        """Every row of every table of the application but the overrides, as text."""
        with connect(self.settings, "transform") as connection:
            tables = connection.execute(
                "select tablename from pg_tables where schemaname = 'public' and tablename !~ 'manualoverride'"
            ).fetchall()
            return {
                table: connection.execute(
                    sql.SQL("select t::text from {} as t order by 1").format(sql.Identifier("public", table))
                ).fetchall()
                for (table,) in tables
            }


def make_project(settings: Settings, postgres: Postgres, folder: Path) -> Project:
    """Fill a target that has a ledger, copy the project to a folder, build it and set the target up for it."""
    name = settings.target_database
    dtx2.migrate(dtx2.Database(postgres.host, postgres.port, name, postgres.role_password))
    with postgres.connect(name, role=APPLICATION) as application:
        application.execute(TARGET)
    with connect(settings, "publisher") as publisher:
        publisher.execute(ID_MAP)
    with connect(settings, "transform") as transform:
        transform.execute(RAW)
        for key, item_name in ITEM_NAMES.items():
            transform.execute(
                "insert into raw_dtx1.exemption values "
                "(%s, %s, 'COI', %s, '3000-01-01', %s, 'COMPLIANT', '3', '2023-01-15 12:00:00', '4', '', now(), null)",
                [f"20{key}", key, item_name, CANARY],
            )
    for part in ("dbt_project", "macros", "seeds", "tests/dbt"):
        ignored = shutil.ignore_patterns("target", "logs")
        shutil.copytree(PROJECT_ROOT / part, folder / part, ignore=ignored)
    made = Project(settings, folder)
    made.build()
    run_setup(settings, made.manifest)
    return made
