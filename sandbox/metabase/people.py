"""Set-up, sessions, users and API keys."""

from __future__ import annotations

import secrets
import uuid
from typing import Any

from sandbox.metabase import access, errors, mail
from sandbox.metabase.collections import add_personal_collection
from sandbox.metabase.registry import Call, handles
from sandbox.metabase.store import Document, Store, new_entity_id, now


def add_user(
    store: Store, user: Document, *, group_ids: list[int], password: str | None = None, kind: str = "personal"
) -> Document:
    """Keep a new user, a member of All Users and of the groups given; people get a personal collection."""
    names = [name for name in (user.get("first_name"), user.get("last_name")) if name]
    kept = store.insert(
        "user",
        {
            "email": user["email"].lower(),
            "first_name": user.get("first_name"),
            "last_name": user.get("last_name"),
            "common_name": " ".join(names) or user["email"].lower(),
            "is_active": True,
            "type": kind,
            "password": access.hash_password(password) if password else None,
            "date_joined": now(),
            "entity_id": new_entity_id(),
        },
    )
    for group_id in dict.fromkeys([access.magic_group(store, access.ALL_USERS)["id"], *group_ids]):
        store.insert("membership", {"group_id": group_id, "user_id": kept["id"]})
    if kind == "personal":
        add_personal_collection(store, kept)
    return kept


def add_api_key(store: Store, name: str, group: Document, key: str) -> Document:
    """Keep a new key: a synthetic user in its group."""
    address = f"api-key-user-{uuid.uuid4()}@api-key.invalid"
    user = add_user(store, {"email": address, "first_name": name}, group_ids=[group["id"]], kind="api-key")
    document = {"name": name, "user_id": user["id"], "digest": access.digest(key), "masked_key": f"{key[:7]}..."}
    return store.insert("api_key", {**document, "group_id": group["id"], "created_at": now()})


def shown(store: Store, user: Document) -> dict[str, Any]:
    """A user as the user endpoints show them; never the password."""
    return {
        **{name: value for name, value in user.items() if name not in ("password", "type")},
        "is_superuser": access.is_admin(store, user),
        "user_group_memberships": [{"id": number} for number in sorted(access.group_ids(store, user))],
    }


@handles("setup")
def set_up(call: Call) -> Any:
    """Make the first user an administrator; 403 once there is one."""
    token = call.store.all("setting", key="setup-token")
    if not token or call.store.all("user", type="personal"):
        raise errors.forbidden()
    if call.body["token"] != token[0]["value"]:
        raise errors.invalid({"token": "Token does not match the setup token."})
    administrators = access.magic_group(call.store, access.ADMINISTRATORS)["id"]
    asked = call.body["user"]
    user = add_user(call.store, asked, group_ids=[administrators], password=asked["password"])
    call.store.delete("setting", token[0]["id"])
    call.store.insert("setting", {"key": "site-name", "value": call.body["prefs"]["site_name"]})
    return {"id": _open_session(call.store, user)}


@handles("session.create")
def log_in(call: Call) -> Any:
    """Open a session; 401 for a wrong password."""
    for user in call.store.all("user", email=call.body["username"].lower(), is_active=True):
        if user["password"] and access.matches(call.body["password"], user["password"]):
            return {"id": _open_session(call.store, user)}
    raise errors.ApiError(401, {"errors": {"password": "did not match stored password"}})


@handles("session.delete")
def log_out(call: Call) -> Any:
    """Close the session; 404 when the credential was a key."""
    if call.session is None:
        raise errors.not_found()
    for session in call.store.all("session", digest=access.digest(call.session)):
        call.store.delete("session", session["id"])


def _open_session(store: Store, user: Document) -> str:
    session = str(uuid.uuid4())
    store.insert("session", {"digest": access.digest(session), "user_id": user["id"]})
    return session


@handles("user.current")
def current(call: Call) -> Any:
    """The caller."""
    return shown(call.store, call.caller)


@handles("user.list")
def list_users(call: Call) -> Any:
    """People, not keys; the active ones unless asked otherwise."""
    status, text = call.query.get("status"), call.query.get("query", "").lower()
    found = [
        shown(call.store, user)
        for user in call.store.all("user", type="personal")
        if (status == "all" or user["is_active"] == (status != "deactivated"))
        and (text in user["email"] or text in user["common_name"].lower())
        and call.query.get("group_id") in (None, *access.group_ids(call.store, user))
    ]
    offset, limit = call.query.get("offset", 0), call.query.get("limit")
    page = found[offset:][:limit] if limit is not None else found[offset:]
    return {"data": page, "total": len(found), "limit": limit, "offset": call.query.get("offset")}


@handles("user.create")
def create_user(call: Call) -> Any:
    """Keep a user and send the invitation."""
    address = call.body["email"].lower()
    if call.store.all("user", email=address):
        raise errors.invalid({"email": "Email address already in use."})
    groups = [group["id"] for group in call.body.get("user_group_memberships") or []]
    if any(call.store.find("group", number) is None for number in groups):
        raise errors.not_found()
    user = add_user(call.store, call.body, group_ids=groups)
    mail.send(call.store, "invitation", [address])
    return shown(call.store, user)


@handles("apikey.list")
def list_keys(call: Call) -> Any:
    """Keys, masked."""
    return [_shown_key(call.store, key) for key in call.store.all("api_key")]


@handles("apikey.create")
def create_key(call: Call) -> Any:
    """Make a key; this answer alone shows it. 400 when the name is taken."""
    if call.store.all("api_key", name=call.body["name"]):
        raise errors.invalid({"name": "An API key with this name already exists."})
    group = call.store.find("group", call.body["group_id"])
    if group is None:
        raise errors.not_found()
    secret = f"mb_{secrets.token_urlsafe(32)}"
    key = add_api_key(call.store, call.body["name"], group, secret)
    return {**_shown_key(call.store, key), "unmasked_key": secret}


@handles("apikey.regenerate")
def regenerate_key(call: Call) -> Any:
    """Give a key a new secret."""
    key = call.store.find("api_key", call.number)
    if key is None:
        raise errors.not_found()
    secret = f"mb_{secrets.token_urlsafe(32)}"
    call.store.put("api_key", {**key, "digest": access.digest(secret), "masked_key": f"{secret[:7]}..."})
    return {"id": key["id"], "unmasked_key": secret, "masked_key": f"{secret[:7]}..."}


def _shown_key(store: Store, key: Document) -> dict[str, Any]:
    group = store.find("group", key["group_id"])
    assert group is not None
    return {
        "id": key["id"],
        "name": key["name"],
        "masked_key": key["masked_key"],
        "created_at": key["created_at"],
        "group": {"id": group["id"], "name": group["name"]},
    }
