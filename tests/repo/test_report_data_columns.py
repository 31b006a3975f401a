"""The 93 columns of DTX 1.0's report cache: each has its line, each line its column in a reporting view."""

from __future__ import annotations

import csv
from pathlib import Path

import yaml

from loaders.settings import PROJECT_ROOT

REPORTING = PROJECT_ROOT / "dbt_project" / "models" / "reporting"
WIDE = "rpt_record_compliance"
# What people need beside the cache's columns to filter by, and to understand what they see.
NOT_IN_THE_CACHE = {"is_followed_up", "requirements_group_names", "carrier_name"}


def lines(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


MAP = lines(PROJECT_ROOT / "seeds" / "reporting" / "report_data_columns.csv")
CATALOGUE = [
    line["column_name"]
    for line in lines(PROJECT_ROOT / "seeds" / "ledger" / "source_columns.csv")
    if line["source_table"] == "report_data"
]
# Reporting view -> its columns, as its contract enforces them.
VIEWS = {
    model["name"]: {column["name"] for column in model["columns"]}
    for path in REPORTING.glob("*.yml")
    for model in yaml.safe_load(path.read_text(encoding="utf-8"))["models"]
}


def test_each_column_of_the_cache_has_one_line_in_its_order() -> None:
    assert len(CATALOGUE) == 93
    assert [line["column_name"] for line in MAP] == CATALOGUE


def test_each_line_names_a_column_that_exists_or_says_why_there_is_none() -> None:
    for line in MAP:
        name, place = line["column_name"], (line["reporting_model"], line["reporting_column"])
        assert line["rule"], name
        if line["status"] == "not_servable":
            assert place == ("", ""), name
        else:
            assert line["status"] in ("served", "computed"), name
            assert line["reporting_column"] in VIEWS[line["reporting_model"]], name


def test_each_column_of_the_wide_view_serves_a_column_of_the_cache() -> None:
    """A column that nobody asked for, or whose line was forgotten, is noticed."""
    served = {line["reporting_column"] for line in MAP if line["reporting_model"] == WIDE}
    assert VIEWS[WIDE] - served == NOT_IN_THE_CACHE


def test_every_view_can_be_filtered_by_account() -> None:
    assert WIDE in VIEWS
    assert [name for name, columns in VIEWS.items() if "account_id" not in columns] == []
