"""The canonical row hash, computed from docs/canonical_hash.md and from nothing of the publisher's (reliability R3)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass


def _boolean(text: str) -> str:
    return "true" if text == "t" else "false"


def _numeric(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text


def _bytes(text: str) -> str:
    return text.removeprefix("\\x")


def _padded(text: str) -> str:
    return text.rstrip(" ")


def _as_printed(text: str) -> str:
    return text


_PRINTED: dict[str, tuple[str, Callable[[str], str]]] = {
    "bool": ("b", _boolean),
    "int2": ("i", _as_printed),
    "int4": ("i", _as_printed),
    "int8": ("i", _as_printed),
    "numeric": ("n", _numeric),
    "float4": ("f", _as_printed),
    "float8": ("f", _as_printed),
    "text": ("t", _as_printed),
    "varchar": ("t", _as_printed),
    "bpchar": ("t", _padded),
    "bytea": ("y", _bytes),
    "date": ("d", _as_printed),
    "timestamp": ("m", _as_printed),
    "timestamptz": ("z", _as_printed),
    "time": ("c", _as_printed),
    "uuid": ("u", _as_printed),
    "jsonb": ("j", _as_printed),
}


@dataclass(frozen=True)
class Column:
    """A target column: its name and its base type as `pg_type.typname` has it."""

    name: str
    type_name: str


class RowHasher:
    """Hashes rows of one list of columns.

    Args:
        columns: the columns, in the order in which `digest` gets their values.
    """

    def __init__(self, columns: Sequence[Column]) -> None:
        order = sorted(range(len(columns)), key=lambda index: columns[index].name.encode())
        self._fields = [
            (index, _sized(columns[index].name), *_PRINTED.get(columns[index].type_name, ("o", _as_printed)))
            for index in order
        ]

    def digest(self, values: Sequence[str | None]) -> bytes:
        """The 32 bytes of a row's hash.

        Args:
            values: PostgreSQL's text output of each column (json cast to jsonb), None for NULL.
        """
        canonical = bytearray()
        for index, name, tag, render in self._fields:
            value = values[index]
            canonical += name
            canonical += b"-" if value is None else tag.encode() + _sized(render(value))
        return hashlib.sha256(canonical).digest()


def _sized(text: str) -> bytes:
    encoded = text.encode()
    return b"%d:%b" % (len(encoded), encoded)
