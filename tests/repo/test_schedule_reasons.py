"""Every reason that a schedule can have is expected by a unit test and planted by the generator."""

from __future__ import annotations

import csv
import re

import yaml

from loaders.settings import PROJECT_ROOT
from sandbox.generator.schedule_plants import PLANTS

MODELS = PROJECT_ROOT / "dbt_project" / "models"


def reasons() -> list[dict[str, str]]:
    with (PROJECT_ROOT / "seeds" / "reporting" / "schedule_reasons.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def outcomes() -> dict[str, str]:
    return {line["reason_code"]: line["outcome"] for line in reasons()}


def expected_by_unit_tests() -> set[str]:
    tests = [
        test
        for path in (MODELS / "intermediate").glob("int_dtx1__schedule_*.yml")
        for test in yaml.safe_load(path.read_text(encoding="utf-8")).get("unit_tests", [])
    ]
    rows = [row for test in tests for row in test["expect"]["rows"]]
    return {row[name] for row in rows for name in ("reason_code", "account_reason") if row.get(name)}


def test_each_reason_is_expected_by_a_unit_test() -> None:
    assert set(outcomes()) - expected_by_unit_tests() == set()


def test_t3_each_reason_is_planted_with_its_outcome() -> None:
    """`merged` is a matter of two schedules: two of the planted ones share a place."""
    known = outcomes()
    assert {plant.outcome for plant in PLANTS} == {(known[reason], reason) for reason in known if reason != "merged"}
    places = [plant.place for plant in PLANTS if plant.place is not None]
    assert len(places) > len(set(places))


def test_the_page_about_reporting_lists_them_in_their_order() -> None:
    page = (PROJECT_ROOT / "docs" / "reporting.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| (\d+) \| `(\w+)` \| (\w+) \| (.+) \|$", page, flags=re.MULTILINE)
    assert listed == [
        tuple(line[name] for name in ("place", "reason_code", "outcome", "meaning")) for line in reasons()
    ]
    assert [int(line["place"]) for line in reasons()] == list(range(1, len(reasons()) + 1))
