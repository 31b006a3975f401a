"""Every payload of an address column has its verdict (reliability D2-D4, D6)."""

from __future__ import annotations

import csv

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loaders.php.charsets import DECODERS
from loaders.php.email_list import Element, read_email_list
from loaders.settings import PROJECT_ROOT


def read(payload: bytes | None, character_set: str = "latin1") -> list[Element]:
    return read_email_list(payload, DECODERS[character_set])


def serialized(*values: str) -> bytes:
    elements = "".join(f'i:{index};s:{len(value.encode())}:"{value}";' for index, value in enumerate(values))
    return f"a:{len(values)}:{{{elements}}}".encode()


# The six ways to hold no address, and the damage of each kind: one row at position 0 without a value.
WITHOUT_ELEMENTS = [
    (None, "empty", "null", None),
    (b"", "empty", "blank", None),
    (b" \t\r\n", "empty", "blank", None),
    (b"N;", "empty", "php_null", None),
    (b"a:0:{}", "empty", "empty_list", None),
    (b"a@b.com", "rejected", "bare_address", 0),
    (b" A@B.com \n", "rejected", "bare_address", 0),
    (b"a@b.com, c@d.com; e@f.com", "rejected", "bare_address", 0),
    (b"a@b.com, nobody", "rejected", "syntax", 0),
    (b"nobody", "rejected", "syntax", 0),
    (b'a:1:{i:0;s:7:"a@b', "rejected", "truncated", 17),
    (b'a:1:{i:0;s:7:"a@b.com";}x', "rejected", "trailing_bytes", 24),
    (b"\xef\xbb\xbfa:0:{}", "rejected", "byte_order_mark", 0),
    (b"a:1:{i:0;s:7:&quot;a@b.com&quot;;}", "rejected", "escaped_quotes", 9),
    (b'a:1:{i:0;s:7:\\"a@b.com\\";}', "rejected", "escaped_quotes", 9),
    (b's:24:"a:1:{i:0;s:7:"a@b.com";}";', "rejected", "doubly_serialized", 0),
    (b's:14:"s:7:"a@b.com";";', "rejected", "doubly_serialized", 0),
    (b's:2:"N;";', "rejected", "doubly_serialized", 0),
    (b'a:1:{i:0;s:14:"s:7:"a@b.com";";}', "rejected", "doubly_serialized", 9),
    (b'a:1:{i:0;O:4:"Evil":0:{}}', "rejected", "object", 9),
    (b'a:2:{i:0;s:7:"a@b.com";i:1;R:2;}', "rejected", "reference", 27),
    (b"a:2000000000:{}", "rejected", "limit", 0),
    (b'a:1:{i:0;s:8:"a@b.com";}', "rejected", "length_mismatch", 9),
    (b"a:1:{i:0;x}", "rejected", "syntax", 9),
    (b"a:1:{i:0;i:9223372036854775808;}", "rejected", "number_out_of_range", 9),
    (b"i:5;", "rejected", "unexpected_type", 0),
    (b"b:0;", "rejected", "unexpected_type", 0),
    (b"d:1.5;", "rejected", "unexpected_type", 0),
    (b'a:2:{i:0;s:7:"a@b.com";i:1;i:5;}', "rejected", "unexpected_type", 27),
    (b"a:1:{i:0;b:1;}", "rejected", "unexpected_type", 9),
    (b"a:1:{i:0;N;}", "rejected", "unexpected_type", 9),
    (b'a:1:{i:0;a:1:{i:0;s:7:"a@b.com";}}', "rejected", "unexpected_type", 9),
    (b"a:1:{i:0;a:0:{}}", "rejected", "unexpected_type", 9),
    (b's:3:"a\0b";', "rejected", "encoding", 6),
    (b'a:1:{s:1:"\0";s:7:"a@b.com";}', "rejected", "encoding", 10),
]


@pytest.mark.parametrize(("payload", "status", "reason", "offset"), WITHOUT_ELEMENTS, ids=ascii)
def test_d4_d6_payload_without_elements(payload: bytes | None, status: str, reason: str, offset: int | None) -> None:
    assert read(payload) == [Element(0, None, None, status, reason, offset, None)]


