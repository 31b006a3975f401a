"""`dtx setup` grants what the project names today, and not what it named when dbt parsed it last."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from loaders.errors import ConfigurationError
from loaders.setup.commands import parse_if_changed
from loaders.systems import DTX1, System

PROJECT = "{name: small, profile: small, config-version: 2}\n"
PROFILE = """
small:
  target: none
  outputs: {none: {type: postgres, host: unused, port: 1, dbname: none, user: none, password: none, schema: public}}
"""


@pytest.fixture
def system(tmp_path: Path) -> System:
    (tmp_path / "models").mkdir()
    (tmp_path / "dbt_project.yml").write_text(PROJECT, encoding="utf-8")
    (tmp_path / "profiles.yml").write_text(PROFILE, encoding="utf-8")
    (tmp_path / "models" / "first.sql").write_text("select 1 as one", encoding="utf-8")
    return replace(DTX1, project=tmp_path)


def models(system: System) -> set[str]:
    return {node["name"] for node in json.loads(system.manifest.read_text(encoding="utf-8"))["nodes"].values()}


def test_a_manifest_behind_its_project_is_made_anew(system: System, capfd: pytest.CaptureFixture[str]) -> None:
    parse_if_changed(system)
    assert models(system) == {"first"}
    capfd.readouterr()
    parse_if_changed(system)
    assert capfd.readouterr().err == ""

    second = system.project / "models" / "second.sql"
    second.write_text("select 2 as two", encoding="utf-8")
    later = system.manifest.stat().st_mtime + 1
    os.utime(second, (later, later))
    parse_if_changed(system)
    assert models(system) == {"first", "second"}


def test_a_project_that_dbt_cannot_parse_is_named_before_anything_is_granted(system: System) -> None:
    (system.project / "models" / "first.sql").write_text("select {{ nothing(", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="dbt parse ended with"):
        parse_if_changed(system)
