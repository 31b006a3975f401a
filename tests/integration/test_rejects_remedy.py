"""An unknown name is rejected, its line is printed, pasted and completed, and exactly its rows are published."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from exemption_project import CANARY, SEED, Project, make_project
from typer.testing import CliRunner

from loaders.cli import app
from loaders.errors import ConfigurationError, RefusedError
from loaders.rejects import command
from loaders.settings import Settings
from sandbox.servers.postgres import Postgres


@pytest.fixture
def project(ledger: Settings, postgres: Postgres, tmp_path: Path) -> Project:
    return make_project(ledger, postgres, tmp_path)


def rejects(project: Project, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> str:
    monkeypatch.setattr(command, "load_settings", lambda: project.settings)
    result = CliRunner().invoke(
        app, ["rejects", "--manifest", str(project.manifest), *arguments], catch_exceptions=False
    )
    assert result.exit_code == 0
    return result.stdout


def document(project: Project, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> dict[str, Any]:
    return json.loads(rejects(project, monkeypatch, "--json", *arguments))


def assert_only_named_values(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """X1: of the rejected rows nothing is shown but keys and the columns that the remedies name."""
    printed = rejects(project, monkeypatch)
    assert "\nFlood,,,,D11-7\n" in printed
    assert "\x1b" not in printed
    assert r"Umb\x1b[31mrella" in printed
    assert CANARY not in printed + rejects(project, monkeypatch, "--json")


def assert_filters(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """R4: what does not exist is refused, what has no rejects says so."""
    assert "No rejects." in rejects(project, monkeypatch, "--reason", "record_absent")
    listed = document(project, monkeypatch, "--table", "exemption", "--reason", "item_name_unmapped", "--limit", "1")
    (seed,) = listed["seeds"]
    assert ([line["rejects"] for line in seed["lines"]], seed["further_lines"]) == ([3], 3)
    with pytest.raises(ConfigurationError, match="no source table exemptions"):
        rejects(project, monkeypatch, "--table", "exemptions")
    with pytest.raises(ConfigurationError, match="no reason item_name"):
        rejects(project, monkeypatch, "--reason", "item_name")


def test_m2_a_pasted_line_publishes_its_rows_and_nothing_else(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """X1, R4, P3 as well: a line without its coverage type stops the build, and with it the publish."""
    assert_only_named_values(project, monkeypatch)
    assert_filters(project, monkeypatch)
    assert project.publish() == 1
    assert project.overrides() == {"201"}
    before = project.application_rows()
    listed = document(project, monkeypatch)
    (entry,) = listed["rejects"]
    assert (entry["reason_code"], entry["rejects"], entry["seed_file"]) == ("item_name_unmapped", 7, str(SEED))
    assert entry["keys"] == [f"20{n}" for n in range(2, 9)]
    (seed,) = listed["seeds"]
    flood, cyber = seed["lines"]
    assert flood == {"line": "Flood,,,,D11-7", "rejects": 3}
    assert cyber == {"line": '"Cyber, ""Data""",,,,D11-7', "rejects": 1}
    assert {line["line"] for line in seed["unusable"]} == {r"Umb\x1b[31mrella,,,,D11-7", ",,,,D11-7", "null,,,,D11-7"}
    required = {column["column"]: column["choices"] for column in seed["columns"] if column["is_required"]}
    assert "PropertyCoverage" in required["coverage_type"]

    seed_before = (project.folder / SEED).read_text()
    project.append(flood["line"])
    assert project.build() == 1
    with pytest.raises(RefusedError):
        project.publish()
    assert (project.overrides(), project.application_rows()) == ({"201"}, before)

    (project.folder / SEED).write_text(seed_before)
    project.append("Flood,PropertyCoverage,Flood,,D11-7", cyber["line"].replace(",,,,", ",OtherCoverage,,,"))
    assert project.build() == 0
    assert project.publish() == 4
    assert project.overrides() == {"201", "202", "203", "204", "205"}
    assert project.application_rows() == before
    (seed,) = document(project, monkeypatch)["seeds"]
    assert seed["lines"] == []
    assert len(seed["unusable"]) == 3
