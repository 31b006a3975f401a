"""Collections: of the legacy categories, and of Accounts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from loaders.metabase.desired import marker
from loaders.metabase.kinds.base import Lines, State, by_line
from loaders.metabase.objects import Found, Wanted


class Collections:
    """Collections; found by the key in their description, since Metabase lets names repeat."""

    name = "collection"

    def read_all(self, state: State, wanted: Sequence[Wanted], lines: Lines) -> dict[str, Found]:
        """See `Kind`."""
        known = {each["id"]: each for each in _listed(state)}
        chosen: dict[str, Any] = {}
        for each in wanted:
            marked = (
                collection for collection in known.values() if marker(each.key) in (collection.get("description") or "")
            )
            if collection := by_line(lines, known, each.key) or next(marked, None):
                chosen[each.key] = collection
        # Parents must have their names before children tell theirs.
        state.ids |= {key: collection["id"] for key, collection in chosen.items()}
        return {key: _found(state, collection) for key, collection in chosen.items()}

    def read_one(self, state: State, metabase_id: int) -> Found | None:
        """See `Kind`."""
        collection = state.client.find(f"collection/{metabase_id}")
        return _found(state, collection) if collection else None

    def create(self, state: State, wanted: Wanted) -> int:
        """See `Kind`."""
        return int(state.client.post("collection", _body(state, wanted))["id"])

    def update(self, state: State, wanted: Wanted, found: Found) -> None:
        """See `Kind`; `archived` is always sent: left out, Metabase takes it for false."""
        state.client.put(f"collection/{found.id}", _body(state, wanted) | {"archived": wanted.fields["archived"]})

    def archive(self, state: State, metabase_id: int) -> None:
        """See `Kind`."""
        state.client.put(f"collection/{metabase_id}", {"archived": True})


def _listed(state: State) -> Iterable[dict[str, Any]]:
    current = [each for each in state.client.get("collection") if each["id"] != "root"]
    trashed = [each for each in state.client.get("collection", archived="true") if each["id"] != "root"]
    return {each["id"]: each for each in [*current, *trashed]}.values()


def _body(state: State, wanted: Wanted) -> dict[str, Any]:
    parent = wanted.fields["parent"]
    return {
        "name": wanted.fields["name"],
        "description": wanted.fields["description"],
        "parent_id": state.number(parent) if parent else None,
    }


def _found(state: State, collection: dict[str, Any]) -> Found:
    above = [part for part in (collection.get("location") or "/").split("/") if part]
    fields = {
        "name": collection["name"],
        "description": collection.get("description"),
        "parent": state.key_of("collection", int(above[-1])) if above else None,
        "archived": bool(collection.get("archived")),
    }
    return Found(collection["id"], collection.get("entity_id"), fields)
