"""The dispatch system's column maps and meltano.yml say what its catalogue says."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from loaders.settings import PROJECT_ROOT
from loaders.systems import DISPATCH

MELTANO = yaml.safe_load((PROJECT_ROOT / "meltano.yml").read_text(encoding="utf-8"))
MAPS = sorted((DISPATCH.seeds / "column_maps").glob("*.csv"))
TARGET = "\n".join(
    path.read_text(encoding="utf-8")
    for path in sorted((PROJECT_ROOT / "sandbox" / "dispatch" / "sql" / "target").glob("*.sql"))
)

Line = dict[str, str]


def lines(path: Path) -> list[Line]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


TABLES = lines(DISPATCH.seeds / "ledger" / "source_tables.csv")
COLUMNS = lines(DISPATCH.seeds / "ledger" / "source_columns.csv")


def extractor(name: str) -> dict[str, Any]:
    (found,) = [each for each in MELTANO["plugins"]["extractors"] if each["name"] == name]
    entry: dict[str, Any] = found
    return entry


def tap() -> dict[str, Any]:
    config: dict[str, Any] = extractor("tap-postgres")["config"]
    return config


def defined(ddl: str) -> dict[str, list[str]]:
    """Each table's columns as the DDL has them."""
    tables = re.findall(r"^create table (\w+) \((.*?)^\);", ddl, flags=re.MULTILINE | re.DOTALL)
    return {
        name: re.findall(r'^    "?(?!unique|check|primary)([a-z_0-9]+)"? ', body, re.MULTILINE) for name, body in tables
    }


def test_the_tap_reads_the_tables_of_the_catalogue() -> None:
    assert tap()["tables"] == [table["source_table"] for table in TABLES]


def test_x1_the_tap_withholds_every_credential_and_only_those() -> None:
    withheld = [f"{c['source_table']}.{c['column_name']}" for c in COLUMNS if c["extracted"] == "false"]
    assert withheld
    assert tap()["withheld_columns"] == withheld
    assert {c["privacy"] == "credential" for c in COLUMNS if c["extracted"] == "false"} == {True}
    assert not [c for c in COLUMNS if c["extracted"] != "false" and c["privacy"] == "credential"]


def test_x1_the_stock_tap_leaves_out_what_ours_withholds() -> None:
    left_out = [each for each in extractor("tap-postgres-stock")["select"] if each.startswith("!")]
    assert left_out == [f"!public-{column}" for column in tap()["withheld_columns"]]


@pytest.mark.parametrize("path", MAPS, ids=[path.stem for path in MAPS])
def test_a_column_map_names_every_column_and_only_columns_that_are_there(path: Path) -> None:
    mapped = lines(path)
    of_table = [column for column in COLUMNS if column["source_table"] == path.stem]
    assert {line["source_table"] for line in mapped} == {path.stem}
    assert {line["column_name"] for line in mapped} == {column["column_name"] for column in of_table}
    withheld = {line["column_name"] for line in mapped if line["disposition"] == "withheld"}
    assert withheld == {column["column_name"] for column in of_table if column["extracted"] == "false"}
    targets = defined(TARGET)
    for line in mapped:
        assert line["disposition"] in ("mapped", "dropped", "withheld", "key"), line
        assert bool(line["target_table"]) == (line["disposition"] == "mapped"), line
        if line["target_table"]:
            assert line["target_column"] in targets[line["target_table"].removeprefix("public.")], line


def test_every_source_table_of_a_publish_model_has_its_column_map() -> None:
    published = {
        match
        for path in (DISPATCH.project / "models" / "publish").glob("*.yml")
        for match in re.findall(r"source_table: (\w+)", path.read_text(encoding="utf-8"))
    }
    assert published
    assert published <= {path.stem for path in MAPS}
