"""dbt's source YAML, made from each system's source_tables.csv and source_columns.csv.

`python -m loaders.catalogue.source_yaml` writes the files; a test holds them against the catalogue.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import yaml

from loaders.systems import DISPATCH, DTX1, System

_HEADER = (
    "# Made from {seeds}/ledger/source_columns.csv by `python -m loaders.catalogue.source_yaml`; edit the catalogue.\n"
)
_DESCRIPTIONS = {
    DTX1: "DTX 1.0 as its MySQL prints it: text, and bytes where it holds bytes.",
    DISPATCH: "The dispatch system as its PostgreSQL prints it: text. What is withheld there is not here.",
}
_OUR_COLUMNS = (
    ("_loaded_at", "timestamptz", "Snapshot time of the load, the same for all its rows."),
    (
        "_unstorable",
        "jsonb",
        "NULL, or column name to hex bytes of each text that PostgreSQL cannot hold; the column itself is then NULL.",
    ),
)
_BINARY_TYPES = ("binary", "varbinary", "blob", "tinyblob", "mediumblob", "longblob", "bit", "bytea")

Row = dict[str, str]


def source_files() -> dict[Path, str]:
    """Each source file's path and the text it must have: every table and column, DTX 1.0's in one file per area."""
    tables, columns = _read(DTX1, "source_tables.csv"), _read(DTX1, "source_columns.csv")
    of_areas = {
        _folder(DTX1) / f"_dtx1__area{area}__sources.yml": render(
            DTX1, [table for table in tables if table["area"] == area], columns
        )
        for area in sorted({table["area"] for table in tables})
    }
    dispatch = render(DISPATCH, _read(DISPATCH, "source_tables.csv"), _read(DISPATCH, "source_columns.csv"))
    return {**of_areas, _folder(DISPATCH) / "_dispatch__sources.yml": dispatch}


def render(system: System, tables: list[Row], columns: list[Row]) -> str:
    """The YAML of one source file.

    Args:
        system: the source.
        tables: lines of source_tables.csv, in the order wanted.
        columns: lines of source_columns.csv; those of other tables, and what never leaves the source, are passed over.
    """
    document = {
        "sources": [
            {
                "name": system.name,
                "schema": system.raw_schema,
                "description": _DESCRIPTIONS[system],
                "config": {"meta": {"system": system.name}},
                "tables": [_table(system, table, columns) for table in tables],
            }
        ]
    }
    header = _HEADER.format(seeds=system.seeds_name)
    return header + yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120, default_flow_style=None)


def _table(system: System, table: Row, columns: list[Row]) -> dict[str, Any]:
    name = table["source_table"]
    own = sorted((c for c in columns if c["source_table"] == name), key=lambda c: int(c["ordinal"]))
    mapping = f"\n\n{{{{ doc('mapping_{name}') }}}}" if table["decision_id"] else ""
    return {
        "name": name,
        "description": f"{table['description']}{mapping}",
        "config": {"meta": {"key_columns": table["key_columns"], "decision_id": table["decision_id"]}},
        "columns": [
            *(_column(system, column) for column in own if column.get("extracted") != "false"),
            *({"name": n, "description": d, "data_type": t} for n, t, d in _OUR_COLUMNS),
        ],
    }


def _column(system: System, column: Row) -> dict[str, Any]:
    meta = {system.type_column: column[system.type_column], "evidence": column["evidence"]}
    entry: dict[str, Any] = {
        "name": column["column_name"],
        "description": column["description"],
        "data_type": _raw_type(system, column),
    }
    if not column["column_name"].isidentifier() or not column["column_name"].islower():
        entry["quote"] = True
    return entry | {"config": {"meta": meta}}


def _raw_type(system: System, column: Row) -> str:
    base = column[system.type_column].partition("(")[0].lower()
    return "bytea" if column.get("php_payload") == "true" or base in _BINARY_TYPES else "text"


def _folder(system: System) -> Path:
    return system.project / "models" / "staging" / system.name


def _read(system: System, name: str) -> list[Row]:
    with (system.seeds / "ledger" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def main() -> None:
    """Write the source files."""
    for path, text in source_files().items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
