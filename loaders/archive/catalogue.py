"""Which tables the archive must hold, and what each of their columns can tell of a person: seeds/ledger's statement."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from loaders.errors import ConfigurationError, RefusedError
from loaders.settings import PROJECT_ROOT

CATALOGUE = PROJECT_ROOT / "seeds" / "ledger"
PRIVACY_CLASSES = (
    "none",
    "identifier",
    "person_name",
    "email",
    "phone",
    "address",
    "ip_address",
    "free_text",
    "credential",
    "payload",
)


@dataclass(frozen=True)
class SourceTable:
    """A table of the source catalogue.

    Attributes:
        system: the legacy system.
        name: the table.
        privacy: privacy class by column; empty where nobody classified it.
        payloads: columns of serialized PHP, whose bytes are what counts (reliability E1).
    """

    system: str
    name: str
    privacy: Mapping[str, str]
    payloads: frozenset[str]


def read_catalogue(folder: Path = CATALOGUE) -> dict[str, SourceTable]:
    """Read source_tables.csv and source_columns.csv; tables by name, in the catalogue's order.

    Raises:
        ConfigurationError: a file or a column of it is missing.
    """
    try:
        columns = _rows(folder / "source_columns.csv")
        return {
            table["source_table"]: SourceTable(
                system=table["system"],
                name=table["source_table"],
                privacy={c["column_name"]: c["privacy"] for c in columns if c["source_table"] == table["source_table"]},
                payloads=frozenset(
                    c["column_name"]
                    for c in columns
                    if c["source_table"] == table["source_table"] and c["php_payload"] == "true"
                ),
            )
            for table in _rows(folder / "source_tables.csv")
        }
    except (OSError, KeyError) as error:
        raise ConfigurationError(
            f"the source catalogue cannot be read: {type(error).__name__} {error}",
            hint="Restore seeds/ledger/source_columns.csv and source_tables.csv; both belong to the project.",
        ) from None


def refuse_unclassified(catalogue: Mapping[str, SourceTable], columns: Iterable[tuple[str, str]]) -> None:
    """Refuse columns that nobody has classified (reliability A3).

    Args:
        catalogue: the source tables by name.
        columns: table and column of everything that is about to be copied.

    Raises:
        RefusedError: names each column without a class, or with one that is none of `PRIVACY_CLASSES`.
    """
    unclassified = [
        f"{table}.{column}"
        for table, column in columns
        if table not in catalogue or catalogue[table].privacy.get(column) not in PRIVACY_CLASSES
    ]
    if unclassified:
        raise RefusedError(
            f"nobody has said what these columns can tell of a person: {', '.join(unclassified)}",
            hint="Give each its line with a privacy class in seeds/ledger/source_columns.csv.",
        )


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
