"""Which columns identify a source row: the catalogue's own statement, read from seeds/ledger/source_tables.csv."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from loaders.errors import ConfigurationError
from loaders.settings import PROJECT_ROOT

SOURCE_TABLES = PROJECT_ROOT / "seeds" / "ledger" / "source_tables.csv"


@dataclass(frozen=True)
class SourceTable:
    """A source table and the columns whose values, joined by `+`, are a row's source key; none for a keyless table."""

    system: str
    name: str
    key_columns: tuple[str, ...]


def read_source_tables(path: Path = SOURCE_TABLES) -> dict[str, SourceTable]:
    """Read the catalogue's tables.

    Args:
        path: the CSV with columns system, source_table, key_columns (and others).

    Returns:
        Source tables by name.

    Raises:
        ConfigurationError: the file is missing or lacks a column.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        return {
            row["source_table"]: SourceTable(
                system=row["system"],
                name=row["source_table"],
                key_columns=tuple(filter(None, row["key_columns"].split("+"))),
            )
            for row in rows
        }
    except (OSError, KeyError) as error:
        raise ConfigurationError(
            f"the source catalogue {path.name} cannot be read: {type(error).__name__} {error}",
            hint="It belongs to the project: restore seeds/ledger/source_tables.csv.",
        ) from None
