"""The legacy server's columns against the catalogue and the column maps, in both directions (P3)."""

from __future__ import annotations

import pytest

from loaders.preflight.expected import (
    ExpectedColumn,
    common_character_set,
    common_type,
    read_catalogue,
    read_mapped_columns,
)
from loaders.preflight.source_columns import compare_source
from loaders.publish.findings import Finding
from loaders.singer.tap_mysql.catalogue import Table
from loaders.singer.tap_mysql.rendering import Column
from loaders.systems import DTX1

KEY = Column("id", "int", "int(10) unsigned", None, nullable=False)
NAME = Column("name", "varchar", "varchar(20)", "utf8mb4", nullable=False)
CATALOGUE = {
    "thing": {
        "id": ExpectedColumn("int unsigned", "", nullable=False, is_key=True),
        "name": ExpectedColumn("varchar(20)", "utf8mb4", nullable=False, is_key=False),
    }
}
MAPS = {"thing": frozenset({"id", "name"})}


def table(*columns: Column, key: tuple[str, ...] = ("id",), name: str = "thing") -> Table:
    return Table(name, columns, key, is_view=False, engine="InnoDB", data_bytes=0, approximate_rows=0)


def found(findings: list[Finding]) -> set[tuple[str, str]]:
    return {(finding.effect, finding.where) for finding in findings}


def test_a_source_that_is_as_we_know_it_has_no_finding_and_other_areas_tables_are_none() -> None:
    live = {"thing": table(KEY, NAME), "another_area": table(KEY, name="another_area")}

    assert compare_source(live, DTX1, CATALOGUE, MAPS, {"thing"}) == []


@pytest.mark.parametrize(
    ("columns", "key", "where", "problem"),
    [
        ((KEY, NAME, Column("legal_name", "text", "text", "latin1", True)), ("id",), "legal_name", "is new"),
        ((KEY,), ("id",), "name", "is gone"),
        ((KEY, Column("name", "varchar", "varchar(50)", "utf8mb4", False)), ("id",), "name", "its type is varchar(50)"),
        (
            (KEY, Column("name", "varchar", "varchar(20)", "latin1", False)),
            ("id",),
            "name",
            "its character set is latin1",
        ),
        ((Column("id", "bigint", "bigint(20)", None, False), NAME), ("id",), "id", "its type is bigint"),
        ((KEY, NAME), (), "id", "its place in the primary key is not given"),
    ],
)
def test_p3_a_column_that_changed_is_named_and_holds(
    columns: tuple[Column, ...], key: tuple[str, ...], where: str, problem: str
) -> None:
    (finding,) = compare_source({"thing": table(*columns, key=key)}, DTX1, CATALOGUE, MAPS, {"thing"})

    assert (finding.effect, finding.where) == ("holds", f"thing.{where}")
    assert finding.problem.startswith(problem)
    assert "seeds/ledger/source_columns.csv" in finding.what_to_do


def test_p3_a_column_that_may_be_null_now_is_told_and_holds_nothing() -> None:
    live = {"thing": table(KEY, Column("name", "varchar", "varchar(20)", "utf8mb4", nullable=True))}

    assert found(compare_source(live, DTX1, CATALOGUE, MAPS, {"thing"})) == {("note", "thing.name")}


def test_p3_a_table_that_is_gone_blocks() -> None:
    assert found(compare_source({}, DTX1, CATALOGUE, MAPS, {"thing"})) == {("blocks", "thing")}


def test_p3_a_table_without_a_column_map_is_named_and_held_where_it_is_published() -> None:
    live = {"thing": table(KEY, NAME)}

    assert found(compare_source(live, DTX1, CATALOGUE, {}, {"thing"})) == {("holds", "thing")}
    assert found(compare_source(live, DTX1, CATALOGUE, {}, set())) == {("note", "thing")}


def test_p3_a_column_map_is_held_against_the_catalogue_both_ways() -> None:
    maps = {"thing": frozenset({"id", "nome"}), "think": frozenset({"id"})}

    assert found(compare_source({"thing": table(KEY, NAME)}, DTX1, CATALOGUE, maps, {"thing"})) == {
        ("holds", "thing.name"),
        ("holds", "thing.nome"),
        ("holds", "think"),
    }


@pytest.mark.parametrize(
    ("mysql_type", "common"),
    [
        ("int(10) unsigned", "int unsigned"),
        ("INT UNSIGNED", "int unsigned"),
        ("smallint(6)", "smallint"),
        ("tinyint(3) unsigned", "tinyint unsigned"),
        ("tinyint(1)", "tinyint(1)"),
        ("year(4)", "year"),
        ("decimal(10,2)", "decimal(10,2)"),
        ("enum('Yes','no')", "enum('yes','no')"),
        ("point", "point"),
        ("character varying(150)", "varchar(150)"),
        ("timestamp with time zone", "timestamptz"),
    ],
)
def test_servers_print_one_type_in_several_ways(mysql_type: str, common: str) -> None:
    assert common_type(mysql_type) == common


def test_servers_name_one_character_set_in_several_ways() -> None:
    assert [common_character_set(name) for name in ("utf8", "utf8mb3", "utf8mb4", "latin1", None)] == [
        "utf8mb3",
        "utf8mb3",
        "utf8mb4",
        "latin1",
        "",
    ]


def test_the_seeds_cover_all_22_tables() -> None:
    catalogue, maps = read_catalogue(DTX1), read_mapped_columns(DTX1)

    assert len(catalogue) == 22
    assert {name: set(columns) for name, columns in catalogue.items()} == {name: set(maps[name]) for name in catalogue}
