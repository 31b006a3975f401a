"""What we know of the source's columns: the source catalogue and the column maps, from their seeds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from loaders.mapping.column_maps import read_seed
from loaders.systems import System

_LEGACY_UTF8 = re.compile(r"utf8$")
_ABBREVIATIONS = (
    ("character varying", "varchar"),
    ("timestamp with time zone", "timestamptz"),
    ("timestamp without time zone", "timestamp"),
    ("double precision", "double"),
)
_DISPLAY_WIDTH = re.compile(r"^((?:tiny|small|medium|big)?int|year)\(\d+\)")


@dataclass(frozen=True, slots=True)
class ExpectedColumn:
    """A column of the catalogue; type and character set as `common_type` and `common_character_set` give them."""

    sql_type: str
    character_set: str
    nullable: bool
    is_key: bool


Catalogue: TypeAlias = Mapping[str, Mapping[str, ExpectedColumn]]
ColumnMaps: TypeAlias = Mapping[str, frozenset[str]]


def read_catalogue(system: System) -> Catalogue:
    """Source table to column to what `source_columns.csv` says of it (architecture, Source catalogue)."""
    catalogue: dict[str, dict[str, ExpectedColumn]] = {}
    for line in read_seed("ledger/source_columns.csv", system.seeds):
        catalogue.setdefault(line["source_table"], {})[line["column_name"]] = ExpectedColumn(
            sql_type=common_type(line[system.type_column]),
            character_set=common_character_set(line.get("character_set")),
            nullable=line["nullable"] == "true",
            is_key=line["key"] == "primary",
        )
    return catalogue


def read_mapped_columns(system: System) -> ColumnMaps:
    """Source table to the columns that its map names; a table without a map is absent (architecture, Column maps)."""
    return {table: frozenset(columns) for table, columns in _read_maps(system).items()}


def read_replicated_columns(system: System) -> ColumnMaps:
    """As `read_mapped_columns`, without those that are withheld: they never leave the source."""
    return {
        table: frozenset(name for name, disposition in columns.items() if disposition != "withheld")
        for table, columns in _read_maps(system).items()
    }


def _read_maps(system: System) -> dict[str, dict[str, str]]:
    return {
        path.stem: {
            line["column_name"]: line["disposition"] for line in read_seed(f"column_maps/{path.name}", system.seeds)
        }
        for path in sorted((system.seeds / "column_maps").glob("*.csv"))
    }


def common_type(sql_type: str) -> str:
    """A column type as every server prints it.

    MySQL 8 has no display widths but that of tinyint(1), a boolean; PostgreSQL spells out what people abbreviate.
    """
    lowered = sql_type.lower()
    for spelled, abbreviated in _ABBREVIATIONS:
        lowered = lowered.replace(spelled, abbreviated)
    return lowered if lowered == "tinyint(1)" else _DISPLAY_WIDTH.sub(r"\1", lowered)


def common_character_set(character_set: str | None) -> str:
    """A character set as every server names it: before MariaDB 10.6 and MySQL 8.0.24, utf8mb3 is utf8."""
    return _LEGACY_UTF8.sub("utf8mb3", character_set or "")
