"""Who may do what: the two permission graphs. Of each only what concerns our own objects and groups is looked at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from loaders.errors import RefusedError
from loaders.metabase.client import MetabaseError
from loaders.metabase.desired import ALL_USERS, DATABASE, READERS, READERS_NAME
from loaders.metabase.kinds.base import Lines, State
from loaders.metabase.kinds.groups import all_users_id
from loaders.metabase.objects import Found, Wanted

_ATTEMPTS = 3
Graph = dict[str, Any]


class DataAccess:
    """Who may put queries of their own to the reporting schema. Everybody may, by default: that is taken away."""

    name = "data_access"

    def read_all(self, state: State, wanted: Sequence[Wanted], lines: Lines) -> dict[str, Found]:
        """See `Given`; nothing before there is a connection."""
        return self._found(state, state.client.get("permissions/graph"), wanted) if DATABASE in state.ids else {}

    def set_all(self, state: State, changed: Sequence[tuple[Wanted, Found]]) -> None:
        """See `Given`."""
        groups = _groups(state)
        database = str(state.number(DATABASE))
        ((wanted, _),) = changed
        body = {
            groups[name]: {database: {"view-data": "unrestricted", "create-queries": level}}
            for name, level in wanted.fields.items()
        }
        _put(state, "permissions/graph", body, changed, self._found)

    def _found(self, state: State, graph: Graph, wanted: Sequence[Wanted]) -> dict[str, Found]:
        groups = _groups(state)
        database = str(state.number(DATABASE))
        levels = {
            name: graph["groups"].get(id_, {}).get(database, {}).get("create-queries", "no")
            for name, id_ in groups.items()
        }
        return {each.key: Found(None, None, levels) for each in wanted}


class CollectionAccess:
    """Who sees a collection. A new one takes its parent's permissions: at the top, everybody may change it."""

    name = "collection_access"

    def read_all(self, state: State, wanted: Sequence[Wanted], lines: Lines) -> dict[str, Found]:
        """See `Given`; of collections that are there."""
        return self._found(state, state.client.get("collection/graph"), wanted)

    def set_all(self, state: State, changed: Sequence[tuple[Wanted, Found]]) -> None:
        """See `Given`."""
        body: dict[str, dict[str, str]] = {id_: {} for id_ in _groups(state).values()}
        groups = _groups(state)
        for wanted, _ in changed:
            for name, level in wanted.fields.items():
                body[groups[name]][str(state.number(_collection(wanted)))] = level
        _put(state, "collection/graph", body, changed, self._found)

    def _found(self, state: State, graph: Graph, wanted: Sequence[Wanted]) -> dict[str, Found]:
        groups = _groups(state)
        found = {}
        for each in wanted:
            if (collection := state.ids.get(_collection(each))) is not None:
                # Metabase leaves out what a group has no access to.
                levels = {
                    name: graph["groups"].get(id_, {}).get(str(collection), "none") for name, id_ in groups.items()
                }
                found[each.key] = Found(None, None, levels)
        return found


def _put(
    state: State,
    path: str,
    groups: Graph,
    changed: Sequence[tuple[Wanted, Found]],
    found: Callable[[State, Graph, Sequence[Wanted]], dict[str, Found]],
) -> None:
    """Change a graph that other people change too: at a stale revision nothing was written, so look again.

    Raises:
        RefusedError: what we are about to change was changed meanwhile.
    """
    wanted = [each for each, _ in changed]
    for _ in range(_ATTEMPTS):
        graph = state.client.get(path)
        now = found(state, graph, wanted)
        if any(now[each.key].fields != before.fields for each, before in changed):
            break
        try:
            state.client.put(path, {"revision": graph["revision"], "groups": groups})
        except MetabaseError as error:
            if error.status != 409:
                raise
        else:
            return
    raise RefusedError(
        "somebody changes these permissions in Metabase right now", hint="Run this again when it is quiet."
    )


def _groups(state: State) -> dict[str, str]:
    if "group:all" not in state.ids:
        state.ids["group:all"] = all_users_id(state.client)
    names = {ALL_USERS: state.ids["group:all"]}
    if READERS in state.ids:
        names[READERS_NAME] = state.ids[READERS]
    return {name: str(id_) for name, id_ in names.items()}


def _collection(wanted: Wanted) -> str:
    return f"collection:{wanted.key.partition(':')[2]}"
