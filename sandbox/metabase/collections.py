"""Collections: the tree, the trash, and what lies in them."""

from __future__ import annotations

import re
import uuid
from typing import Any
from urllib.parse import quote

from sandbox.metabase import access, errors
from sandbox.metabase.registry import Call, handles
from sandbox.metabase.store import Document, Store, new_entity_id, now

_ITEM_KINDS = ("card", "dataset", "metric", "dashboard", "collection")


def slug(name: str) -> str:
    """A name as it stands in addresses: lower case, underscores, other alphabets percent-encoded."""
    return quote("".join(letter if letter.isalnum() else "_" for letter in name.lower()))[:510]


def _new(store: Store, name: str, **members: Any) -> Document:
    return store.insert(
        "collection",
        {
            "name": name,
            "slug": slug(name),
            "description": None,
            "type": None,
            "location": "/",
            "archived": False,
            "archived_directly": None,
            "archive_operation_id": None,
            "personal_owner_id": None,
            "namespace": None,
            "authority_level": None,
            "entity_id": new_entity_id(),
            "created_at": now(),
            **members,
        },
    )


def add_personal_collection(store: Store, user: Document) -> None:
    """Give a user the collection that is theirs alone."""
    _new(store, f"{user['common_name']}'s Personal Collection", personal_owner_id=user["id"])


def trash(store: Store) -> Document:
    """The collection of what people threw away."""
    return store.all("collection", type="trash")[0]


def parent_id(collection: Document) -> int | None:
    """The collection above; None below the root."""
    numbers = re.findall("[0-9]+", collection["location"])
    return int(numbers[-1]) if numbers else None


def location_below(store: Store, parent: int | None) -> str:
    """Where the children of a collection are."""
    if parent is None:
        return "/"
    above = store.find("collection", parent)
    if above is None:
        raise errors.not_found()
    return f"{above['location']}{above['id']}/"


def resolve(store: Store, reference: str) -> Document | None:
    """The collection that a number, an entity id, `root` (None) or `trash` names; 404 when there is none."""
    if reference == "root":
        return None
    if reference == "trash":
        return trash(store)
    found = store.find("collection", int(reference)) if reference.isdecimal() else None
    found = found or next(iter(store.all("collection", entity_id=reference)), None)
    if found is None:
        raise errors.not_found()
    return found


def require_place(call: Call, collection_id: int | None) -> None:
    """Raise 404 when a collection to put something into is not there, 403 when the caller may not."""
    if collection_id is not None and call.store.find("collection", collection_id) is None:
        raise errors.not_found()
    access.require_write(call.store, call.caller, collection_id)


def presented_place(store: Store, item: Document) -> int | None:
    """Where an item shows: in the trash when it was thrown away itself, not with its collection."""
    place: int | None = trash(store)["id"] if item["archived"] and item["archived_directly"] else item["collection_id"]
    return place


def _shown(call: Call, collection: Document) -> dict[str, Any]:
    level = access.collection_level(call.store, call.caller, collection["id"])
    is_trash = collection["type"] == "trash"
    return {
        **collection,
        "is_personal": collection["personal_owner_id"] is not None,
        "can_write": level == "write" and not is_trash,
        "can_delete": False,
    }


def _detail(call: Call, collection: Document) -> dict[str, Any]:
    above = trash(call.store)["id"] if collection["archived_directly"] else parent_id(collection)
    ancestors = [call.store.find("collection", int(n)) for n in re.findall("[0-9]+", collection["location"])]
    return {
        **_shown(call, collection),
        "parent_id": above,
        "effective_location": collection["location"],
        "effective_ancestors": [{"id": each["id"], "name": each["name"]} for each in ancestors if each],
        "can_restore": bool(collection["archived_directly"]),
    }


def _root(call: Call) -> dict[str, Any]:
    return {
        "id": "root",
        "name": "Our analytics",
        "parent_id": None,
        "authority_level": None,
        "effective_ancestors": [],
        "effective_location": None,
        "is_personal": False,
        "can_write": access.collection_level(call.store, call.caller, None) == "write",
        "can_restore": False,
        "can_delete": False,
    }


@handles("collection.list")
def list_collections(call: Call) -> Any:
    """All collections the caller may see, the virtual root first; the archived ones and the trash if asked."""
    archived, personal = call.query.get("archived", False), call.query.get("personal-only", False)
    found = []
    for each in call.store.all("collection", namespace=call.query.get("namespace")):
        owner = each["personal_owner_id"]
        if call.query.get("exclude-other-user-collections") and owner not in (None, call.caller["id"]):
            continue
        in_scope = (each["archived"] or each["type"] == "trash") == archived
        if in_scope and (owner or not personal) and _is_visible(call, each["id"]):
            found.append(_shown(call, each))
    return found if archived or personal else [_root(call), *found]


def _is_visible(call: Call, collection_id: int | None) -> bool:
    return access.collection_level(call.store, call.caller, collection_id) != "none"


@handles("collection.get")
def get_collection(call: Call) -> Any:
    """One collection."""
    collection = resolve(call.store, call.path["id"])
    access.require_read(call.store, call.caller, collection["id"] if collection else None)
    return _detail(call, collection) if collection else _root(call)


@handles("collection.create")
def create_collection(call: Call) -> Any:
    """A new collection with its parent's permissions; nobody minds a name that is there already."""
    parent = call.body.get("parent_id")
    require_place(call, parent)
    collection = _new(
        call.store,
        call.body["name"],
        description=call.body.get("description"),
        namespace=call.body.get("namespace"),
        location=location_below(call.store, parent),
    )
    graph = access.graph(call.store, access.COLLECTION_GRAPH)
    for levels in graph["groups"].values():
        if level := levels.get(str(parent or "root")):
            levels[str(collection["id"])] = level
    call.store.put("graph", graph)
    return _shown(call, collection)


