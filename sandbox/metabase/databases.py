"""Database connections: tested on writing, their secrets masked, synced in the background."""

from __future__ import annotations

from typing import Any

import psycopg

from sandbox.metabase import access, errors, postgres
from sandbox.metabase.metadata import shown_table
from sandbox.metabase.permissions import EVERYBODY, NEW_GROUP
from sandbox.metabase.registry import Call, handles
from sandbox.metabase.store import Document, now
from sandbox.metabase.sync import sync


def _database(call: Call) -> Document:
    found = call.store.find("database", call.number)
    if found is None:
        raise errors.not_found()
    return found


def _test(details: Document) -> None:
    """Raise 400 when nobody answers there, or not to this role."""
    try:
        postgres.connect(details).close()
    except psycopg.OperationalError:
        fields = dict.fromkeys(("host", "port", "dbname", "user", "password"), "check your settings")
        raise errors.ApiError(400, {"message": "Unable to connect to the database.", "errors": fields}) from None


def _sync_later(call: Call, database_id: int) -> None:
    call.background(lambda: sync(call.store, database_id))


@handles("database.list")
def list_databases(call: Call) -> Any:
    """All databases, with their tables if asked."""
    found = [access.shown_database(call.store, call.caller, each) for each in call.store.all("database")]
    if call.query.get("include") == "tables":
        for database in found:
            tables = call.store.all("table", db_id=database["id"], active=True, visibility_type=None)
            database["tables"] = [shown_table(table) for table in tables]
    return {"data": found, "total": len(found)}


@handles("database.get")
def get_database(call: Call) -> Any:
    """One database, with its tables and their fields if asked."""
    shown, include = access.shown_database(call.store, call.caller, _database(call)), call.query.get("include", "")
    if include:
        tables = call.store.all("table", db_id=shown["id"], active=True, visibility_type=None)
        fields = call.store if include == "tables.fields" else None
        shown["tables"] = [shown_table(table, fields) for table in tables]
    return shown


@handles("database.create")
def create_database(call: Call) -> Any:
    """Keep a connection that works, and sync it; nobody minds a name that is there already."""
    _test(call.body["details"])
    database = call.store.insert(
        "database",
        {
            "name": call.body["name"],
            "engine": call.body["engine"],
            "details": call.body["details"],
            "description": None,
            "caveats": None,
            "points_of_interest": None,
            "is_full_sync": call.body.get("is_full_sync") is not False,
            "is_on_demand": bool(call.body.get("is_on_demand")),
            "auto_run_queries": call.body.get("auto_run_queries") is not False,
            "schedules": call.body.get("schedules"),
            "settings": None,
            "is_sample": False,
            "is_audit": False,
            "timezone": "UTC",
            "initial_sync_status": "incomplete",
            "creator_id": call.caller["id"],
            "created_at": now(),
        },
    )
    graph = access.graph(call.store, access.DATA_GRAPH)
    for group in call.store.all("group"):
        if group["magic_group_type"] != access.ADMINISTRATORS:
            everybody = group["magic_group_type"] == access.ALL_USERS
            levels = graph["groups"].setdefault(str(group["id"]), {})
            levels[str(database["id"])] = dict(EVERYBODY if everybody else NEW_GROUP)
    call.store.put("graph", graph)
    _sync_later(call, database["id"])
    return access.shown_database(call.store, call.caller, database)


@handles("database.update")
def update_database(call: Call) -> Any:
    """Change a connection; a masked password stands for the one that is kept."""
    database = _database(call)
    changes = {name: value for name, value in call.body.items() if name != "refingerprint"}
    for name in ("name", "engine", "details", "auto_run_queries", "is_full_sync", "is_on_demand", "schedules"):
        if changes.get(name, "") is None:
            del changes[name]
    if "details" in changes:
        details = {**changes["details"]}
        if details.get("password") == access.MASK:
            details["password"] = database["details"].get("password")
        _test(details)
        changes["details"] = details
    updated = {**database, **changes}
    call.store.put("database", updated)
    return access.shown_database(call.store, call.caller, updated)


@handles("database.sync")
def sync_database(call: Call) -> Any:
    """Start a sync and answer at once; 422 in plain text when nobody answers there."""
    database = _database(call)
    try:
        postgres.connect(database["details"]).close()
    except psycopg.OperationalError:
        raise errors.ApiError(422, "Unable to connect to the database.") from None
    _sync_later(call, database["id"])
    return {"status": "ok"}


@handles("database.rescan")
def rescan_values(call: Call) -> Any:
    """Refresh the values of filter lists, of which the stand-in keeps none."""
    _database(call)
    return {"status": "ok"}


@handles("database.metadata")
def get_metadata(call: Call) -> Any:
    """A database with its tables and fields; hidden ones if asked."""
    shown, hidden = (
        access.shown_database(call.store, call.caller, _database(call)),
        bool(call.query.get("include_hidden")),
    )
    fields = None if call.query.get("skip_fields") else call.store
    shown["tables"] = [
        shown_table(table, fields, hidden=hidden)
        for table in call.store.all("table", db_id=shown["id"], active=True)
        if hidden or table["visibility_type"] is None
    ]
    return shown
