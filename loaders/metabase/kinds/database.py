"""The connection to the reporting schema, as the read-only role."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from loaders.errors import ServiceError
from loaders.metabase.client import MetabaseError
from loaders.metabase.desired import DATABASE, SCHEMA
from loaders.metabase.kinds.base import Lines, State, by_line
from loaders.metabase.objects import Found, Wanted
from loaders.metabase.queries import Tables

_SYNC_SECONDS = 600
_SHORTEST_WAIT, _LONGEST_WAIT = 0.2, 5.0


class Databases:
    """Connections; found by name, whatever its case."""

    name = "database"

    def read_all(self, state: State, wanted: Sequence[Wanted], lines: Lines) -> dict[str, Found]:
        """See `Kind`."""
        databases = {each["id"]: each for each in state.client.get("database")["data"]}
        found = {}
        for each in wanted:
            name = each.fields["name"].casefold()
            named = (database for database in databases.values() if database["name"].casefold() == name)
            if database := by_line(lines, databases, each.key) or next(named, None):
                found[each.key] = _found(database)
        return found

    def read_one(self, state: State, metabase_id: int) -> Found | None:
        """See `Kind`."""
        database = state.client.find(f"database/{metabase_id}")
        return _found(database) if database else None

    def create(self, state: State, wanted: Wanted) -> int:
        """See `Kind`; Metabase tries the connection first."""
        body = {"name": wanted.fields["name"], "engine": "postgres", "details": _details(wanted, state.password)}
        return int(state.client.post("database", body)["id"])

    def update(self, state: State, wanted: Wanted, found: Found) -> None:
        """See `Kind`; sends the password too, which Metabase shows to nobody."""
        body = {"name": wanted.fields["name"], "details": _details(wanted, state.password)}
        state.client.put(f"database/{found.id}", body)


def read_tables(state: State) -> None:
    """Learn the numbers of the reporting tables and their columns."""
    database_id = state.ids.get(DATABASE)
    if database_id is not None:
        metadata = state.client.get(f"database/{database_id}/metadata", include_hidden="true")
        state.tables = Tables.of(metadata, SCHEMA)


def sync(state: State, wanted: Wanted, expected: set[str]) -> None:
    """Have Metabase learn every expected column, and wait until it has.

    Args:
        state: whose `tables` are filled.
        wanted: the connection.
        expected: `table.column` of each.

    Raises:
        ServiceError: it has not learned them within ten minutes.
        MetabaseError: it cannot use the connection.
    """
    read_tables(state)
    if expected <= state.tables.columns.keys():
        return
    path = f"database/{state.number(DATABASE)}/sync_schema"
    try:
        state.client.post(path)
    except MetabaseError as error:
        if error.status != 422:
            raise
        # The role's password was changed since: nothing else tells, since Metabase shows it to nobody.
        body = {"details": _details(wanted, state.password)}
        state.client.put(f"database/{state.number(DATABASE)}", body)
        state.client.post(path)
    deadline, wait = time.monotonic() + _SYNC_SECONDS, _SHORTEST_WAIT
    while not expected <= state.tables.columns.keys():
        if time.monotonic() > deadline:
            missing = sorted(expected - state.tables.columns.keys())
            raise ServiceError(
                f"Metabase has not learned {len(missing)} columns within {_SYNC_SECONDS} s, such as {missing[0]}",
                hint="See the sync of this database in Metabase's admin settings, then run this again.",
            )
        time.sleep(wait)
        wait = min(wait * 1.5, _LONGEST_WAIT)
        read_tables(state)


def _details(wanted: Wanted, password: str) -> dict[str, Any]:
    return {
        **{name: wanted.fields[name] for name in ("host", "port", "dbname", "user", "ssl")},
        "password": password,
        "schema-filters-type": "inclusion",
        "schema-filters-patterns": wanted.fields["schemas"],
    }


def _found(database: dict[str, Any]) -> Found:
    details = database.get("details") or {}
    every = details.get("schema-filters-type") != "inclusion"
    fields = {
        "name": database["name"],
        "engine": database["engine"],
        **{name: details.get(name) for name in ("host", "port", "dbname", "user")},
        "ssl": bool(details.get("ssl")),
        "schemas": "(all)" if every else details.get("schema-filters-patterns"),
    }
    return Found(database["id"], database.get("entity_id"), fields)
