from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from loaders.errors import ServiceError
from loaders.singer.messages import (
    ActivateVersionMessage,
    BatchMessage,
    RecordMessage,
    SchemaMessage,
    StateMessage,
    TapMessage,
    format_message,
    parse_message,
)


@pytest.mark.parametrize(
    "message",
    [
        SchemaMessage("# odd, name", {"a%b": {"type": ["null", "string"]}}, ("a%b",), ("a%b",)),
        BatchMessage("t", ("file:///x%20y/1.csv",), ("a", "é"), 7, datetime(2024, 2, 29, 1, 2, 3, 456, UTC)),
        BatchMessage("t", (), ("a",), None, None, 0),
        ActivateVersionMessage("t", 7),
        StateMessage({"bookmarks": {"t": {"replication_key_value": "0000-00-00"}}}),
    ],
)
def test_a_message_survives_its_line(message: TapMessage) -> None:
    line = format_message(message)
    assert "\n" not in line
    assert parse_message(line.encode()) == message


def test_numbers_of_a_record_stay_their_digits() -> None:
    line = b'{"type":"RECORD","stream":"t","version":3,"record":{"a":1.10,"b":18446744073709551615,"c":1e400}}'
    message = parse_message(line)
    assert isinstance(message, RecordMessage)
    assert message.record == {"a": "1.10", "b": "18446744073709551615", "c": "1e400"}
    assert message.version == 3


def test_a_state_is_handed_on_as_it_came() -> None:
    value = {"bookmarks": {"t": {"version": 12, "share": 0.5, "at": None}}}
    message = parse_message(json.dumps({"type": "STATE", "value": value}).encode())
    assert message == StateMessage(value)


@pytest.mark.parametrize(
    "line", [b"Loading...", b"[]", b"{}", b'{"type":"NEWS"}', b'{"type":"RECORD","stream":"t"}', b"\xff"]
)
def test_what_is_no_message_is_refused_without_its_text(line: bytes) -> None:
    with pytest.raises(ServiceError, match="no Singer message") as caught:
        parse_message(line)
    assert line.decode("latin1") not in str(caught.value)


def test_a_batch_that_is_not_csv_is_refused_by_name() -> None:
    line = b'{"type":"BATCH","stream":"t","encoding":{"format":"jsonl","compression":"gzip"},"manifest":["a"]}'
    with pytest.raises(ServiceError, match="stream t: BATCH in format 'jsonl'"):
        parse_message(line)
