"""Prints JSON as PostgreSQL prints jsonb, which no library of ours does: its key order, its spacing, its escapes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import TypeAlias

Json: TypeAlias = "bool | int | Decimal | str | list[Json] | Mapping[str, Json] | None"


def text(value: Json) -> str:
    """A value as `jsonb::text`: keys by length in bytes, then by bytes; a Decimal with all its decimals."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, (int, Decimal)):
        return str(value)
    if isinstance(value, list):
        return f"[{', '.join(map(text, value))}]"
    return "{" + ", ".join(f"{text(key)}: {text(value[key])}" for key in sorted(value, key=_place)) + "}"


def _place(key: str) -> tuple[int, bytes]:
    encoded = key.encode()
    return len(encoded), encoded
