"""The column maps: every column of every table, once, in the catalogue's order, with words that are defined."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import fields
from itertools import groupby
from operator import attrgetter

import pytest

from loaders.mapping.column_maps import SEEDS, MapLine, read_column_maps, read_seed

MAPS = read_column_maps()
CATALOGUE = read_seed("ledger/source_columns.csv")
DECISION_OF = {table["source_table"]: table["decision_id"] for table in read_seed("ledger/source_tables.csv")}
ROLES = {"value", "condition", "key", "file"}


def of_table(table: str) -> list[dict[str, str]]:
    return [column for column in CATALOGUE if column["source_table"] == table]


def where(line: MapLine) -> str:
    return f"{line.source_table}.{line.column_name} -> {line.target_table}.{line.target_column}"


def test_every_table_has_a_map_and_every_map_a_table() -> None:
    assert {path.stem for path in (SEEDS / "column_maps").glob("*.csv")} == set(MAPS) == set(DECISION_OF)
    assert len(MAPS) == 22


@pytest.mark.parametrize("table", MAPS)
def test_the_map_covers_the_catalogue_both_ways(table: str) -> None:
    mapped = [name for name, _ in groupby(MAPS[table], key=attrgetter("column_name"))]
    assert mapped == [column["column_name"] for column in of_table(table)]
    assert {line.source_table for line in MAPS[table]} == {table}


@pytest.mark.parametrize("table", MAPS)
def test_each_line_says_what_becomes_of_its_column_and_by_what_right(table: str) -> None:
    for line in MAPS[table]:
        assert line.disposition in {"mapped", "dropped", "archived", "key"}, where(line)
        assert re.fullmatch(r"\S[^\n{}]+\.", line.rule), where(line)
        assert line.decision_id == DECISION_OF[table], where(line)
        assert line.evidence in {"named", "inferred"}, where(line)
        if line.disposition == "mapped":
            assert re.fullmatch(r"public\.[a-z_]+", line.target_table), where(line)
            assert line.target_column, where(line)
            assert line.role in ROLES, where(line)
        else:
            assert (line.target_table, line.target_column, line.role) == ("", "", ""), where(line)


@pytest.mark.parametrize("table", MAPS)
def test_no_line_stands_twice_and_a_column_that_goes_nowhere_has_one(table: str) -> None:
    assert [line for line, times in Counter(MAPS[table]).items() if times > 1] == []
    places = Counter((line.column_name, line.target_table, line.target_column) for line in MAPS[table])
    assert [place for place, times in places.items() if times > 1] == []
    for name, lines in groupby(MAPS[table], key=attrgetter("column_name")):
        fates = [line.disposition for line in lines]
        assert fates.count("mapped") == len(fates) or fates in (["dropped"], ["archived"]) or fates[0] == "key", name
        assert fates.count("key") <= 1, name


@pytest.mark.parametrize("table", MAPS)
def test_whether_a_column_decides_is_one_answer(table: str) -> None:
    for name, lines in groupby(MAPS[table], key=attrgetter("column_name")):
        assert len({line.decides for line in lines}) == 1, name


@pytest.mark.parametrize("table", MAPS)
def test_an_inferred_column_is_never_called_named(table: str) -> None:
    inferred = {column["column_name"] for column in of_table(table) if column["evidence"] == "inferred"}
    assert [where(line) for line in MAPS[table] if line.column_name in inferred and line.evidence == "named"] == []


@pytest.mark.parametrize("table", MAPS)
def test_a_table_is_archived_whole_or_its_keys_are_keys(table: str) -> None:
    if {line.disposition for line in MAPS[table]} == {"archived"}:
        assert not any(line.decides for line in MAPS[table])
        return
    assert "archived" not in {line.disposition for line in MAPS[table]}
    assert [line.column_name for line in MAPS[table] if line.disposition == "key"] == [
        column["column_name"] for column in of_table(table) if column["key"] == "primary"
    ]


def test_the_maps_decisions_are_the_registers() -> None:
    register = {line["decision_id"] for line in read_seed("ledger/decisions.csv")}
    assert {line.decision_id for lines in MAPS.values() for line in lines} == register


def test_a_flag_is_true_or_false_and_nothing_is_left_over() -> None:
    for path in (SEEDS / "column_maps").glob("*.csv"):
        rows = read_seed(f"column_maps/{path.name}")
        assert {row["decides"] for row in rows} <= {"true", "false"}, path.name
        assert all(set(row) == {field.name for field in fields(MapLine)} for row in rows), path.name
