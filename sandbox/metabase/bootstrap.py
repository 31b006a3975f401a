"""What a fresh Metabase holds before anybody has set it up, and the set-up that a sandbox makes."""

from __future__ import annotations

import secrets

from sandbox.metabase import access, settings
from sandbox.metabase.people import add_api_key, add_user
from sandbox.metabase.store import Store, new_entity_id, now

ADMINISTRATOR = "admin@example.com"


def prepare(store: Store) -> None:
    """Create the groups, the trash, the graphs and the set-up token; nothing when they are there."""
    with store.transaction():
        if store.all("group"):
            return
        for name, kind in access.MAGIC_GROUPS:
            store.insert("group", {"name": name, "magic_group_type": kind, "entity_id": new_entity_id()})
        everybody = str(access.magic_group(store, access.ALL_USERS)["id"])
        # Curate on root for everybody, as a real open-source database has it: clients must tighten it.
        store.put("graph", {"id": access.COLLECTION_GRAPH, "revision": 0, "groups": {everybody: {"root": "write"}}})
        store.put("graph", {"id": access.DATA_GRAPH, "revision": 0, "groups": {}})
        store.insert(
            "collection",
            {
                "name": "Trash",
                "slug": "trash",
                "description": None,
                "type": "trash",
                "location": "/",
                "archived": False,
                "archived_directly": None,
                "archive_operation_id": None,
                "personal_owner_id": None,
                "namespace": None,
                "authority_level": None,
                "entity_id": new_entity_id(),
                "created_at": now(),
            },
        )
        store.insert("setting", {"key": "setup-token", "value": secrets.token_hex(16)})


def set_up(store: Store, *, password: str, api_key: str, time_zone: str) -> None:
    """Create an administrator and a key of the group Administrators; an instance that has them takes the new secrets.

    Args:
        store: a prepared store.
        password: the administrator's.
        api_key: the key that clients send as X-API-KEY.
        time_zone: the report time zone of an instance that has none.
    """
    with store.transaction():
        administrators = access.magic_group(store, access.ADMINISTRATORS)
        for user in store.all("user", email=ADMINISTRATOR):
            store.put("user", {**user, "password": access.hash_password(password)})
        if not store.all("user", email=ADMINISTRATOR):
            add_user(
                store,
                {"email": ADMINISTRATOR, "first_name": "Ada", "last_name": "Admin"},
                group_ids=[administrators["id"]],
                password=password,
            )
        for key in store.all("api_key", name="migration"):
            store.put("api_key", {**key, "digest": access.digest(api_key), "masked_key": f"{api_key[:7]}..."})
        if not store.all("api_key", name="migration"):
            add_api_key(store, "migration", administrators, api_key)
        if settings.setting(store, "report-timezone") is None:
            settings.write(store, "report-timezone", time_zone)
