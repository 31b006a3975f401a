"""The Singer messages that tap and target exchange, one JSON document a line.

Rows travel beside the messages: a BATCH message names a file or named pipe that holds them as CSV, in the dialect of
PostgreSQL's COPY: NULL is the empty field without quotes, '' the one with; a record ends with LF; bytes are `\\x` and
hex digits; the quote is a control character. A stream's last BATCH message has an empty manifest and declares how many
rows there were (reliability E6). A BATCH with a version replaces the table; one without is merged into it by key.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from loaders.errors import ServiceError

# MariaDB's REPLACE takes time by the square of its hits: 43 s to double 300,000 quotation marks in one text (measured).
# So fields are quoted with a character that hardly any text has.
CSV_QUOTE = "\x01"
_ENCODING = {"format": "csv", "compression": "none", "quote": CSV_QUOTE}
# A property of this JSON Schema format holds hex digits; the target stores bytes.
BINARY_FORMAT = "binary"


@dataclass(frozen=True)
class SchemaMessage:
    """What a stream's rows look like."""

    stream: str
    properties: Mapping[str, Mapping[str, Any]]
    key_properties: tuple[str, ...] = ()
    bookmark_properties: tuple[str, ...] = ()


@dataclass(frozen=True)
class RecordMessage:
    """One row; numbers are the text that stood in the message, so none loses a digit."""

    stream: str
    record: Mapping[str, Any]
    version: int | None = None
    time_extracted: datetime | None = None


@dataclass(frozen=True)
class BatchMessage:
    """Rows in files (`manifest`), or, with `rows`, the stream's end and its row count."""

    stream: str
    manifest: tuple[str, ...]
    columns: tuple[str, ...] = ()
    version: int | None = None
    time_extracted: datetime | None = None
    rows: int | None = None


@dataclass(frozen=True)
class ActivateVersionMessage:
    """All rows of this version were sent; rows of other versions go."""

    stream: str
    version: int


@dataclass(frozen=True)
class StateMessage:
    """A bookmark: everything before it needs no second reading once it is committed."""

    value: Mapping[str, Any] = field(default_factory=dict)


TapMessage = SchemaMessage | BatchMessage | ActivateVersionMessage | StateMessage
Message = TapMessage | RecordMessage


def format_message(message: TapMessage) -> str:
    """Write a message as its line, without the line's end."""
    return json.dumps(_document(message), ensure_ascii=False, separators=(",", ":"))


def parse_message(line: bytes) -> Message:
    """Read one line.

    Raises:
        ServiceError: the line is no Singer message, or a BATCH in another format than CSV.
    """
    try:
        # Numbers stay the text they were: no float in between.
        document = json.loads(line, parse_float=str, parse_int=str)
        if document["type"] == "STATE":
            return StateMessage(json.loads(line)["value"])
        return _PARSERS[document["type"]](document)
    except (ValueError, KeyError, TypeError) as error:
        raise ServiceError(
            f"the tap sent a line that is no Singer message ({type(error).__name__})",
            hint="Does the tap print anything but messages on stdout?",
        ) from None


def _document(message: TapMessage) -> dict[str, Any]:
    match message:
        case SchemaMessage():
            return {
                "type": "SCHEMA",
                "stream": message.stream,
                "schema": {"type": "object", "properties": dict(message.properties)},
                "key_properties": list(message.key_properties),
                "bookmark_properties": list(message.bookmark_properties),
            }
        case BatchMessage():
            return {
                "type": "BATCH",
                "stream": message.stream,
                "encoding": {**_ENCODING, "columns": list(message.columns)},
                "manifest": list(message.manifest),
                **({} if message.version is None else {"version": message.version}),
                **({} if message.time_extracted is None else {"time_extracted": message.time_extracted.isoformat()}),
                **({} if message.rows is None else {"rows": message.rows}),
            }
        case ActivateVersionMessage():
            return {"type": "ACTIVATE_VERSION", "stream": message.stream, "version": message.version}
        case StateMessage():
            return {"type": "STATE", "value": dict(message.value)}


def _schema(document: dict[str, Any]) -> SchemaMessage:
    return SchemaMessage(
        stream=document["stream"],
        properties=document["schema"]["properties"],
        key_properties=tuple(document.get("key_properties") or ()),
        bookmark_properties=tuple(document.get("bookmark_properties") or ()),
    )


def _record(document: dict[str, Any]) -> RecordMessage:
    return RecordMessage(document["stream"], document["record"], _number(document, "version"), _time(document))


def _batch(document: dict[str, Any]) -> BatchMessage:
    encoding = document["encoding"]
    if any(encoding.get(name) != value for name, value in _ENCODING.items()):
        raise ServiceError(
            f"stream {document['stream']}: BATCH in format {encoding['format']!r} cannot be read",
            hint="Only this project's CSV is; set the tap to send RECORD messages.",
        )
    return BatchMessage(
        stream=document["stream"],
        manifest=tuple(document["manifest"]),
        columns=tuple(encoding.get("columns") or ()),
        version=_number(document, "version"),
        time_extracted=_time(document),
        rows=_number(document, "rows"),
    )


def _number(document: dict[str, Any], name: str) -> int | None:
    return None if document.get(name) is None else int(document[name])


def _time(document: dict[str, Any]) -> datetime | None:
    text = document.get("time_extracted")
    return None if text is None else datetime.fromisoformat(text)


_PARSERS: dict[str, Callable[[dict[str, Any]], Message]] = {
    "SCHEMA": _schema,
    "RECORD": _record,
    "BATCH": _batch,
    "ACTIVATE_VERSION": lambda document: ActivateVersionMessage(document["stream"], int(document["version"])),
}
