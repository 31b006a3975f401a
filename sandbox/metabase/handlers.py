"""All handlers: importing this module registers them."""

from __future__ import annotations

from sandbox.metabase import (
    cards,
    collections,
    dashboards,
    databases,
    metadata,
    notifications,
    people,
    permissions,
    pulses,
    queries,
    settings,
    translate,
)
from sandbox.metabase.registry import HANDLERS

__all__ = [
    "HANDLERS",
    "cards",
    "collections",
    "dashboards",
    "databases",
    "metadata",
    "notifications",
    "people",
    "permissions",
    "pulses",
    "queries",
    "settings",
    "translate",
]
