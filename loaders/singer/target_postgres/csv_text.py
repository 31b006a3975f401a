"""Bytes of PostgreSQL's CSV: where records end, whether PostgreSQL can store them, and what to do where it cannot."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from loaders.errors import LossError
from loaders.singer.messages import CSV_QUOTE

# One field and what ends it. Quotes inside a quoted field are doubled; a field without quotes holds none.
_FIELD = re.compile(rb"(\x01(?:[^\x01]|\x01\x01)*\x01|[^,\n\x01]*)([,\n])")
_QUOTE = CSV_QUOTE.encode()


def whole_records(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Cut chunks anew, so that each holds whole records.

    Args:
        chunks: consecutive bytes of a CSV whose every record ends with LF.

    Yields:
        One or more whole records.

    Raises:
        LossError: the last record has no end: whoever wrote it was killed (reliability E6).
    """
    rest = b""
    for chunk in chunks:
        data = rest + chunk
        end = _last_record_end(data)
        if end:
            yield data[:end]
        rest = data[end:]
    if rest:
        raise LossError("the rows broke off inside a record", hint="The tap's own message says why; run it again.")


def _last_record_end(data: bytes) -> int:
    # A line's end is a record's end where the number of quotes before it is even.
    quotes = data.count(_QUOTE)
    upper = len(data)
    while (line_end := data.rfind(b"\n", 0, upper)) >= 0:
        quotes -= data.count(_QUOTE, line_end, upper)
        if quotes % 2 == 0:
            return line_end + 1
        upper = line_end
    return 0


def is_storable(data: bytes) -> bool:
    """Whether PostgreSQL can store it as text: valid UTF-8 (so no surrogates either) without NUL (reliability M8)."""
    if b"\0" in data:
        return False
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def set_aside_unstorable(records: bytes, columns: Sequence[str]) -> tuple[bytes, int]:
    """Make records storable: a field that is not becomes NULL, and its bytes go to a last field, `_unstorable`.

    Args:
        records: whole records of these columns.
        columns: the columns' names.

    Returns:
        The records with a further field each: NULL, or a JSON object of column to hex digits; and how many have one.
    """
    parts: list[bytes] = []
    records_set_aside = 0
    set_aside: dict[str, str] = {}
    index = 0
    for match in _FIELD.finditer(records):
        field, ending = match.groups()
        if not is_storable(field):
            set_aside[columns[index]] = _text(field).hex()
            field = b""
        parts.append(field)
        index += 1
        parts.append(b",")
        if ending == b"\n":
            if set_aside:
                parts.append(_quoted(json.dumps(set_aside).encode()))
                records_set_aside += 1
            parts.append(b"\n")
            index = 0
            set_aside = {}
    return b"".join(parts), records_set_aside


def render_record(record: Mapping[str, Any], columns: Sequence[str], binary: frozenset[str]) -> bytes:
    """One RECORD message's row as a CSV record; what the message lacks is NULL.

    Args:
        record: values by column; numbers as text.
        columns: the columns, in the order of the fields.
        binary: those whose values are hex digits.
    """
    return b",".join(_rendered(record.get(column), column in binary) for column in columns) + b"\n"


def _rendered(value: Any, is_hex: bool) -> bytes:
    if value is None:
        return b""
    if isinstance(value, bool):
        return b"true" if value else b"false"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    # A lone surrogate becomes bytes that are no UTF-8, and is set aside like any others.
    return _quoted((b"\\x" if is_hex else b"") + text.encode("utf-8", "surrogatepass"))


def _quoted(text: bytes) -> bytes:
    return _QUOTE + text.replace(_QUOTE, _QUOTE * 2) + _QUOTE


def _text(field: bytes) -> bytes:
    return field[1:-1].replace(_QUOTE * 2, _QUOTE) if field.startswith(_QUOTE) else field
