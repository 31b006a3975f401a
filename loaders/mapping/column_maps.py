"""The column maps, a file for each table: one line per source column and target column (docs/mapping.md)."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from loaders.errors import ConfigurationError
from loaders.systems import DTX1, PROJECT_ROOT, System

SEEDS = DTX1.seeds

Row = dict[str, str]


@dataclass(frozen=True, slots=True)
class MapLine:
    """One line of a column map.

    Attributes:
        disposition: mapped, key (of the id map), dropped, archived or withheld.
        decides: whether the column's value helps to decide what becomes of the row.
        target_table: with its schema; empty unless the line names a target column.
        role: value, condition, key or file; empty unless the line names a target column.
        rule: how the value gets there, or why it does not.
        evidence: named or inferred.
    """

    source_table: str
    column_name: str
    disposition: str
    decides: bool
    target_table: str
    target_column: str
    role: str
    rule: str
    decision_id: str
    evidence: str


def read_column_maps(system: System = DTX1) -> dict[str, list[MapLine]]:
    """The map of every table that a decision speaks of, in the order of source_tables.csv; lines in the files' order.

    Raises:
        ConfigurationError: a table has no map, or a file is no map.
    """
    return {
        table["source_table"]: _read_map(f"column_maps/{table['source_table']}.csv", system.seeds)
        for table in read_seed("ledger/source_tables.csv", system.seeds)
        if table["decision_id"]
    }


def read_seed(name: str, seeds: Path = SEEDS) -> list[Row]:
    """The lines of a file under a system's seeds, such as `ledger/decisions.csv`.

    Raises:
        ConfigurationError: there is no such file.
    """
    try:
        with (seeds / name).open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    except FileNotFoundError:
        raise ConfigurationError(
            f"{(seeds / name).relative_to(PROJECT_ROOT)} does not exist",
            hint="Restore it; every table of source_tables.csv that has a decision has a column map.",
        ) from None


def _read_map(name: str, seeds: Path) -> list[MapLine]:
    rows = read_seed(name, seeds)
    try:
        return [MapLine(**{**row, "decides": row["decides"] == "true"}) for row in rows]  # type: ignore[arg-type]
    except (KeyError, TypeError):
        raise ConfigurationError(
            f"{(seeds / name).relative_to(PROJECT_ROOT)} has other columns than a column map",
            hint="See docs/mapping.md for the columns of a map.",
        ) from None
