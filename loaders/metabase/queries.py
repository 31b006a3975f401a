"""Queries of the GUI's kind (MBQL 5), between Metabase's numbers and the names of tables and columns: pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# What Metabase adds to a clause by itself.
_ADDED = (
    "lib/uuid",
    "base-type",
    "effective-type",
    "lib/original-name",
    "metabase.lib.query/transformation-added-base-type",
)


@dataclass(frozen=True, slots=True)
class Tables:
    """The reporting tables of one Metabase: names to numbers. A column is named `table.column`."""

    tables: Mapping[str, int] = field(default_factory=dict)
    columns: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, metadata: Mapping[str, Any], schema: str) -> Tables:
        """Those of one schema in a database's metadata document."""
        tables = {
            table["name"]: table
            for table in metadata["tables"]
            if table["schema"] == schema and table.get("active", True)
        }
        return cls(
            {name: table["id"] for name, table in tables.items()},
            {
                f"{name}.{column['name']}": column["id"]
                for name, table in tables.items()
                for column in table.get("fields", ())
                if column.get("active", True)
            },
        )

    def names(self) -> tuple[dict[int, str], dict[int, str]]:
        """Numbers to names, of the tables and of the columns."""
        return {id_: name for name, id_ in self.tables.items()}, {id_: name for name, id_ in self.columns.items()}


def to_metabase(query: Mapping[str, Any], database_id: int, tables: Tables) -> dict[str, Any]:
    """The query as Metabase takes it.

    Args:
        query: `source-table`, `fields` and perhaps `filters` of the form [operator, column, value].
        database_id: the connection's number.
        tables: where the names stand for numbers.

    Raises:
        LookupError: Metabase has no such table or column; holds its name.
    """

    def reference(column: str) -> list[Any]:
        return ["field", {}, tables.columns[column]]

    stage: dict[str, Any] = {
        "lib/type": "mbql.stage/mbql",
        "source-table": tables.tables[query["source-table"]],
        "fields": [reference(column) for column in query["fields"]],
    }
    if "filters" in query:
        stage["filters"] = [[operator, {}, reference(column), value] for operator, column, value in query["filters"]]
    return {"lib/type": "mbql/query", "database": database_id, "stages": [stage]}


def from_metabase(query: Mapping[str, Any], database_id: int | None, tables: Tables) -> Any:
    """The query in names, in the shape that `to_metabase` takes where it is of that kind.

    Whatever else it holds (SQL, a second stage, another database) stays in the result, so that it counts as a
    difference. An emptied query is an empty dictionary.
    """
    stages = query.get("stages")
    if not isinstance(stages, list) or not stages:
        return {name: value for name, value in query.items() if name != "lib/type"}
    table_names, column_names = tables.names()
    named = [_stage(stage, table_names, column_names) for stage in stages]
    elsewhere = {} if query.get("database") == database_id else {"database": query.get("database")}
    return {**named[0], **elsewhere} if len(named) == 1 else {"stages": named, **elsewhere}


def _stage(stage: Mapping[str, Any], tables: Mapping[int, str], columns: Mapping[int, str]) -> dict[str, Any]:
    named = {name: _clause(value, columns) for name, value in stage.items() if not name.startswith("lib/")}
    if "source-table" in named:
        named["source-table"] = tables.get(named["source-table"], named["source-table"])
    return {name: value for name, value in named.items() if value != []}


def _clause(value: Any, columns: Mapping[int, str]) -> Any:
    if isinstance(value, Mapping):
        return {name: _clause(inner, columns) for name, inner in value.items() if name not in _ADDED}
    if not isinstance(value, list):
        return value
    inner = [_clause(each, columns) for each in value]
    if len(inner) == 3 and inner[0] == "field" and inner[1] == {} and inner[2] in columns:
        return columns[inner[2]]
    # The options of a clause stand second; those that Metabase adds are gone by now.
    return [inner[0], *inner[2:]] if len(inner) > 2 and isinstance(inner[0], str) and inner[1] == {} else inner
