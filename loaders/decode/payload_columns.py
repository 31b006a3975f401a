"""Which source columns hold serialized PHP: the source catalogue's own statement."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from loaders.errors import ConfigurationError
from loaders.php.charsets import DECODERS
from loaders.settings import PROJECT_ROOT

CATALOGUE = PROJECT_ROOT / "seeds" / "ledger"


@dataclass(frozen=True)
class PayloadColumn:
    """A column of serialized PHP, its MySQL character set, and the columns that identify its row."""

    table: str
    column: str
    character_set: str
    key_columns: tuple[str, ...]

    @property
    def name(self) -> str:
        """`table.column`, as people are told it."""
        return f"{self.table}.{self.column}"

    @property
    def decoded_table(self) -> str:
        """The table in schema `decoded` that holds its elements."""
        return f"{self.table}__{self.column}"


def read_payload_columns(catalogue: Path = CATALOGUE) -> list[PayloadColumn]:
    """Read the columns with `php_payload` from source_columns.csv, and their tables' keys from source_tables.csv.

    Args:
        catalogue: the folder of the two files; see "Source catalogue" in docs/architecture.md.

    Raises:
        ConfigurationError: a file or column is missing, a payload's table has no key, or its character set no decoder.
    """
    try:
        tables = {row["source_table"]: row["key_columns"] for row in _rows(catalogue / "source_tables.csv")}
        columns = [
            PayloadColumn(
                table=row["source_table"],
                column=row["column_name"],
                character_set=row["character_set"],
                key_columns=tuple(filter(None, tables[row["source_table"]].split("+"))),
            )
            for row in _rows(catalogue / "source_columns.csv")
            if row["php_payload"] == "true"
        ]
    except (OSError, KeyError) as error:
        raise ConfigurationError(
            f"the source catalogue cannot be read: {type(error).__name__} {error}",
            hint="Restore seeds/ledger/source_columns.csv and source_tables.csv; both belong to the project.",
        ) from None
    for column in columns:
        if not column.key_columns:
            raise ConfigurationError(
                f"{column.name} holds PHP payloads, but {column.table} has no key to name their rows by",
                hint="Give the table key_columns in seeds/ledger/source_tables.csv.",
            )
        if column.character_set not in DECODERS:
            raise ConfigurationError(
                f"{column.name} holds PHP payloads in character set {column.character_set or 'none'}",
                hint=f"Correct character_set in seeds/ledger/source_columns.csv; known are {', '.join(DECODERS)}.",
            )
    return columns


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
