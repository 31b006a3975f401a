"""The dispatch system into the orders platform: replicate, build, publish, reconcile, roll back, as the real roles."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from dbt_support import dbt
from singer_pair import PostgresPair

from loaders.publish.contract import Manifest, load_manifest
from loaders.publish.engine import publish
from loaders.publish.interrupt import Interrupt
from loaders.publish.report import PublishReport
from loaders.publish.rollback import roll_back
from loaders.reconcile.command import judge
from loaders.reconcile.report import TableReport
from loaders.settings import PROJECT_ROOT, DispatchSettings
from loaders.setup.commands import run_setup
from sandbox.dispatch.databases import READER, Databases
from sandbox.servers.postgres import Postgres

NAMESPACE = uuid.UUID("6f2b3c1e-5d0a-4b7e-9c41-7a1d8e0f2b53")
_numbers = itertools.count(1)
SOURCE = """
insert into auth_group (id, name) values (1, 'Patient'), (2, 'Doctor'), (11, 'Technician'), (12, 'technician');
insert into dispatch_template_view_groups (id, template_id, group_id) values (1, 7, 2), (2, 7, 11), (3, 8, 2);
insert into auth_user
    (id, password, is_superuser, username, first_name, last_name, email, is_staff, is_active, date_joined)
values (1, 'pbkdf2$canary-77aa', false, 'ann', 'Ann', 'Example', '', false, true, '2020-01-01');
"""


@dataclass(frozen=True)
class World:
    """Both databases, and every stage with the real roles."""

    databases: Databases
    settings: DispatchSettings
    folder: Path

    def replicate(self) -> None:
        """The two plugins with the settings that meltano.yml gives them."""
        document = yaml.safe_load((PROJECT_ROOT / "meltano.yml").read_text(encoding="utf-8"))
        (tap,) = [each for each in document["plugins"]["extractors"] if each["name"] == "tap-postgres"]
        pair = PostgresPair(self.settings, self.folder, self.databases.postgres, self.databases.source_name)
        chosen = {name: tap["config"][name] for name in ("tables", "withheld_columns")}
        ran = pair.run(tap={**chosen, "user": READER}, target={"schema": self.settings.system.raw_schema})
        assert ran.codes == (0, 0), ran.log

    def build(self) -> Manifest:
        """Build all models of the dispatch project and run their tests."""
        code, _, printed = dbt(self.settings, self.folder, "build")
        assert code == 0, printed
        return load_manifest(self.folder / "manifest.json")

    def publish(self, **options: bool) -> PublishReport:
        """Publish what was built last."""
        return publish(self.settings, load_manifest(self.folder / "manifest.json"), interrupt=Interrupt(), **options)

    def reconcile(self) -> dict[str, TableReport]:
        """Judge; the tables of this test."""
        return {report.table: report for report in judge(self.settings)}

    def source(self, statement: str) -> None:
        with self.databases.source() as connection:
            connection.execute(statement)  # type: ignore[arg-type]

    def target(self, statement: str) -> list[tuple[object, ...]]:
        with self.databases.target() as connection:
            cursor = connection.execute(statement)  # type: ignore[arg-type]
            return cursor.fetchall() if cursor.description else []


@pytest.fixture
def world(postgres: Postgres, tmp_path: Path) -> Iterator[World]:
    number = next(_numbers)
    databases = Databases(postgres, f"test_dispatch_migration_{number}", f"test_orders_migration_{number}")
    databases.create()
    made = World(databases, databases.settings(), tmp_path)
    try:
        made.source(SOURCE)
        made.target("insert into templates (name, legacy_template_id) values ('Seven', 7), ('own', null)")
        yield made
    finally:
        databases.drop()


def counts(report: TableReport) -> dict[tuple[str, str], int]:
    return {(count.disposition, count.reason_code): count.rows for count in report.counts}


def published(report: PublishReport) -> dict[str, int]:
    return {model.contract.model: model.published for model in report.models}


def test_two_components_from_source_to_target_and_back(world: World) -> None:
    dbt(world.settings, world.folder, "parse")
    run_setup(world.settings, world.folder / "manifest.json")
    world.replicate()
    world.build()
    first = world.publish()
    assert published(first)["pub_dispatch__team"] == published(first)["pub_dispatch__template_view_group"] == 2

    # R1, and the ids are Python's uuid3 of the same names.
    reports = world.reconcile()
    assert counts(reports["auth_group"]) == {
        ("publish", "mapped"): 2,
        ("skip", "group_of_patients"): 1,
        ("reject", "group_unmapped"): 1,
    }
    assert counts(reports["dispatch_template_view_groups"]) == {
        ("publish", "mapped"): 2,
        ("reject", "template_absent"): 1,
    }
    for table in ("auth_group", "dispatch_template_view_groups"):
        assert reports[table].findings == (), table
        assert reports[table].clean
        assert reports[table].checked_target_rows == 2
    teams = world.target("select id, name, department, legacy_group_id from teams order by 4")
    assert teams == [
        (uuid.uuid3(NAMESPACE, "teams:auth_group:2"), "Medical Team", "Medical", 2),
        (uuid.uuid3(NAMESPACE, "teams:auth_group:11"), "Technician Team", "Technical", 11),
    ]
    # Tables that are only looked up are not judged; the others are, also those that no model rules on yet.
    assert "dispatch_office" not in reports

    # P7: a second run finds the row that changed and the one that is new, though nothing says when.
    world.source("delete from dispatch_template_view_groups where id = 2")
    world.source("update dispatch_template_view_groups set group_id = 11 where id = 1")
    world.source("insert into dispatch_template_view_groups (id, template_id, group_id) values (4, 8, 11)")
    world.target("insert into templates (name, legacy_template_id) values ('Eight', 8)")
    world.replicate()
    world.build()
    second = world.publish()
    (view_groups,) = [model for model in second.models if model.contract.model == "pub_dispatch__template_view_group"]
    assert view_groups.published == 2
    assert view_groups.drift["source_changed"] == 1
    drifted = world.databases.postgres.connect(world.databases.target_name)
    with drifted:
        rows = drifted.execute(
            "select legacy_key, source_state, columns from migration.drift order by legacy_key"
        ).fetchall()
    assert rows == [("1", "changed", ["group_name", "legacy_group_id"]), ("2", "gone", [])]
    assert not world.reconcile()["dispatch_template_view_groups"].clean

    for run in (second.run_id, first.run_id):
        roll_back(world.settings, run_id=run, batch_id=None, dry_run=False, interrupt=Interrupt())
    assert world.target("select count(*) from teams") == world.target("select 0::bigint")
    assert published(world.publish())["pub_dispatch__team"] == 2
    assert world.target("select id, name, department, legacy_group_id from teams order by 4") == teams


def test_x1_no_password_hash_reaches_the_target(world: World) -> None:
    with world.databases.postgres.connect(world.databases.target_name) as connection:
        connection.execute("create schema raw_dispatch authorization orders_transform")
    world.replicate()
    with world.databases.postgres.connect(world.databases.target_name) as connection:
        columns = connection.execute(
            "select table_name || '.' || column_name from information_schema.columns "
            "where table_schema = 'raw_dispatch' and "
            "(table_name, column_name) in (('auth_user', 'password'), ('dispatch_operation', 'card_bin'), "
            "('dispatch_globalsetting', 'value'))"
        ).fetchall()
        row = connection.execute("select count(*), max(u::text) from raw_dispatch.auth_user u").fetchone()
    assert columns == []
    assert row is not None
    assert row[0] == 1
    assert "canary" not in row[1]


def test_the_command_line_speaks_of_the_system_that_it_is_told(world: World) -> None:
    environment = {**os.environ, **world.databases.environment(), "DTX_SYSTEM": ""}
    command = [Path(sys.executable).with_name("dtx"), "--system", "dispatch", "what-if"]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert ran.returncode == 2
    assert "int_dispatch__outcomes_by_option" in ran.stderr
