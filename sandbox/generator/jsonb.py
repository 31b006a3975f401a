"""Prints JSON as PostgreSQL prints jsonb, which no library of ours does: its key order, its spacing, its escapes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import TypeAlias

Json: TypeAlias = "bool | int | Decimal | str | list[Json] | Mapping[str, Json] | None"

_quoted = json.JSONEncoder(ensure_ascii=False).encode


def text(value: Json) -> str:
    """A value as `jsonb::text`: keys by length in bytes, then by bytes; a Decimal with all its decimals."""
    if isinstance(value, str):
        return _quoted(value)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, (int, Decimal)):
        return str(value)
    if isinstance(value, list):
        return f"[{', '.join(map(text, value))}]"
    return "{" + ", ".join(f"{_quoted(key)}: {text(value[key])}" for key in _ordered(*value)) + "}"


# Objects of one kind have the same keys a million times over.
@lru_cache(maxsize=1000)
def _ordered(*keys: str) -> list[str]:
    return sorted(keys, key=_place)


def _place(key: str) -> tuple[int, bytes]:
    encoded = key.encode()
    return len(encoded), encoded
