"""dbt reads the generated exposures, and what DTX 1.0's users typed into a title stays a text."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from report_catalogue import catalogue, question

from loaders.metabase.exposures import Owner, as_markdown_text, exposures_text

PROFILE = {
    "dtx": {
        "target": "x",
        "outputs": {
            "x": {
                "type": "postgres",
                "host": "127.0.0.1",
                "port": 1,
                "user": "x",
                "password": "x",
                "dbname": "x",
                "schema": "x",
            }
        },
    }
}
HOSTILE = (
    "{{ env_var('DTX_SOURCE_PASSWORD') }} {% raw %}{% endraw %} {%- set x = 1 -%} {# gone #} {{{ }}} %} #} "
    "{{ '{' }} <b>Café</b> [x](javascript:1) \\ ' \" : - & * `"
)


def parse(folder: Path, text: str, **environment: str) -> dict[str, Any]:
    """The exposures of a project with this one file, by name."""
    (folder / "models").mkdir(exist_ok=True)
    (folder / "dbt_project.yml").write_text("name: dtx\nprofile: dtx\nconfig-version: 2\n")
    (folder / "profiles.yml").write_text(yaml.safe_dump(PROFILE))
    (folder / "models" / "rpt_record_compliance.sql").write_text("select 1 as account_id")
    (folder / "models" / "reports.yml").write_text(text, encoding="utf-8")
    command = [Path(sys.executable).with_name("dbt"), "parse", "--no-partial-parse", "--warn-error", "--project-dir"]
    done = subprocess.run(
        [*command, folder, "--profiles-dir", folder],
        env=os.environ | environment,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    exposures = json.loads((folder / "target" / "manifest.json").read_text())["exposures"]
    return {each["name"]: each for each in exposures.values()}


@pytest.fixture(scope="module")
def parsed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    text = exposures_text(
        catalogue(
            question(7, HOSTILE, description=f"{HOSTILE}\n\n{HOSTILE}", coverage="partial", missing_fields=(HOSTILE,)),
            question(8, "55", description=" leading\ttab \n"),
            question(9, "  ", coverage="none", reporting_model=None, columns=()),
        ),
        {"category:1": Owner(HOSTILE, "owner@example.com")},
        {},
    )
    folder = tmp_path_factory.mktemp("dbt")
    return parse(folder, text, DTX_SOURCE_PASSWORD="opened", DTX_METABASE_URL="https://metabase.example.com")


def test_t2_a_legacy_text_is_never_executed_by_dbt(parsed: dict[str, Any]) -> None:
    exposure = parsed["report_0007"]
    assert exposure["label"] == HOSTILE
    assert exposure["owner"]["name"] == HOSTILE
    assert exposure["config"]["meta"]["missing_fields"] == [HOSTILE]
    assert exposure["description"].count(as_markdown_text(HOSTILE)) == 3
    assert "opened" not in json.dumps(parsed)


def test_a_title_that_looks_like_a_number_or_like_nothing_stays_a_text(parsed: dict[str, Any]) -> None:
    assert parsed["report_0008"]["label"] == "55"
    assert parsed["report_0009"]["label"] == "  "


def test_an_exposure_depends_on_its_view_and_leads_to_its_question(parsed: dict[str, Any]) -> None:
    assert parsed["report_0007"]["depends_on"]["nodes"] == ["model.dtx.rpt_record_compliance"]
    assert parsed["report_0007"]["url"].startswith("https://metabase.example.com/question/entity/")
    assert parsed["report_0009"]["depends_on"]["nodes"] == []
    assert parsed["report_0009"]["url"] is None
