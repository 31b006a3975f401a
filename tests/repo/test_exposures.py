"""The exposures in the repository hold together: names, addresses, owners."""

from __future__ import annotations

import csv
from typing import Any

import yaml

from loaders.metabase.exposures import BASE_URL, MAIN_REPORTS, exposure_name
from loaders.metabase.identity import card_entity_id
from loaders.settings import PROJECT_ROOT

FOLDER = PROJECT_ROOT / "dbt_project" / "models" / "exposures"


def exposures(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))["exposures"]
    return found


def test_each_question_is_found_under_the_identity_that_it_is_created_with() -> None:
    analyses = [each for each in (*exposures("reporting.yml"), *exposures("reports.yml")) if each["type"] == "analysis"]
    for each in analyses:
        meta = each["config"]["meta"]
        assert each["name"] == exposure_name(meta["legacy_report_id"])
        if meta.get("coverage") == "none":
            assert "url" not in each
        else:
            assert each["url"] == f"{BASE_URL}/question/entity/{card_entity_id(meta['question_key'])}"


def test_each_report_is_described_once() -> None:
    by_hand, generated = ({each["name"] for each in exposures(name)} for name in ("reporting.yml", "reports.yml"))
    assert by_hand & generated == set()
    assert {exposure_name(report_id) for report_id in MAIN_REPORTS} <= by_hand


def test_the_owners_by_hand_are_the_owners_of_the_seed() -> None:
    with (PROJECT_ROOT / "seeds" / "reporting" / "report_owners.csv").open(encoding="utf-8", newline="") as file:
        owners = {(line["owner_name"], line["owner_email"]) for line in csv.DictReader(file)}
    assert {(each["owner"]["name"], each["owner"]["email"]) for each in exposures("reporting.yml")} <= owners
