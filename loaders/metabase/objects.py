"""What Metabase should hold and what it holds, in one language without Metabase's numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# Field -> value, JSON only. Other objects are named by their keys, tables and columns by their names.
Fields = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Wanted:
    """An object as the catalogue wants it.

    Attributes:
        key: names it for good, such as `question:report:55`; begins with its kind.
        label: what people call it.
    """

    key: str
    kind: str
    label: str
    fields: Fields


@dataclass(frozen=True, slots=True)
class Found:
    """An object as Metabase has it; `id` is None for what has no number of its own, such as permissions."""

    id: int | None
    entity_id: str | None
    fields: Fields


@dataclass(frozen=True, slots=True)
class Line:
    """What the ledger remembers of an object.

    Attributes:
        applied: its fields when they were last written and read back; None while its creation is not finished.
    """

    object_key: str
    kind: str
    metabase_id: int | None
    entity_id: str | None
    applied: Fields | None
