"""dbt's source YAML, made from seeds/ledger/source_tables.csv and source_columns.csv.

`python -m loaders.catalogue.source_yaml` writes the files; a test holds them against the catalogue.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import yaml

from loaders.settings import PROJECT_ROOT

_LEDGER = PROJECT_ROOT / "seeds" / "ledger"
_MODELS = PROJECT_ROOT / "dbt_project" / "models" / "staging" / "dtx1"
_HEADER = (
    "# Made from seeds/ledger/source_columns.csv by `python -m loaders.catalogue.source_yaml`; edit the catalogue.\n"
)
_OUR_COLUMNS = (
    ("_loaded_at", "timestamptz", "Snapshot time of the load, the same for all its rows."),
    (
        "_unstorable",
        "jsonb",
        "NULL, or column name to hex bytes of each text that PostgreSQL cannot hold; the column itself is then NULL.",
    ),
)
_BINARY_TYPES = ("binary", "varbinary", "blob", "tinyblob", "mediumblob", "longblob", "bit")

Row = dict[str, str]


def source_files() -> dict[Path, str]:
    """Each source file's path and the text it must have: one file per area of DTX 1.0, every table and column."""
    tables, columns = _read("source_tables.csv"), _read("source_columns.csv")
    areas = sorted({table["area"] for table in tables})
    return {
        _MODELS / f"_dtx1__area{area}__sources.yml": render([t for t in tables if t["area"] == area], columns)
        for area in areas
    }


def render(tables: list[Row], columns: list[Row]) -> str:
    """The YAML of one source file.

    Args:
        tables: lines of source_tables.csv, in the order wanted.
        columns: lines of source_columns.csv; those of other tables are passed over.
    """
    document = {
        "sources": [
            {
                "name": "dtx1",
                "schema": "raw_dtx1",
                "description": "DTX 1.0 as its MySQL prints it: text, and bytes where it holds bytes.",
                "config": {"meta": {"system": "dtx1"}},
                "tables": [_table(table, columns) for table in tables],
            }
        ]
    }
    return _HEADER + yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120, default_flow_style=None)


def _table(table: Row, columns: list[Row]) -> dict[str, Any]:
    name = table["source_table"]
    own = sorted((c for c in columns if c["source_table"] == name), key=lambda c: int(c["ordinal"]))
    return {
        "name": name,
        "description": f"{table['description']}\n\n{{{{ doc('mapping_{name}') }}}}",
        "config": {"meta": {"key_columns": table["key_columns"], "decision_id": table["decision_id"]}},
        "columns": [
            *(_column(column) for column in own),
            *({"name": n, "description": d, "data_type": t} for n, t, d in _OUR_COLUMNS),
        ],
    }


def _column(column: Row) -> dict[str, Any]:
    meta = {"mysql_type": column["mysql_type"], "evidence": column["evidence"]}
    entry: dict[str, Any] = {
        "name": column["column_name"],
        "description": column["description"],
        "data_type": _raw_type(column),
    }
    if not column["column_name"].isidentifier() or not column["column_name"].islower():
        entry["quote"] = True
    return entry | {"config": {"meta": meta}}


def _raw_type(column: Row) -> str:
    base = column["mysql_type"].partition("(")[0].lower()
    return "bytea" if column["php_payload"] == "true" or base in _BINARY_TYPES else "text"


def _read(name: str) -> list[Row]:
    with (_LEDGER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def main() -> None:
    """Write the source files."""
    for path, text in source_files().items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
