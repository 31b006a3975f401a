"""MySQL DDL of DTX 1.0, made from the source catalogue (contract: docs/architecture.md, Source catalogue)."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from pathlib import Path

import pymysql

from loaders.settings import PROJECT_ROOT

SOURCE_COLUMNS = PROJECT_ROOT / "seeds" / "ledger" / "source_columns.csv"

# What old servers compare with by default (reliability M3); newer ones have other defaults, so each is named.
_COLLATIONS = {"latin1": "latin1_swedish_ci", "utf8mb3": "utf8mb3_general_ci", "utf8mb4": "utf8mb4_general_ci"}


@dataclass(frozen=True)
class SourceColumn:
    """One line of the source catalogue, as far as DDL needs it."""

    source_table: str
    column_name: str
    mysql_type: str
    character_set: str
    nullable: bool
    is_primary: bool


def read_catalogue(path: Path = SOURCE_COLUMNS) -> list[SourceColumn]:
    """Read the source catalogue, in its order: table by table, columns by ordinal."""
    with path.open(newline="", encoding="utf-8") as lines:
        return [
            SourceColumn(
                source_table=line["source_table"],
                column_name=line["column_name"],
                mysql_type=line["mysql_type"],
                character_set=line["character_set"],
                nullable=line["nullable"] == "true",
                is_primary=line["key"] == "primary",
            )
            for line in csv.DictReader(lines)
        ]


def create_statements(catalogue: Iterable[SourceColumn]) -> list[str]:
    """One CREATE TABLE per table, in the catalogue's order.

    Args:
        catalogue: columns, those of a table next to each other.
    """
    return [
        _create_table(table, list(columns)) for table, columns in groupby(catalogue, key=attrgetter("source_table"))
    ]


def apply(connection: pymysql.Connection) -> None:
    """Create the 22 empty tables in the connection's database; MySQL commits each statement by itself."""
    with connection.cursor() as cursor:
        for statement in create_statements(read_catalogue()):
            cursor.execute(statement)


def _create_table(table: str, columns: list[SourceColumn]) -> str:
    lines = [_column(column) for column in columns]
    if key := [_quote(column.column_name) for column in columns if column.is_primary]:
        lines.append(f"primary key ({', '.join(key)})")
    return f"create table {_quote(table)} (\n  " + ",\n  ".join(lines) + "\n) engine=InnoDB default charset=latin1"


def _column(column: SourceColumn) -> str:
    text = (
        f" character set {column.character_set} collate {_COLLATIONS[column.character_set]}"
        if column.character_set
        else ""
    )
    return f"{_quote(column.column_name)} {column.mysql_type}{text} {'null' if column.nullable else 'not null'}"


def _quote(identifier: str) -> str:
    return "`" + identifier.replace("`", "``") + "`"
