"""Every reason that a schedule can have is expected by a unit test and planted by the generator."""

from __future__ import annotations

import csv

import yaml

from loaders.settings import PROJECT_ROOT
from sandbox.generator.schedule_plants import PLANTS

MODELS = PROJECT_ROOT / "dbt_project" / "models"


def outcomes() -> dict[str, str]:
    with (PROJECT_ROOT / "seeds" / "reporting" / "schedule_reasons.csv").open(encoding="utf-8", newline="") as file:
        return {line["reason_code"]: line["outcome"] for line in csv.DictReader(file)}


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
