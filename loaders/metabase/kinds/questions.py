"""Questions: one for each report, a table of the reporting schema's columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from loaders.errors import LossError, ServiceError
from loaders.metabase.desired import DATABASE
from loaders.metabase.identity import card_entity_id
from loaders.metabase.kinds.base import Lines, State
from loaders.metabase.objects import Found, Wanted
from loaders.metabase.queries import from_metabase, to_metabase


class Questions:
    """Cards; found by the entity id that we choose."""

    name = "question"

    def read_all(self, state: State, wanted: Sequence[Wanted], lines: Lines) -> dict[str, Found]:
        """See `Kind`."""
        found = {}
        for each in wanted:
            card = state.client.find(f"card/{_entity_id(each)}")
            if card:
                found[each.key] = _found(state, card)
        return found

    def read_one(self, state: State, metabase_id: int) -> Found | None:
        """See `Kind`."""
        card = state.client.find(f"card/{metabase_id}")
        return _found(state, card) if card else None

    def create(self, state: State, wanted: Wanted) -> int:
        """See `Kind`."""
        body = _body(state, wanted) | {"entity_id": _entity_id(wanted)}
        return int(state.client.post("card", body)["id"])

    def update(self, state: State, wanted: Wanted, found: Found) -> None:
        """See `Kind`."""
        state.client.put(f"card/{found.id}", _body(state, wanted) | {"archived": wanted.fields["archived"]})

    def archive(self, state: State, metabase_id: int) -> None:
        """See `Kind`."""
        state.client.put(f"card/{metabase_id}", {"archived": True})


def check_query(wanted: Wanted, found: Found) -> None:
    """Metabase answers some queries that it does not understand with success, and keeps an empty one.

    Raises:
        LossError: the stored query is empty.
    """
    if not found.fields["query"]:
        raise LossError(
            f"Metabase emptied the query of {wanted.key}", hint="Archive the question there, and report the version."
        )


def _entity_id(wanted: Wanted) -> str:
    return card_entity_id(wanted.key.partition(":")[2])


def _body(state: State, wanted: Wanted) -> dict[str, Any]:
    fields = wanted.fields
    try:
        query = to_metabase(fields["query"], state.number(DATABASE), state.tables)
    except LookupError as error:
        raise ServiceError(
            f"Metabase does not know {error}, which {wanted.key} needs",
            hint="See the sync of the database in Metabase's admin settings.",
        ) from None
    return {
        "name": fields["name"],
        "description": fields["description"],
        "collection_id": state.number(fields["collection"]),
        "type": fields["type"],
        "display": fields["display"],
        "dataset_query": query,
        "visualization_settings": fields["visualization_settings"],
    }


def _found(state: State, card: dict[str, Any]) -> Found:
    collection = card["collection_id"]
    fields = {
        "name": card["name"],
        "description": card.get("description"),
        "collection": state.key_of("collection", collection) if collection else None,
        "archived": card["archived"],
        "type": card["type"],
        "display": card["display"],
        "query": from_metabase(card["dataset_query"], state.ids.get(DATABASE), state.tables),
        "visualization_settings": card["visualization_settings"],
    }
    return Found(card["id"], card.get("entity_id"), fields)
