"""Syncing: the role's view of PostgreSQL's catalogue becomes tables and fields with numbers that stay."""

from __future__ import annotations

import fnmatch
from typing import Any

import psycopg

from sandbox.metabase.postgres import read_catalogue
from sandbox.metabase.store import Document, Store, now

_UPPER = {"id": "ID", "url": "URL"}


def humanised(name: str) -> str:
    """A column or table name as people read it: `record_id` is Record ID."""
    return " ".join(_UPPER.get(word, word.capitalize()) for word in name.replace("_", " ").split()) or name


def is_wanted(details: Document, schema: str) -> bool:
    """Whether the connection's schema filters let a schema in."""
    kind = details.get("schema-filters-type", "all")
    patterns = [pattern.strip() for pattern in details.get("schema-filters-patterns", "").split(",")]
    matched = any(fnmatch.fnmatchcase(schema, pattern) for pattern in patterns)
    return True if kind == "all" else matched == (kind == "inclusion")


def sync(store: Store, database_id: int) -> None:
    """Bring a database's tables and fields up to its catalogue; what is gone becomes inactive and keeps its number.

    People's names, descriptions, types and visibility are left as they are.
    """
    database = store.find("database", database_id)
    if database is None:
        return
    try:
        found = [
            table for table in read_catalogue(database["details"]) if is_wanted(database["details"], table["schema"])
        ]
    except psycopg.Error:
        _finish(store, database_id, "aborted")
        return
    with store.transaction():
        known = {(table["schema"], table["name"]): table for table in store.all("table", db_id=database_id)}
        for entry in found:
            table = known.pop((entry["schema"], entry["name"]), None) or _new_table(store, database_id, entry)
            description = table["description"] or entry["description"]
            store.put("table", {**table, "active": True, "description": description})
            _sync_fields(store, table["id"], entry["columns"])
        for gone in known.values():
            store.put("table", {**gone, "active": False})
        _link(store, database_id, found)
        _finish(store, database_id, "complete")


def _finish(store: Store, database_id: int, status: str) -> None:
    with store.transaction():
        database = store.find("database", database_id)
        if database and database["initial_sync_status"] != "complete":
            store.put("database", {**database, "initial_sync_status": status})


def _new_table(store: Store, database_id: int, entry: Document) -> Document:
    return store.insert(
        "table",
        {
            "db_id": database_id,
            "schema": entry["schema"],
            "name": entry["name"],
            "display_name": humanised(entry["name"]),
            "description": None,
            "caveats": None,
            "points_of_interest": None,
            "entity_type": "entity/GenericTable",
            "visibility_type": None,
            "field_order": "database",
            "show_in_getting_started": False,
            "active": True,
            "initial_sync_status": "complete",
            "created_at": now(),
        },
    )


def _sync_fields(store: Store, table_id: int, columns: list[Document]) -> None:
    known = {field["name"]: field for field in store.all("field", table_id=table_id)}
    for position, column in enumerate(columns):
        field = known.pop(column["name"], None) or _new_field(store, table_id, column)
        retyped = field["base_type"] != column["base_type"]
        database: dict[str, Any] = {
            "active": True,
            "base_type": column["base_type"],
            "effective_type": column["base_type"] if retyped else field["effective_type"],
            "database_type": column["database_type"],
            "database_required": column["required"],
            "database_position": position,
            "description": field["description"] or column["description"],
        }
        store.put("field", {**field, **database})
    for gone in known.values():
        store.put("field", {**gone, "active": False})


def _new_field(store: Store, table_id: int, column: Document) -> Document:
    return store.insert(
        "field",
        {
            "table_id": table_id,
            "name": column["name"],
            "display_name": humanised(column["name"]),
            "description": None,
            "caveats": None,
            "points_of_interest": None,
            "base_type": column["base_type"],
            "effective_type": column["base_type"],
            "semantic_type": "type/PK" if column["is_key"] else None,
            "coercion_strategy": None,
            "fk_target_field_id": None,
            "visibility_type": "normal",
            "has_field_values": "none",
            "settings": None,
            "nfc_path": None,
            "json_unfolding": False,
            "custom_position": 0,
            "parent_id": None,
        },
    )


def _link(store: Store, database_id: int, found: list[Document]) -> None:
    """Give fields with a foreign key in PostgreSQL their target, unless somebody gave them a semantic type."""
    tables = {(table["schema"], table["name"]): table["id"] for table in store.all("table", db_id=database_id)}
    by_name = {(field["table_id"], field["name"]): field for field in store.all("field")}
    for entry in found:
        for column in entry["columns"]:
            if column["target"] is None:
                continue
            schema, name, target_column = column["target"]
            field = by_name[tables[entry["schema"], entry["name"]], column["name"]]
            target = by_name.get((tables.get((schema, name), 0), target_column))
            if target and field["semantic_type"] is None:
                store.put("field", {**field, "semantic_type": "type/FK", "fk_target_field_id": target["id"]})
