"""Who asks and what they may do: credentials, groups, and the two permission graphs."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from typing import Any

from sandbox.metabase import errors
from sandbox.metabase.store import Document, Store

# Numbers of one fresh v60 database. Clients must look groups up by name or magic type.
ALL_USERS, ADMINISTRATORS = "all-internal-users", "admin"
MAGIC_GROUPS = (
    ("All Users", ALL_USERS),
    ("Administrators", ADMINISTRATORS),
    ("All tenant users", "all-external-users"),
    ("Data Analysts", "data-analyst"),
)
COLLECTION_GRAPH, DATA_GRAPH = 1, 2
MASK = "**MetabasePass**"


def digest(secret: str) -> str:
    """What is kept of a key or a session."""
    return hashlib.sha256(secret.encode()).hexdigest()


def hash_password(password: str) -> str:
    """A salted hash of a password."""
    salt = secrets.token_hex(8)
    return f"{salt}:{_scrypt(password, salt)}"


def matches(password: str, kept: str) -> bool:
    """Whether `password` is the one that `hash_password` hashed."""
    salt, _, expected = kept.partition(":")
    return secrets.compare_digest(_scrypt(password, salt), expected)


def _scrypt(password: str, salt: str) -> str:
    return hashlib.scrypt(password.encode(), salt=salt.encode(), n=2**10, r=8, p=1).hex()


def identify(store: Store, headers: Mapping[str, str], cookies: Mapping[str, str]) -> tuple[Document, str | None]:
    """The user of a request and the session it came with.

    Raises:
        ApiError: 401.
    """
    if key := headers.get("X-Api-Key"):
        for found in store.all("api_key", digest=digest(key)):
            if user := store.find("user", found["user_id"]):
                return user, None
        raise errors.unauthenticated()
    session = headers.get("X-Metabase-Session") or cookies.get("metabase.SESSION")
    for found in store.all("session", digest=digest(session)) if session else []:
        user = store.find("user", found["user_id"])
        if user and user["is_active"]:
            return user, session
    raise errors.unauthenticated()


def magic_group(store: Store, kind: str) -> Document:
    """The group that Metabase itself made."""
    return store.all("group", magic_group_type=kind)[0]


def group_ids(store: Store, user: Document) -> set[int]:
    """Numbers of the groups a user is in."""
    return {membership["group_id"] for membership in store.all("membership", user_id=user["id"])}


def is_admin(store: Store, user: Document) -> bool:
    """Whether the user is in the group Administrators."""
    return magic_group(store, ADMINISTRATORS)["id"] in group_ids(store, user)


def require_admin(store: Store, user: Document) -> None:
    """Raise 403 unless the user is in the group Administrators."""
    if not is_admin(store, user):
        raise errors.forbidden()


def graph(store: Store, number: int) -> Document:
    """A permission graph: `revision` and `groups`."""
    found = store.find("graph", number)
    assert found is not None
    return found


def collection_level(store: Store, user: Document, collection_id: int | None) -> str:
    """What a user may do in a collection: `none`, `read` or `write`; the best that any of their groups may."""
    collection = store.find("collection", collection_id) if collection_id else None
    if is_admin(store, user):
        return "write"
    if collection and collection["type"] == "trash":
        return "read"
    if collection and collection["personal_owner_id"]:
        return "write" if collection["personal_owner_id"] == user["id"] else "none"
    groups = graph(store, COLLECTION_GRAPH)["groups"]
    key = str(collection_id or "root")
    levels = {groups.get(str(group), {}).get(key, "none") for group in group_ids(store, user)}
    return next((level for level in ("write", "read") if level in levels), "none")


def require_read(store: Store, user: Document, collection_id: int | None) -> None:
    """Raise 403 unless the user may read the collection."""
    if collection_level(store, user, collection_id) == "none":
        raise errors.forbidden()


def require_write(store: Store, user: Document, collection_id: int | None) -> None:
    """Raise 403 unless the user may write to the collection."""
    if collection_level(store, user, collection_id) != "write":
        raise errors.forbidden()


def require_queries(store: Store, user: Document, database_id: int, *, native: bool) -> None:
    """Raise 403 unless some group of the user may make queries of this kind on the database."""
    if is_admin(store, user):
        return
    enough = {"query-builder-and-native"} if native else {"query-builder-and-native", "query-builder"}
    groups = graph(store, DATA_GRAPH)["groups"]
    for group in group_ids(store, user):
        if enough & _levels(groups.get(str(group), {}).get(str(database_id), {}).get("create-queries")):
            return
    raise errors.forbidden()


def _levels(granted: Any) -> set[str]:
    """Every level in a grant, which may be given per schema and table."""
    if isinstance(granted, dict):
        return {level for inner in granted.values() for level in _levels(inner)}
    return {granted} if granted else set()


def shown_database(store: Store, user: Document, database: Document) -> Document:
    """A database as a user may see it: details for administrators alone, the password masked."""
    shown = dict(database)
    if not is_admin(store, user):
        del shown["details"]
    elif "password" in database["details"]:
        shown["details"] = {**database["details"], "password": MASK}
    return shown


def shown_user(user: Document) -> dict[str, Any]:
    """A user as other objects carry them."""
    names = ("id", "email", "first_name", "last_name", "common_name", "is_superuser")
    return {name: user.get(name) for name in names}


def creator(store: Store, user_id: int) -> dict[str, Any]:
    """The user who made an object."""
    user = store.find("user", user_id)
    assert user is not None
    return shown_user({**user, "is_superuser": is_admin(store, user)})
