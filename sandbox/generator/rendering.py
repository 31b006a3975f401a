"""Renders rows as tab-separated text, in the dialect that LOAD DATA and COPY share."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

_SPECIAL = re.compile(r"[\\\t\n\r\0]")
# Both servers read these escapes; \0 is MySQL's alone, and PostgreSQL text cannot hold a NUL anyway.
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": "\\0"})


def text(value: object) -> str:
    """One value: None as \\N, booleans as 1 and 0, anything else as `str` prints it, escaped."""
    if value is None:
        return "\\N"
    if value is True:
        return "1"
    if value is False:
        return "0"
    rendered = str(value)
    return rendered.translate(_ESCAPES) if _SPECIAL.search(rendered) else rendered


def line(row: Sequence[Any]) -> str:
    """One row, with its line end."""
    return "\t".join([text(value) for value in row]) + "\n"


def escaped_bytes(value: bytes) -> bytes:
    """Bytes as they are, escaped for LOAD DATA."""
    for plain, escape in ((b"\\", b"\\\\"), (b"\t", b"\\t"), (b"\n", b"\\n"), (b"\r", b"\\r"), (b"\0", b"\\0")):
        value = value.replace(plain, escape)
    return value


def mysql_latin1(value: str) -> bytes:
    """Text in MySQL's latin1: cp1252, whose five gaps hold the C1 control characters."""
    try:
        return value.encode("cp1252")
    except UnicodeEncodeError:
        return b"".join(
            character.encode("latin-1" if character in "\x81\x8d\x8f\x90\x9d" else "cp1252") for character in value
        )
