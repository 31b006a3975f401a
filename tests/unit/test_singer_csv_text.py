from __future__ import annotations

import csv
import io
import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loaders.errors import LossError
from loaders.singer.messages import CSV_QUOTE
from loaders.singer.target_postgres.csv_text import is_storable, render_record, set_aside_unstorable, whole_records

TEXT = st.text(alphabet=st.sampled_from('a\x01",\n\r\\.é😀\0'), max_size=12)
ROWS = st.lists(st.lists(st.none() | TEXT, min_size=2, max_size=2), max_size=8)


def render(rows: list[list[str | None]]) -> bytes:
    return b"".join(render_record(dict(zip("ab", row, strict=True)), ("a", "b"), frozenset()) for row in rows)


def parse(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode(), newline=""), quotechar=CSV_QUOTE, strict=True))


@given(rows=ROWS, cuts=st.lists(st.integers(0, 300), max_size=6))
def test_whole_records_cut_anywhere_hold_whole_records(rows: list[list[str | None]], cuts: list[int]) -> None:
    data = render(rows)
    edges = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    blocks = list(whole_records(data[start:end] for start, end in itertools.pairwise(edges)))
    assert b"".join(blocks) == data
    for block in blocks:
        assert block.count(CSV_QUOTE.encode()) % 2 == 0
        assert block.endswith(b"\n")


@given(rows=ROWS.filter(bool))
def test_e6_rows_that_break_off_inside_a_record_are_a_loss(rows: list[list[str | None]]) -> None:
    with pytest.raises(LossError, match="broke off"):
        list(whole_records([render(rows)[:-1]]))


@given(rows=ROWS)
def test_m8_a_field_with_nul_becomes_null_and_keeps_its_bytes(rows: list[list[str | None]]) -> None:
    rendered, count = set_aside_unstorable(render(rows), ("a", "b"))
    parsed = parse(rendered)
    assert len(parsed) == len(rows)
    assert count == sum(any("\0" in (value or "") for value in row) for row in rows)
    for row, fields in zip(rows, parsed, strict=True):
        kept = json.loads(fields[2]) if fields[2] else {}
        for name, value, field in zip("ab", row, fields, strict=False):
            if value is not None and "\0" in value:
                assert field == ""
                assert bytes.fromhex(kept[name]).decode() == value
            else:
                assert name not in kept
                assert field == (value or "")


def test_m8_a_lone_surrogate_and_broken_utf8_are_set_aside() -> None:
    record = render_record({"a": "\ud83d", "b": "fine"}, ("a", "b"), frozenset())
    assert not is_storable(record)
    assert not is_storable(b"\x01caf\xe9\x01\n")
    rendered, count = set_aside_unstorable(record, ("a", "b"))
    assert (rendered, count) == (b',\x01fine\x01,\x01{"a": "eda0bd"}\x01\n', 1)


def test_null_and_empty_text_stay_two_things() -> None:
    record = {"a": None, "b": "", "d": True, "e": {"x": ["1.10"]}, "f": "CAFE"}
    rendered = render_record(record, ("a", "b", "c", "d", "e", "f"), frozenset({"f"}))
    assert rendered == b',\x01\x01,,true,\x01{"x": ["1.10"]}\x01,\x01\\xCAFE\x01\n'
