"""The field map names views and columns that exist, and the settings of display formats are JSON."""

from __future__ import annotations

import json

import yaml

from loaders.mapping.column_maps import read_seed
from loaders.settings import PROJECT_ROOT

REPORTING = PROJECT_ROOT / "dbt_project" / "models" / "reporting"


def columns_of_views() -> set[tuple[str, str]]:
    models = [
        model for path in REPORTING.glob("rpt_*.yml") for model in yaml.safe_load(path.read_text("utf-8"))["models"]
    ]
    return {(model["name"], column["name"]) for model in models for column in model["columns"]}


def test_each_field_is_a_column_that_its_view_has() -> None:
    views = columns_of_views()
    lines = read_seed("reporting/report_fields.csv")
    named = {(line["reporting_model"], line["reporting_column"]) for line in lines if line["reporting_model"]}
    assert named - views == set()
    assert len({line["field_name"] for line in lines}) > 100


def test_a_field_has_a_counterpart_or_none_and_never_both() -> None:
    lines = read_seed("reporting/report_fields.csv")
    without = {line["field_name"] for line in lines if not line["reporting_model"]}
    assert without.isdisjoint({line["field_name"] for line in lines if line["reporting_model"]})


def test_the_field_map_and_the_list_of_the_caches_columns_agree() -> None:
    """Both say what becomes of a column of report_data: a field that reads it has that counterpart, or none either."""
    fields: dict[str, set[tuple[str, str]]] = {}
    for line in read_seed("reporting/report_fields.csv"):
        fields.setdefault(line["field_name"], set()).add((line["reporting_model"], line["reporting_column"]))
    compared = 0
    for column in read_seed("reporting/report_data_columns.csv"):
        name = column["column_name"].lower()
        if name in fields:
            compared += 1
            assert (column["reporting_model"], column["reporting_column"]) in fields[name], name
            assert (column["status"] == "not_servable") == (fields[name] == {("", "")}), name
    assert compared > 85


def test_reports_with_a_view_of_their_own_are_the_four_that_the_documents_name() -> None:
    own = {line["report_id"]: line["reporting_model"] for line in read_seed("reporting/report_models.csv")}
    assert set(own) == {"1", "55", "127", "135"}
    assert set(own.values()) <= {model for model, _ in columns_of_views()}


def test_settings_of_a_display_format_are_an_object() -> None:
    for line in read_seed("reporting/display_formats.csv"):
        assert isinstance(json.loads(line["metabase_settings"]), dict), line["display_format"]
