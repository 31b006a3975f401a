"""Health, session properties, settings and SMTP."""

from __future__ import annotations

from typing import Any

from sandbox.metabase import access, errors
from sandbox.metabase.registry import Call, Plain, handles
from sandbox.metabase.store import Store

VERSION = "v0.65.4"
_SMTP = ("email-smtp-host", "email-smtp-port", "email-smtp-security", "email-smtp-username", "email-smtp-password")
_DEFAULTS: dict[str, Any] = {
    "site-name": "Metabase",
    "site-url": None,
    "site-locale": "en",
    "report-timezone": None,
    "start-of-week": "sunday",
    "email-from-address": "notifications@metabase.com",
    **dict.fromkeys(_SMTP),
}


def setting(store: Store, key: str) -> Any:
    """The value of a setting that people can write; its default when nobody has."""
    kept = store.all("setting", key=key)
    return kept[0]["value"] if kept else _DEFAULTS.get(key)


def email_is_configured(store: Store) -> bool:
    """Whether SMTP has a host."""
    return bool(setting(store, "email-smtp-host"))


def write(store: Store, key: str, value: Any) -> None:
    """Keep a setting; null takes it back to its default."""
    for kept in store.all("setting", key=key):
        store.delete("setting", kept["id"])
    if value is not None:
        store.insert("setting", {"key": key, "value": value})


@handles("health")
def health(_call: Call) -> Any:
    """The server is up."""
    return {"status": "ok"}


@handles("session.properties")
def properties(call: Call) -> Any:
    """What everybody may know of the instance."""
    return {
        "version": {"tag": VERSION, "date": "2026-11-10", "branch": "release-x.65.x"},
        "has-user-setup": bool(call.store.all("user", type="personal")),
        "setup-token": setting(call.store, "setup-token"),
        "report-timezone": setting(call.store, "report-timezone"),
        "site-name": setting(call.store, "site-name"),
        "token-features": {},
    }


@handles("setting.get")
def get_setting(call: Call) -> Any:
    """One setting; 204 when it has no value."""
    key = call.path["key"]
    if key == "email-configured?":
        return email_is_configured(call.store)
    if key not in _DEFAULTS:
        raise errors.assertion_failed(f"Unknown setting: {key}")
    if key in _SMTP:
        access.require_admin(call.store, call.caller)
    value = setting(call.store, key)
    if value is None:
        return Plain(204)
    return "**********" if key == "email-smtp-password" else value


@handles("setting.put")
def put_setting(call: Call) -> Any:
    """Write one setting."""
    if call.path["key"] not in _DEFAULTS:
        raise errors.assertion_failed(f"Unknown setting: {call.path['key']}")
    write(call.store, call.path["key"], call.body["value"])


@handles("email.put")
def put_email(call: Call) -> Any:
    """Write the SMTP settings that the body names. The real server tests the connection; this one has no network."""
    for key, value in call.body.items():
        write(call.store, key, value)
    return {**call.body, "with-corrections": {}}


@handles("pulse.form_input")
def form_input(call: Call) -> Any:
    """Which channels can send."""
    email = {"type": "email", "name": "Email", "configured": email_is_configured(call.store)}
    return {"channels": {"email": {**email, "schedules": ["hourly", "daily", "weekly", "monthly"]}}}
