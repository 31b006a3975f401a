"""Text from bytes as MySQL reads them in its character sets (reliability E1, D3)."""

from __future__ import annotations

import re
from collections.abc import Callable

# MySQL's latin1 is Windows-1252 with the five bytes that Windows leaves undefined taken for C1 control characters.
_WINDOWS = {byte: bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in range(0x80, 0xA0)}
_FOUR_BYTE_SEQUENCE = re.compile(rb"[\xf0-\xf7]")


def _latin1(raw: bytes) -> str:
    text = raw.decode("latin-1")
    return text if text.isascii() else text.translate(_WINDOWS)


def _utf8mb3(raw: bytes) -> str:
    if found := _FOUR_BYTE_SEQUENCE.search(raw):
        raise UnicodeDecodeError("utf8mb3", raw, found.start(), len(raw), "a character above U+FFFF")
    return raw.decode("utf-8")


def _utf8mb4(raw: bytes) -> str:
    return raw.decode("utf-8")


def _ascii(raw: bytes) -> str:
    return raw.decode("ascii")


DECODERS: dict[str, Callable[[bytes], str]] = {
    "latin1": _latin1,
    "utf8": _utf8mb3,
    "utf8mb3": _utf8mb3,
    "utf8mb4": _utf8mb4,
    "ascii": _ascii,
}
"""MySQL's name of a character set -> its decoder, which raises UnicodeDecodeError at the first wrong byte.

Each keeps ASCII bytes as they are and never uses them inside a longer character, so that a whole payload decodes
exactly where each of its strings does.
"""
