"""Each option of each decision: a cell of the register changes, the project is built again, and the answer key holds.

Goes on where test_migrate.py ended: everything is replicated, archived and published under the decisions in force.
"""

from __future__ import annotations

import csv

import pytest
from migration import Migration

from loaders.settings import PROJECT_ROOT

pytestmark = pytest.mark.timeout(900)
OTHERWISE = (
    {"D11-4": "archive", "D11-5": "account_meta", "D11-6": "directory_settings", "D11-11": "seed_records"},
    {"D11-5": "archive", "D11-6": "archive"},
)


def _register() -> list[dict[str, str]]:
    with (PROJECT_ROOT / "seeds" / "ledger" / "decisions.csv").open(newline="", encoding="utf-8") as file:
        return [row for row in csv.DictReader(file) if row["decision_id"].startswith("D11-")]


def _take_back(migration: Migration) -> None:
    runs = migration.query("select distinct run_id from migration.batch where state = 'committed' order by 1 desc")
    for (run_id,) in runs:
        done = migration.run("dtx", "rollback", "--run", str(run_id))
        assert done.returncode == 0, done.stdout + done.stderr


def test_every_option_is_run() -> None:
    for row in _register():
        run = {row["chosen"], *(other[row["decision_id"]] for other in OTHERWISE if row["decision_id"] in other)}
        assert run == set(row["options"].split("|")), row["decision_id"]


@pytest.mark.parametrize("decisions", OTHERWISE, ids=lambda decisions: "+".join(decisions.values()))
def test_other_decisions_match_the_answer_key(
    migration: Migration, before: dict[str, list[tuple]], decisions: dict[str, str]
) -> None:
    _take_back(migration)
    assert migration.application_rows() == before
    project = migration.project_with(decisions)
    built = migration.run("dbt", "build", "--project-dir", str(project), "--profiles-dir", str(project))
    assert built.returncode == 0, built.stdout
    published = migration.run("dtx", "publish", "--manifest", str(project / "target" / "manifest.json"))
    assert published.returncode == 0, published.stdout + published.stderr
    assert migration.application_rows() != before
    migration.assert_answers()


def test_an_option_that_moves_no_data_is_refused_by_name(migration: Migration) -> None:
    project = migration.project_with({"D11-4": "imap_ingestion"})
    built = migration.run("dbt", "build", "--project-dir", str(project), "--profiles-dir", str(project))
    assert built.returncode != 0
    assert "imap_ingestion" in built.stdout