def test_d6_six_ways_to_hold_no_address_are_told_apart() -> None:
    payloads = (b"N;", b"", None, b"a:0:{}", b'a:1:{i:0;s:0:"";}', b"a@b.com")
    assert len({read(payload)[0][3:5] for payload in payloads}) == 6


@pytest.mark.parametrize(
    ("value", "status", "reason"),
    [
        ("a@b.com", "ok", None),
        ("", "empty", "blank_addresses"),
        (" \t", "empty", "blank_addresses"),
        ("nobody", "rejected", "address_invalid"),
        ("a@b.com\nc@d.com", "rejected", "address_invalid"),
        ("a@b.com\r\nBcc: c@d.com", "rejected", "address_invalid"),
        ("a@b.com,c@d.com", "rejected", "address_invalid"),
        ("a@b.com; c@d.com", "rejected", "address_invalid"),
    ],
)
def test_d6_one_element(value: str, status: str, reason: str | None) -> None:
    key_and_value = ("0", value.strip())
    assert read(serialized(value)) == [Element(0, *key_and_value, status, reason, None, value.strip().lower())]
    [scalar] = read(f's:{len(value)}:"{value}";'.encode())
    assert (scalar.element_key, scalar.status, scalar.reason) == (None, status, reason)


def test_d6_value_is_trimmed_and_keeps_its_case() -> None:
    [element] = read(serialized(" Bob@Example.COM\t"))
    assert (element.value, element.normalized_value) == ("Bob@Example.COM", "bob@example.com")


def test_d6_elements_keep_phps_order_and_keys() -> None:
    payload = b'a:4:{s:2:"to";s:7:"a@b.com";i:7;s:0:"";s:2:"cc";s:3:"bad";s:2:"to";s:7:"c@d.com";}'
    rows = [(row.position, row.element_key, row.value, row.status) for row in read(payload)]
    assert rows == [(0, "to", "c@d.com", "ok"), (1, "7", "", "empty"), (2, "cc", "bad", "rejected")]


def test_d3_strings_are_text_of_the_columns_character_set() -> None:
    payload = 'a:1:{s:2:"é";s:13:"a@münchen.de";}'.encode()
    assert [(row.element_key, row.value) for row in read(payload, "utf8mb4")] == [("é", "a@münchen.de")]
    assert [(row.element_key, row.value) for row in read(payload, "latin1")] == [("Ã©", "a@mÃ¼nchen.de")]
    assert [(row.reason, row.byte_offset) for row in read(payload, "ascii")] == [("encoding", 10)]
    assert read(b's:8:"a@m\xfcn.de";', "latin1")[0].value == "a@mün.de"
    assert [(row.reason, row.byte_offset) for row in read(b's:8:"a@m\xfcn.de";', "utf8mb4")] == [("encoding", 8)]


def test_every_reason_is_in_the_vocabulary() -> None:
    with (PROJECT_ROOT / "seeds" / "ledger" / "reason_codes.csv").open(newline="", encoding="utf-8") as file:
        vocabulary = {row["reason_code"] for row in csv.DictReader(file) if row["stage"] == "decode"}
    assert {reason for _, _, reason, _ in WITHOUT_ELEMENTS} | {"blank_addresses", "address_invalid"} == vocabulary


_FRAGMENTS = st.sampled_from(
    [b"a:1:{", b"a:2:{", b"i:0;", b"i:1;", b'";', b"}", b's:7:"', b"a@b.com", b's:7:"a@b.com";', b"N;", b"\0", b"\xe9"]
)


@settings(max_examples=500, deadline=None)
@given(payload=st.one_of(st.binary(max_size=60), st.lists(_FRAGMENTS, max_size=10).map(b"".join)))
@pytest.mark.parametrize("character_set", ["latin1", "utf8mb4"])
def test_d5_whatever_comes_has_a_verdict(character_set: str, payload: bytes) -> None:
    elements = read(payload, character_set)
    assert [element.position for element in elements] == list(range(len(elements)))
    for element in elements:
        assert (element.reason is None) == (element.status == "ok")
        assert element.status != "ok" or (element.value and element.normalized_value == element.value.lower())
        assert "\0" not in f"{element.value}{element.element_key}"
