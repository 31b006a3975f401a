"""Groups, memberships and the two permission graphs."""

from __future__ import annotations

from typing import Any

from sandbox.metabase import access, errors
from sandbox.metabase.registry import Call, handles
from sandbox.metabase.store import Document, Store, new_entity_id

# What a new group, and everybody, gets on a database.
NEW_GROUP = {"view-data": "unrestricted", "create-queries": "no"}
EVERYBODY = {"view-data": "unrestricted", "create-queries": "query-builder-and-native"}


def _group(call: Call) -> Document:
    found = call.store.find("group", call.number)
    if found is None:
        raise errors.not_found()
    return found


def _members(store: Store, group: Document) -> list[dict[str, Any]]:
    members = []
    for membership in store.all("membership", group_id=group["id"]):
        user = store.find("user", membership["user_id"])
        if user and user["type"] == "personal":
            names = {name: user[name] for name in ("email", "first_name", "last_name", "common_name")}
            members.append({**names, "user_id": user["id"], "membership_id": membership["id"]})
    return members


def _shown(store: Store, group: Document) -> dict[str, Any]:
    return {**group, "member_count": len(_members(store, group))}


def _refuse_taken(store: Store, name: str) -> None:
    if store.all("group", name=name):
        raise errors.invalid({"name": "A group with that name already exists."})


@handles("group.list")
def list_groups(call: Call) -> Any:
    """All groups, Metabase's own first."""
    return [_shown(call.store, group) for group in call.store.all("group")]


@handles("group.get")
def get_group(call: Call) -> Any:
    """One group with its members."""
    return {**_shown(call.store, _group(call)), "members": _members(call.store, _group(call))}


@handles("group.create")
def create_group(call: Call) -> Any:
    """A new group, which sees no collection and makes no queries."""
    _refuse_taken(call.store, call.body["name"])
    document = {"name": call.body["name"], "magic_group_type": None, "entity_id": new_entity_id()}
    group = call.store.insert("group", document)
    data = access.graph(call.store, access.DATA_GRAPH)
    data["groups"][str(group["id"])] = {str(each["id"]): dict(NEW_GROUP) for each in call.store.all("database")}
    call.store.put("graph", data)
    return _shown(call.store, group)


@handles("group.rename")
def rename_group(call: Call) -> Any:
    """Rename a group that people made."""
    group = _group(call)
    _refuse_magic(group)
    if group["name"] != call.body["name"]:
        _refuse_taken(call.store, call.body["name"])
    renamed = {**group, "name": call.body["name"]}
    call.store.put("group", renamed)
    return _shown(call.store, renamed)


@handles("group.delete")
def delete_group(call: Call) -> Any:
    """Delete a group that people made, with its memberships and permissions."""
    group = _group(call)
    _refuse_magic(group)
    for membership in call.store.all("membership", group_id=group["id"]):
        call.store.delete("membership", membership["id"])
    for number in (access.COLLECTION_GRAPH, access.DATA_GRAPH):
        graph = access.graph(call.store, number)
        graph["groups"].pop(str(group["id"]), None)
        call.store.put("graph", graph)
    call.store.delete("group", group["id"])


def _refuse_magic(group: Document) -> None:
    if group["magic_group_type"]:
        raise errors.ApiError(400, f"You cannot edit or delete the '{group['name']}' permissions group!")


@handles("membership.list")
def list_memberships(call: Call) -> Any:
    """Memberships of people, by user."""
    answer: dict[str, list[dict[str, int]]] = {}
    for membership in call.store.all("membership"):
        user = call.store.find("user", membership["user_id"])
        if user and user["type"] == "personal":
            document = {"membership_id": membership["id"], "group_id": membership["group_id"], "user_id": user["id"]}
            answer.setdefault(str(user["id"]), []).append(document)
    return answer


