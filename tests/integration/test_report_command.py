"""`dtx report` collects its parts from real servers, writes one page, and says so when it could not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from exemption_project import ITEM_NAMES, Project, make_project
from typer.testing import CliRunner

from loaders.cli import app
from loaders.database import connect
from loaders.errors import ConfigurationError
from loaders.reconcile import command as reconcile
from loaders.reconcile.source_tables import read_source_tables
from loaders.report import command
from loaders.report.page import write_page
from loaders.settings import Settings
from sandbox.servers.mariadb import MariaDB
from sandbox.servers.postgres import Postgres

OUTCOMES = """
create view migration_intermediate.int_dtx1__outcomes_by_option as
select 'D11-7' as decision_id, 'exemption' as source_table, 'migrate' as option, disposition, reason_code,
    count(*) as row_count
from migration_dispositions.dsp_dtx1__exemption
group by disposition, reason_code
"""


@pytest.fixture
def migrated(ledger: Settings, mariadb: MariaDB, postgres: Postgres, tmp_path: Path) -> Project:
    """Eight exemptions, one of them published and seven rejected."""
    with mariadb.connect(ledger.source_database) as source, source.cursor() as cursor:
        cursor.execute("create table exemption (exemption_id int primary key)")
        cursor.executemany("insert into exemption values (%s)", [(f"20{key}",) for key in ITEM_NAMES])
        source.commit()
    project = make_project(ledger, postgres, tmp_path)
    with connect(ledger, "transform") as target:
        target.execute(
            "create table raw_dtx1._loads "
            "(source_table text, loaded_at timestamptz, as_of timestamptz, row_count bigint)"
        )
        target.execute("insert into raw_dtx1._loads values ('exemption', '2026-01-02', '2026-01-01 00:00:00+00', 8)")
    assert project.publish() == 1
    with postgres.connect(ledger.target_database) as superuser:
        superuser.execute("""
            insert into migration.archive_object (
                archive, object_name, location, system, source_table, run_id, as_of, keep_until, is_encrypted, state,
                row_count, stored_bytes, stored_sha256
            )
            values ('a', 'exemption.csv.zst.age', '/a', 'dtx1', 'exemption', 1, '2026-01-01', '2036-01-01', true,
                'verified', 8, 1, '')
        """)
    return project


def make_report(
    project: Project, monkeypatch: pytest.MonkeyPatch, settings: Settings | None = None
) -> tuple[int, dict[str, Any], str]:
    monkeypatch.setattr(command, "load_settings", lambda: settings or project.settings)
    monkeypatch.setattr(reconcile, "read_source_tables", lambda: {"exemption": read_source_tables()["exemption"]})
    out = project.folder / "report.html"
    arguments = ["report", "--out", str(out), "--manifest", str(project.manifest), "--json"]
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    return result.exit_code, json.loads(result.stdout), out.read_text(encoding="utf-8")


def test_r4_the_page_says_what_every_command_says(
    migrated: Project, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, report, page = make_report(migrated, monkeypatch)
    assert code == 2
    assert "problem" in report["what_if"]
    assert "The decisions could not be collected." in page

    with connect(migrated.settings, "transform") as transform:
        transform.execute(OUTCOMES)
    code, report, page = make_report(migrated, monkeypatch)
    assert code == 0
    assert "Every one of 8 source rows is accounted for." in page
    assert "migrate</b> (chosen): 1 of 8 rows move" in page
    assert "\nFlood,,,,D11-7\n" in page
    assert report["preflight"]["schema"] == "dtx.preflight/2"
    for value in (migrated.settings.target_password, migrated.settings.source_password):
        assert value.get_secret_value() not in page + json.dumps(report)

    with postgres.connect(migrated.settings.target_database) as superuser:
        superuser.execute("delete from docutrax_profiles_manualoverride")
    code, report, page = make_report(migrated, monkeypatch)
    assert code == 1
    assert "Loss or drift" in page
    assert "target_row_missing" in page

    code, report, page = make_report(migrated, monkeypatch, migrated.settings.model_copy(update={"source_port": 1}))
    assert code == 2
    assert "What became of the rows could not be collected." in page
    assert list(migrated.folder.glob("*.part")) == []


def test_r4_a_page_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be written"):
        write_page(tmp_path / "missing" / "report.html", "page")
