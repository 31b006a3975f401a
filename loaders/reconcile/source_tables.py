"""Which columns identify a source row: the catalogue's own statement, read from seeds/ledger/source_tables.csv."""

from __future__ import annotations

import csv
from dataclasses import dataclass

from loaders.errors import ConfigurationError
from loaders.systems import System


@dataclass(frozen=True)
class SourceTable:
    """A source table.

    Attributes:
        system: the legacy system.
        name: the table.
        key_columns: columns whose values, joined by `+`, are a row's source key; none for a keyless table.
        is_judged: whether its rows are this migration's to account for; those of a table that is only looked up, or
            that an earlier migration has moved, are not.
    """

    system: str
    name: str
    key_columns: tuple[str, ...]
    is_judged: bool = True


def read_source_tables(system: System) -> dict[str, SourceTable]:
    """Read the catalogue's tables.

    Args:
        system: whose seeds/…/ledger/source_tables.csv, with columns system, source_table, key_columns (and others).

    Returns:
        Source tables by name.

    Raises:
        ConfigurationError: the file is missing or lacks a column.
    """
    path = system.seeds / "ledger" / "source_tables.csv"
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        return {
            row["source_table"]: SourceTable(
                system=row["system"],
                name=row["source_table"],
                key_columns=tuple(filter(None, row["key_columns"].split("+"))),
                is_judged=row["decision_id"] != "",
            )
            for row in rows
        }
    except (OSError, KeyError) as error:
        raise ConfigurationError(
            f"the source catalogue {path.name} cannot be read: {type(error).__name__} {error}",
            hint=f"It belongs to the project: restore {system.seeds_name}/ledger/source_tables.csv.",
        ) from None
