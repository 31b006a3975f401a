"""From a Singer catalogue, the live tables and the state: what is read, and how. Pure; all refusals happen here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from loaders.errors import ConfigurationError, LossError, RefusedError
from loaders.singer.tap.table import Column, Table

# PostgreSQL cuts longer names silently (NAMEDATALEN); MySQL allows 64 characters of up to 4 bytes.
LONGEST_NAME_BYTES = 63
_OUR_COLUMNS = frozenset({"_loaded_at", "_unstorable"})
_ColumnT = TypeVar("_ColumnT", bound=Column)
_ColumnT_co = TypeVar("_ColumnT_co", bound=Column, covariant=True)


@dataclass(frozen=True)
class StreamPlan(Generic[_ColumnT_co]):
    """One stream to read. `bookmark` is the highest replication key that was read before, as the server printed it."""

    table: Table[_ColumnT_co]
    columns: tuple[_ColumnT_co, ...]
    replication_key: _ColumnT_co | None = None
    bookmark: str | None = None

    @property
    def is_increment(self) -> bool:
        """Whether only rows from the bookmark on are read; else the whole table is."""
        return self.bookmark is not None


def plan(
    catalogue: Mapping[str, Any], tables: Mapping[str, Table[_ColumnT]], state: Mapping[str, Any]
) -> tuple[StreamPlan[_ColumnT], ...]:
    """Decide what to read, in the catalogue's order.

    Args:
        catalogue: a Singer catalogue with its selection metadata.
        tables: the live tables by name.
        state: the state of the last run, or an empty mapping.

    Raises:
        LossError: a selected table or column is no longer there.
        RefusedError: a name that PostgreSQL cannot hold exactly, or that is ours; nothing selected of a table.
        ConfigurationError: a replication method or key that cannot work.
    """
    bookmarks = state.get("bookmarks") or {}
    plans = []
    vanished: list[str] = []
    for stream in catalogue["streams"]:
        metadata = {tuple(entry["breadcrumb"]): entry["metadata"] for entry in stream.get("metadata", [])}
        if not _is_selected(metadata.get((), {})):
            continue
        name = stream.get("table_name") or stream["tap_stream_id"]
        if name not in tables:
            vanished.append(name)
            continue
        selected = _selected_columns(stream, metadata)
        present = {column.name for column in tables[name].columns}
        vanished += [f"{name}.{column}" for column in selected if column not in present]
        columns = tuple(column for column in tables[name].columns if column.name in selected)
        plans.append(_stream_plan(tables[name], columns, metadata.get((), {}), bookmarks.get(name) or {}))
    if vanished:
        raise LossError(
            f"selected, and gone from the source: {', '.join(vanished)}",
            hint="Discover again; if they were dropped on purpose, deselect them in meltano.yml.",
        )
    _check_names(plans)
    return tuple(plans)


def _stream_plan(
    table: Table[_ColumnT], columns: tuple[_ColumnT, ...], metadata: Mapping[str, Any], bookmark: Mapping[str, Any]
) -> StreamPlan[_ColumnT]:
    method = str(metadata.get("replication-method") or "FULL_TABLE").upper()
    if method == "FULL_TABLE":
        return StreamPlan(table, columns)
    name = metadata.get("replication-key")
    if method != "INCREMENTAL" or not name:
        raise ConfigurationError(
            f"{table.name}: replication method {method} with key {name!r} cannot be done",
            hint="FULL_TABLE, or INCREMENTAL with a replication-key, in meltano.yml's metadata.",
        )
    key = next((column for column in columns if column.name == name), None)
    if key is None or not key.can_be_bookmark:
        raise ConfigurationError(
            f"{table.name}.{name}: no replication key; it must be a selected column that holds numbers or times",
            hint="Choose another replication-key in meltano.yml, or FULL_TABLE.",
        )
    if not table.key:
        raise ConfigurationError(
            f"{table.name}: without a primary key its rows cannot be replaced one by one",
            hint="Replicate it as FULL_TABLE.",
        )
    matches = bookmark.get("replication_key") == name
    return StreamPlan(table, columns, key, bookmark.get("replication_key_value") if matches else None)


def _is_selected(metadata: Mapping[str, Any]) -> bool:
    if metadata.get("inclusion") == "unsupported":
        return False
    if metadata.get("inclusion") == "automatic":
        return True
    return bool(metadata.get("selected", metadata.get("selected-by-default", True)))


def _selected_columns(stream: Mapping[str, Any], metadata: Mapping[tuple[str, ...], Mapping[str, Any]]) -> set[str]:
    names = stream["schema"]["properties"]
    return {name for name in names if _is_selected(metadata.get(("properties", name), {}))}


def _check_names(plans: Sequence[StreamPlan[Column]]) -> None:
    faults = []
    for stream in plans:
        if len(stream.table.name.encode()) > LONGEST_NAME_BYTES:
            faults.append(f"{stream.table.name} is longer than {LONGEST_NAME_BYTES} bytes")
        if stream.table.name == "_loads":
            faults.append("_loads is the name of our own table")
        if not stream.columns:
            faults.append(f"{stream.table.name} has no selected column")
        for column in stream.columns:
            where = f"{stream.table.name}.{column.name}"
            if len(column.name.encode()) > LONGEST_NAME_BYTES:
                faults.append(f"{where} is longer than {LONGEST_NAME_BYTES} bytes")
            if column.name in _OUR_COLUMNS:
                faults.append(f"{where} is the name of our own column")
    if faults:
        raise RefusedError(
            "PostgreSQL could not hold these under their own names: " + "; ".join(faults),
            hint="Deselect them in meltano.yml, or read them through a view that gives them other names.",
        )
