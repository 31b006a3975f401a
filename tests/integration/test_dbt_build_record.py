"""What dbt's hooks record of a real run: begun before its first model, finished after its last, or broken off (P9)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from loaders.database import connect
from loaders.settings import PROJECT_ROOT, Settings

RUNS = "select invocation_id, selected, built, finished_at is not null, broken_off_at is not null from migration.build"
ALL = ("quick", "report", "slow", "tested", "wrong")
IS_ALIVE = """
select count(*) > 0 from pg_stat_activity inner join migration.build
on build.application_name = pg_stat_activity.application_name
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with the real one's hooks and macros; its second model is slow, with `divisor` 0 others fail."""
    ours = yaml.safe_load((PROJECT_ROOT / "dbt_project" / "dbt_project.yml").read_text())
    (tmp_path / "dbt_project.yml").write_text(
        yaml.safe_dump(
            {
                "name": "recorded",
                "profile": ours["profile"],
                "macro-paths": [str(PROJECT_ROOT / "macros" / "project")],
                "vars": {"settings_prefix": ours["vars"]["settings_prefix"]},
                "on-run-start": ours["on-run-start"],
                "on-run-end": ours["on-run-end"],
                "flags": {"send_anonymous_usage_stats": False},
                "models": {"recorded": {"+materialized": "table", "+schema": "migration_publish"}},
            }
        )
    )
    models = tmp_path / "models"
    models.mkdir()
    (models / "quick.sql").write_text("select 1 as one")
    (models / "slow.sql").write_text("select one, pg_sleep({{ var('seconds', 0) }})::text from {{ ref('quick') }}")
    (models / "wrong.sql").write_text("select 1 / {{ var('divisor', 1) }} as one")
    (models / "tested.sql").write_text("select {{ var('divisor', 1) }} as one")
    (models / "report.sql").write_text("{{ config(tags='reporting') }} select {{ var('divisor', 1) }} as one")
    tests = tmp_path / "tests"
    tests.mkdir()
    for name in ("quick", "tested", "report"):
        (tests / f"{name}_is_one.sql").write_text(f"select one from {{{{ ref('{name}') }}}} where one <> 1")
    return tmp_path


def start(settings: Settings, project: Path, *arguments: str) -> subprocess.Popen[str]:
    environment = os.environ | {
        "DTX_TARGET_HOST": settings.target_host,
        "DTX_TARGET_PORT": str(settings.target_port),
        "DTX_TARGET_DATABASE": settings.target_database,
        "DTX_TARGET_USER": settings.target_user,
        "DTX_TARGET_PASSWORD": settings.target_password.get_secret_value(),
        "DTX_PUBLISHER_USER": settings.publisher_user,
    }
    return subprocess.Popen(
        [
            *(Path(sys.executable).with_name("dbt"), *arguments),
            *("--project-dir", project, "--profiles-dir", PROJECT_ROOT / "dbt_project"),
            *("--target-path", project / "target", "--log-path", project / "logs"),
        ],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )


def read(settings: Settings, statement: str) -> list[tuple[Any, ...]]:
    with connect(settings, "transform") as transform:
        return transform.execute(statement).fetchall()


def test_p9_a_run_is_open_while_dbt_works_and_broken_off_when_it_is_killed(ledger: Settings, project: Path) -> None:
    with start(ledger, project, "build", "--vars", "{seconds: 250}") as killed:
        try:
            deadline = time.monotonic() + 200
            while not read(ledger, "select from pg_tables where tablename = 'quick'"):
                assert killed.poll() is None and time.monotonic() < deadline, "dbt built nothing"
                time.sleep(0.1)
            [(_, selected, built, is_finished, is_broken_off)] = read(ledger, RUNS)
            # Between two models dbt may have no session for a moment.
            while read(ledger, IS_ALIVE) != [(True,)]:
                assert killed.poll() is None and time.monotonic() < deadline, "dbt has no session"
                time.sleep(0.1)
        finally:
            killed.kill()
    assert (sorted(selected), built) == ([f"model.recorded.{name}" for name in ALL], [])
    assert (is_finished, is_broken_off) == (False, False)

    with connect(ledger, "owner", autocommit=True) as owner:
        owner.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity inner join migration.build "
            "on build.application_name = pg_stat_activity.application_name"
        )
    with start(ledger, project, "build", "--vars", "{divisor: 0}") as again:
        again.communicate()

    assert again.returncode == 1
    first, second = read(ledger, f"{RUNS} order by build_id")
    assert first[2:] == ([], False, True)
    # Neither what failed nor what failed its test; a reporting table's test is no business of a publish.
    held = [f"model.recorded.{name}" for name in ALL if name not in ("wrong", "tested")]
    assert (sorted(second[2]), *second[3:]) == (held, True, False)
    assert first[0] != second[0]


def test_only_the_first_run_parses_the_whole_project(ledger: Settings, project: Path) -> None:
    """A profile that differs from run to run, as by its session's name, would make dbt parse everything each time."""
    printed = []
    for _ in range(2):
        with start(ledger, project, "build") as run:
            printed.append(run.communicate()[0])
        assert run.returncode == 0
    assert ["Unable to do partial parsing" in each for each in printed] == [True, False]


def test_p9_a_run_of_a_few_models_leaves_behind_what_was_made_from_them(ledger: Settings, project: Path) -> None:
    for arguments in (
        ("run", "--select", "quick", "tested"),
        ("run",),
        ("run", "--select", "quick", "wrong", "report"),
    ):
        with start(ledger, project, *arguments) as run:
            run.communicate()
        assert run.returncode == 0

    first, _, last = read(ledger, f"{RUNS} order by build_id")
    # What has never been built is nobody's past.
    assert sorted(first[1]) == ["model.recorded.quick", "model.recorded.tested"]
    assert sorted(last[1]) == [f"model.recorded.{name}" for name in ("quick", "report", "slow", "wrong")]
    assert sorted(last[2]) == [f"model.recorded.{name}" for name in ("quick", "report", "wrong")]
    manifest = json.loads((project / "target" / "manifest.json").read_text())
    checksums = {key: node["checksum"]["checksum"] for key, node in manifest["nodes"].items()}
    code = read(ledger, "select made.* from migration.build cross join unnest(built, code) as made (node, code)")
    assert len(code) == 10 and dict(code) == {node: checksums[node] for node, _ in code}
