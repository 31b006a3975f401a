"""Result columns: what a query gives, and how Metabase describes it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import psycopg
from psycopg import sql
from psycopg.postgres import types

from sandbox.metabase.postgres import base_type
from sandbox.metabase.store import Document


class QueryError(Exception):
    """A query that cannot run; Metabase answers 202 with `status: failed`."""

    def __init__(self, message: str, kind: str = "invalid-query") -> None:
        super().__init__(message)
        self.kind = kind


@dataclass(frozen=True)
class Column:
    """One column of a result; `base_type` is None until the database tells it."""

    name: str
    display_name: str
    source: str
    base_type: str | None = None
    field: Document | None = None
    join_alias: str | None = None

    def described(self) -> dict[str, Any]:
        """The column as Metabase's answers carry it."""
        kind = self.base_type or "type/*"
        answer: dict[str, Any] = {
            "name": self.name,
            "display_name": self.display_name,
            "base_type": kind,
            "effective_type": kind,
            "semantic_type": None,
            "source": self.source,
            "field_ref": ["field", self.name, {"base-type": kind}],
        }
        if self.source == "aggregation":
            answer["field_ref"] = ["aggregation", 0]
        if self.field:
            options = {"join-alias": self.join_alias} if self.join_alias else None
            names = ("id", "table_id", "description", "semantic_type", "fk_target_field_id", "settings")
            answer |= {name: self.field[name] for name in names}
            answer["visibility_type"] = self.field["visibility_type"]
            answer["field_ref"] = ["field", self.field["id"], options]
        return answer


@dataclass(frozen=True)
class Compiled:
    """SQL and its columns; those of native SQL are known only once it has run."""

    statement: sql.Composable
    columns: tuple[Column, ...] | None
    aggregated: bool = False


def of_field(field: Document) -> Column:
    """The column of a field."""
    return Column(field["name"], field["display_name"], "fields", field["base_type"], field)


def apart(columns: list[Column]) -> tuple[Column, ...]:
    """Columns with names of their own: the second of a name ends in `_2`."""
    seen: dict[str, int] = {}
    found = []
    for column in columns:
        seen[column.name] = seen.get(column.name, 0) + 1
        times = seen[column.name]
        found.append(column if times == 1 else replace(column, name=f"{column.name}_{times}"))
    return tuple(found)


def told(columns: tuple[Column, ...] | None, description: list[psycopg.Column]) -> tuple[Column, ...]:
    """Columns with the types that the database gave where nobody knew them."""
    if columns is None:
        columns = apart([Column(each.name, each.name, "native") for each in description])
    return tuple(
        column if column.base_type else replace(column, base_type=_base_type(each.type_code))
        for column, each in zip(columns, description, strict=True)
    )


def _base_type(oid: int) -> str:
    info = types.get(oid)
    if info is None:
        return "type/*"
    return "type/Array" if oid == info.array_oid else base_type(info.name)