@handles("membership.add")
def add_membership(call: Call) -> Any:
    """Put a user into a group; gives the group's members."""
    group, user = call.store.find("group", call.body["group_id"]), call.store.find("user", call.body["user_id"])
    if group is None or user is None:
        raise errors.not_found()
    if call.store.all("membership", group_id=group["id"], user_id=user["id"]):
        raise errors.ApiError(400, "This user is already a member of the group.")
    call.store.insert("membership", {"group_id": group["id"], "user_id": user["id"]})
    return _members(call.store, group)


@handles("membership.remove")
def remove_membership(call: Call) -> Any:
    """Take a user out of a group; never out of All Users."""
    membership = call.store.find("membership", call.number)
    if membership is None:
        raise errors.not_found()
    if membership["group_id"] == access.magic_group(call.store, access.ALL_USERS)["id"]:
        raise errors.ApiError(400, "You cannot add or remove users to/from the 'All Users' group.")
    call.store.delete("membership", membership["id"])


@handles("data_graph.get")
def get_data_graph(call: Call) -> Any:
    """What each group may do with each database; administrators everything."""
    graph = access.graph(call.store, access.DATA_GRAPH)
    administrators = str(access.magic_group(call.store, access.ADMINISTRATORS)["id"])
    everything = {str(each["id"]): dict(EVERYBODY) for each in call.store.all("database")}
    return {"revision": graph["revision"], "groups": {**graph["groups"], administrators: everything}}


@handles("data_graph.put")
def put_data_graph(call: Call) -> Any:
    """Change the groups and databases listed; 409 when the revision is stale and nobody forces it."""
    graph = access.graph(call.store, access.DATA_GRAPH)
    _check_revision(call, graph)
    _check_groups(call)
    for group, databases in call.body["groups"].items():
        for database, permissions in databases.items():
            if call.store.find("database", int(database)) is None:
                raise errors.not_found()
            kept = graph["groups"].setdefault(group, {}).setdefault(database, {})
            kept.update(permissions)
    graph["revision"] += 1
    call.store.put("graph", graph)
    return {"revision": graph["revision"]} if call.query.get("skip-graph") else get_data_graph(call)


@handles("collection.graph.get")
def get_collection_graph(call: Call) -> Any:
    """What each group may do in each collection; nothing is said where it may do nothing."""
    graph = access.graph(call.store, access.COLLECTION_GRAPH)
    groups = {str(group["id"]): graph["groups"].get(str(group["id"]), {}) for group in call.store.all("group")}
    administrators = str(access.magic_group(call.store, access.ADMINISTRATORS)["id"])
    groups[administrators] = dict.fromkeys(["root", *map(str, _shared_collections(call.store))], "write")
    return {"revision": graph["revision"], "groups": groups}


@handles("collection.graph.put")
def put_collection_graph(call: Call) -> Any:
    """Change the groups and collections listed; 409 when the revision is stale and nobody forces it."""
    graph = access.graph(call.store, access.COLLECTION_GRAPH)
    _check_revision(call, graph)
    _check_groups(call)
    known = {"root", *map(str, _shared_collections(call.store))}
    for group, levels in call.body["groups"].items():
        kept = graph["groups"].setdefault(group, {})
        for collection, level in levels.items():
            if collection not in known:
                raise errors.not_found()
            kept.pop(collection, None)
            if level != "none":
                kept[collection] = level
    graph["revision"] += 1
    call.store.put("graph", graph)
    return {"revision": graph["revision"]} if call.query.get("skip-graph") else get_collection_graph(call)


def _shared_collections(store: Store) -> list[int]:
    return [each["id"] for each in store.all("collection", personal_owner_id=None, type=None, namespace=None)]


def _check_revision(call: Call, graph: Document) -> None:
    if not (call.query.get("force") or call.body.get("force")) and call.body.get("revision") != graph["revision"]:
        raise errors.stale_revision()


def _check_groups(call: Call) -> None:
    administrators = access.magic_group(call.store, access.ADMINISTRATORS)["id"]
    for group in map(int, call.body["groups"]):
        if call.store.find("group", group) is None:
            raise errors.not_found()
        if group == administrators and call.body["groups"][str(group)]:
            raise errors.ApiError(400, "You cannot create or revoke permissions for the 'Admin' group.")