@handles("collection.update")
def update_collection(call: Call) -> Any:
    """Change a collection; an `archived` that differs throws it away or restores it, with all below it."""
    collection = call.store.find("collection", call.number)
    if collection is None:
        raise errors.not_found()
    access.require_write(call.store, call.caller, collection["id"])
    if collection["type"] == "trash" or collection["personal_owner_id"]:
        raise errors.ApiError(400, "You cannot archive, move or rename this collection.")
    if call.body.get("name"):
        collection |= {"name": call.body["name"], "slug": slug(call.body["name"])}
    if "description" in call.body:
        collection["description"] = call.body["description"]
    call.store.put("collection", collection)
    if call.body["archived"] and not collection["archived"]:
        _archive(call.store, collection)
    elif collection["archived"] and not call.body["archived"]:
        _restore(call.store, collection)
    if "parent_id" in call.body and not call.body["archived"]:
        require_place(call, call.body["parent_id"])
        _move(call.store, collection["id"], call.body["parent_id"])
    updated = call.store.find("collection", collection["id"])
    assert updated is not None
    return _detail(call, updated)


def below(store: Store, collection: Document) -> list[Document]:
    """All collections below one, at any depth."""
    prefix = f"{collection['location']}{collection['id']}/"
    return [each for each in store.all("collection") if each["location"].startswith(prefix)]


def _archive(store: Store, collection: Document) -> None:
    operation = str(uuid.uuid4())
    for each in [collection, *below(store, collection)]:
        if each["archived"]:
            continue
        directly = each["id"] == collection["id"]
        marks = {"archived": True, "archived_directly": directly, "archive_operation_id": operation}
        store.put("collection", {**each, **marks})
        for kind in ("card", "dashboard"):
            for item in store.all(kind, collection_id=each["id"], archived=False):
                store.put(kind, {**item, "archived": True, "archived_directly": False})


def _restore(store: Store, collection: Document) -> None:
    operation = collection["archive_operation_id"]
    for each in [collection, *below(store, collection)]:
        if each["archive_operation_id"] != operation:
            continue
        marks = {"archived": False, "archived_directly": None, "archive_operation_id": None}
        store.put("collection", {**each, **marks})
        for kind in ("card", "dashboard"):
            for item in store.all(kind, collection_id=each["id"], archived=True, archived_directly=False):
                store.put(kind, {**item, "archived": False})


def _move(store: Store, number: int, parent: int | None) -> None:
    collection = store.find("collection", number)
    assert collection is not None
    new, old = location_below(store, parent), collection["location"]
    if parent == number or new.startswith(f"{old}{number}/"):
        raise errors.ApiError(400, "You cannot move a collection into itself or below itself.")
    for each in below(store, collection):
        store.put("collection", {**each, "location": new + each["location"].removeprefix(old)})
    store.put("collection", {**collection, "location": new})


@handles("collection.items")
def list_items(call: Call) -> Any:
    """What lies directly in a collection, by name unless asked otherwise; all of it when there is no limit."""
    collection = resolve(call.store, call.path["id"])
    place = collection["id"] if collection else None
    access.require_read(call.store, call.caller, place)
    in_trash = collection is not None and collection["type"] == "trash"
    archived = call.query.get("archived", False) or in_trash
    models = call.query.get("models", list(_ITEM_KINDS))
    models = models if isinstance(models, list) else [models]
    items = [
        item
        for item in (*_cards(call), *_dashboards(call), *_collections(call))
        if item["model"] in models
        and item.pop("_place") == place
        and bool(item["archived"]) == archived
        and call.query.get("pinned_state", "all")
        in ("all", "is_pinned" if item["collection_position"] else "is_not_pinned")
    ]
    column = call.query.get("sort_column", "name")
    items.sort(
        key=lambda item: (str(item.get(column) or "").lower(), item["id"]),
        reverse=call.query.get("sort_direction") == "desc",
    )
    offset, limit = call.query.get("offset", 0), call.query.get("limit")
    page = items[offset:][:limit] if limit is not None else items[offset:]
    return {
        "data": page,
        "total": len(items),
        "limit": limit,
        "offset": call.query.get("offset"),
        "models": sorted({item["model"] for item in items}),
    }


def _item(model: str, item: Document, place: int | None, **more: Any) -> dict[str, Any]:
    names = ("id", "name", "description", "entity_id", "archived")
    return {
        **{name: item[name] for name in names},
        "model": model,
        "_place": place,
        "collection_id": place,
        "collection_position": item.get("collection_position"),
        **more,
    }


def _cards(call: Call) -> list[dict[str, Any]]:
    models = {"question": "card", "model": "dataset", "metric": "metric"}
    return [
        _item(
            models[card["type"]],
            card,
            presented_place(call.store, card),
            display=card["display"],
            database_id=card["database_id"],
            dashboard_id=card["dashboard_id"],
        )
        for card in call.store.all("card")
        if card["dashboard_id"] is None or call.query.get("show_dashboard_questions")
    ]


def _dashboards(call: Call) -> list[dict[str, Any]]:
    return [
        _item("dashboard", dashboard, presented_place(call.store, dashboard), location="/")
        for dashboard in call.store.all("dashboard")
    ]


def _collections(call: Call) -> list[dict[str, Any]]:
    found = []
    for each in call.store.all("collection", namespace=None, type=None):
        if each["personal_owner_id"] is None and _is_visible(call, each["id"]):
            place = trash(call.store)["id"] if each["archived_directly"] else parent_id(each)
            found.append(_item("collection", each, place, location=each["location"]))
    return found
