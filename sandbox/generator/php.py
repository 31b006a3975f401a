"""Writes PHP's serialize() format, byte for byte as PHP 5 and later do."""

from __future__ import annotations

from collections.abc import Iterable


def string(value: bytes) -> bytes:
    """A string; its length counts bytes."""
    return b's:%d:"%s";' % (len(value), value)


def integer(value: int) -> bytes:
    """An integer."""
    return b"i:%d;" % value


def array(values: Iterable[bytes]) -> bytes:
    """A list of values that are serialized already."""
    elements = list(values)
    return b"a:%d:{%s}" % (len(elements), b"".join(integer(at) + value for at, value in enumerate(elements)))


def strings(values: Iterable[str], encoding: str = "cp1252") -> bytes:
    """A list of strings, encoded as their MySQL column is (latin1 is cp1252 there)."""
    return array(string(value.encode(encoding)) for value in values)
