"""Tables and fields: what people and dbt-metabase write about them."""

from __future__ import annotations

from typing import Any

from sandbox.metabase import access, errors
from sandbox.metabase.registry import Call, handles
from sandbox.metabase.store import Document, Store
from sandbox.metabase.sync import humanised

_HIDDEN = ("sensitive", "retired")


def active_fields(store: Store, table: Document) -> list[Document]:
    """A table's fields in the order that its `field_order` gives."""
    found = store.all("field", table_id=table["id"], active=True)
    order = table["field_order"]
    if order == "custom":
        found.sort(key=lambda field: (field["custom_position"], field["id"]))
    elif order == "alphabetical":
        found.sort(key=lambda field: field["name"].lower())
    else:
        found.sort(key=lambda field: field["database_position"])
    return [{**field, "position": position} for position, field in enumerate(found)]


def shown_table(table: Document, store: Store | None = None, *, hidden: bool = False) -> dict[str, Any]:
    """A table; with its fields when a store is given, sensitive and retired ones only if `hidden`."""
    if store is None:
        return dict(table)
    fields = active_fields(store, table)
    return {**table, "fields": [each for each in fields if hidden or each["visibility_type"] not in _HIDDEN]}


def _table(call: Call) -> Document:
    found = call.store.find("table", call.number)
    if found is None:
        raise errors.not_found()
    return found


def _field(call: Call) -> Document:
    found = call.store.find("field", call.number)
    if found is None:
        raise errors.not_found()
    return found


@handles("table.list")
def list_tables(call: Call) -> Any:
    """All active tables, each with its database; its details for administrators alone."""
    term, visibility = call.query.get("term", "").lower(), call.query.get("visibility-type")
    databases = {
        each["id"]: access.shown_database(call.store, call.caller, each) for each in call.store.all("database")
    }
    found = []
    for table in call.store.all("table", active=True):
        if term not in table["name"].lower() or visibility not in (None, table["visibility_type"]):
            continue
        found.append({**table, "db": databases[table["db_id"]]})
    return found


@handles("table.query_metadata")
def get_table(call: Call) -> Any:
    """One table with its fields."""
    query = call.query
    hidden = bool(query.get("include_hidden_fields") or query.get("include_sensitive_fields"))
    return shown_table(_table(call), call.store, hidden=hidden)


@handles("table.update")
def update_table(call: Call) -> Any:
    """Change what is said about a table; a display name of null goes back to the one made of its name."""
    table = _table(call)
    changes = dict(call.body)
    if "display_name" in changes and changes["display_name"] is None:
        changes["display_name"] = humanised(table["name"])
    for name in ("field_order", "entity_type", "show_in_getting_started"):
        if name in changes and changes[name] is None:
            del changes[name]
    updated = {**table, **changes}
    call.store.put("table", updated)
    return updated


@handles("table.fields_order")
def order_fields(call: Call) -> Any:
    """Put a table's fields in an order of one's own; all of them must be named once."""
    table = _table(call)
    fields = {field["id"]: field for field in active_fields(call.store, table)}
    if sorted(call.body) != sorted(fields):
        raise errors.ApiError(400, "field-order must contain every active field of the table, once")
    for position, number in enumerate(call.body):
        field = {name: value for name, value in fields[number].items() if name != "position"}
        call.store.put("field", {**field, "custom_position": position})
    call.store.put("table", {**table, "field_order": "custom"})
    return {"success": True}


@handles("field.get")
def get_field(call: Call) -> Any:
    """One field."""
    return {**_field(call), "position": _field(call).get("database_position", 0)}


@handles("field.update")
def update_field(call: Call) -> Any:
    """Change what is said about a field; it loses its target when it is a foreign key no longer."""
    field = _field(call)
    changes = dict(call.body)
    if "display_name" in changes and changes["display_name"] is None:
        changes["display_name"] = humanised(field["name"])
    for name in ("visibility_type", "has_field_values", "json_unfolding"):
        if name in changes and changes[name] is None:
            del changes[name]
    target = changes.get("fk_target_field_id")
    if target is not None and call.store.find("field", target) is None:
        raise errors.invalid({"fk_target_field_id": "Invalid target field"})
    updated = {**field, **changes}
    if updated["semantic_type"] != "type/FK":
        updated["fk_target_field_id"] = None
    call.store.put("field", updated)
    return {**updated, "position": updated.get("database_position", 0)}
