"""The scanner's verdicts, line by line, and what its limits are (reliability D1-D5)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from loaders.php.diagnosis import PayloadRefused
from loaders.php.scanner import Limits, scan
from loaders.php.values import decode

PAYLOADS: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parents[1] / "php_payloads.yaml").read_text())


def verdict(payload: bytes, limits: Limits = Limits()) -> tuple[str, int] | None:  # noqa: B008
    try:
        scan(payload, limits)
    except PayloadRefused as refused:
        return refused.reason, refused.byte_offset
    return None


def nested(depth: int) -> bytes:
    return b"a:1:{i:0;" * depth + b"N;" + b"}" * depth


@pytest.mark.parametrize("line", PAYLOADS, ids=lambda line: ascii(line["payload"]))
def test_d1_d4_verdict_and_offset(line: dict[str, Any]) -> None:
    expected = (line["reason"], line["offset"]) if "reason" in line else None
    assert verdict(line["payload"].encode("latin-1")) == expected


def test_d1_the_corpus_is_large_and_without_twins() -> None:
    assert len(PAYLOADS) >= 150
    assert len({line["payload"] for line in PAYLOADS}) == len(PAYLOADS)


def test_d4_every_cut_of_a_payload_is_truncated_where_it_ends() -> None:
    payload = b'a:2:{i:0;s:7:"a@b.com";s:2:"cc";a:1:{i:1;d:-1.5;}}'
    assert verdict(payload) is None
    for length in range(1, len(payload)):
        assert verdict(payload[:length]) == ("truncated", length)


def test_offsets_are_those_of_the_payload_and_its_elements() -> None:
    payload = b'a:3:{i:0;s:1:"a";i:1;a:1:{i:0;i:5;}i:2;N;}'
    assert [payload[offset:][:1] for offset in scan(payload)] == [b"a", b"s", b"a", b"N"]
    assert scan(b"a:0:{}") == [0]
    assert scan(b"i:5;") == [0]


def test_d5_limits_hold_exactly() -> None:
    limits = Limits()
    assert verdict(nested(limits.depth)) is None
    assert verdict(nested(limits.depth + 1)) == ("limit", 9 * limits.depth)
    elements = b"".join(b"i:%d;N;" % index for index in range(limits.elements))
    assert verdict(b"a:%d:{%s}" % (limits.elements, elements)) is None
    assert verdict(b"a:%d:{%s}" % (limits.elements + 1, elements + b"i:-1;N;")) == ("limit", 0)
    head = b's:%d:"'
    fits = limits.payload_bytes - len(head % limits.payload_bytes) - 2
    assert verdict(head % fits + b"x" * fits + b'";') is None
    assert verdict(head % (fits + 1) + b"x" * (fits + 1) + b'";') == ("limit", limits.payload_bytes)


def test_d5_the_element_limit_counts_all_arrays_together() -> None:
    assert verdict(b"a:2:{i:0;a:2:{i:0;N;i:1;N;}i:1;N;}", Limits(elements=4)) is None
    assert verdict(b"a:2:{i:0;a:2:{i:0;N;i:1;N;}i:1;N;}", Limits(elements=3)) == ("limit", 9)


def test_d5_the_deepest_accepted_payload_is_decoded_from_a_deep_stack() -> None:
    """phpserialize recurses; whoever calls must still have room."""

    def at(depth: int) -> object:
        return at(depth - 1) if depth else decode(nested(Limits().depth))[0]

    value = at(500)
    for _ in range(Limits().depth):
        assert isinstance(value, dict)
        value = value[0]
    assert value is None


def test_d5_numbers_are_bounded() -> None:
    assert verdict(b"i:" + b"0" * 127 + b"5;") is None
    for payload in (b"i:" + b"0" * 200 + b"5;", b"d:1." + b"0" * 200 + b";", b"s:" + b"0" * 200 + b'1:"a";'):
        assert verdict(payload) == ("limit", 0)


@pytest.mark.parametrize(
    ("payload", "value"),
    [
        (b'a:2:{i:1;s:1:"a";s:1:"1";s:1:"b";}', [(1, b"b")]),
        (b'a:3:{i:0;s:1:"a";i:1;s:1:"b";i:0;s:1:"c";}', [(0, b"c"), (1, b"b")]),
        (b'a:2:{s:2:"01";i:1;s:2:"-0";i:2;}', [(b"01", 1), (b"-0", 2)]),
        (b'a:1:{s:20:"-9223372036854775808";i:1;}', [(-(2**63), 1)]),
        (b'a:1:{s:19:"9223372036854775808";i:1;}', [(b"9223372036854775808", 1)]),
    ],
)
def test_d1_keys_are_phps(payload: bytes, value: list[tuple[object, object]]) -> None:
    decoded, _ = decode(payload)
    assert isinstance(decoded, dict)
    assert list(decoded.items()) == value
