"""The length recount: offered where it is proven, and it touches length digits only (reliability D7)."""

from __future__ import annotations

import re
from collections.abc import Iterator

import phpserialize
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loaders.php.repair import recount_lengths

# Without quotes: a string that itself holds `";` cannot be told from one that ends there.
CHARACTERS = st.characters(max_codepoint=0xFF, exclude_characters='"')
TEXTS = st.lists(st.text(CHARACTERS, max_size=9), min_size=1, max_size=6)


def serialized(texts: list[str], encoding: str = "utf-8") -> bytes:
    return bytes(phpserialize.dumps(dict(enumerate(text.encode(encoding) for text in texts))))


def with_lengths(payload: bytes, lengths: Iterator[int]) -> bytes:
    return re.sub(rb's:\d+:"', lambda _: b's:%d:"' % next(lengths), payload)


@given(texts=TEXTS, errors=st.lists(st.integers(min_value=-5, max_value=5), min_size=6, max_size=6))
def test_d7_digits_that_are_off_are_put_right(texts: list[str], errors: list[int]) -> None:
    original = serialized(texts)
    lengths = (max(len(text.encode()) + error, 0) for text, error in zip(texts, errors, strict=False))
    damaged = with_lengths(original, lengths)
    assert recount_lengths(damaged) == (original if damaged != original else None)


@given(texts=TEXTS, lengths=st.lists(st.integers(min_value=0, max_value=99), min_size=6, max_size=6))
def test_d7_wild_digits_are_put_right_or_left_alone(texts: list[str], lengths: list[int]) -> None:
    """A wrong length may end on another string's end; the elements then do not add up, and nothing is offered."""
    original = serialized(texts)
    assert recount_lengths(with_lengths(original, iter(lengths))) in (None, original)


@given(texts=TEXTS)
def test_d7_text_converted_after_serializing(texts: list[str]) -> None:
    """The usual cause: UTF-8 was serialized, then converted to latin1, and every é lost a byte."""
    damaged = serialized(texts).decode("utf-8").encode("latin-1")
    expected = serialized(texts, "latin-1")
    assert recount_lengths(damaged) == (expected if damaged != expected else None)
    without_lengths = [re.sub(rb's:\d+:"', b"", payload) for payload in (damaged, expected)]
    assert without_lengths[0] == without_lengths[1]


@pytest.mark.parametrize(
    "payload",
    [
        b'a:1:{i:0;s:7:"a@b.com";}',  # right already
        b'a:1:{i:0;s:9:"a@b.com";',  # truncated as well
        b'a:2:{i:0;s:3:"a";i:1;s:1:"b";i:1;s:1:"c";}',  # which `";` ends the first string?
        b'a:2:{s:1:"1";s:9:"a";i:1;s:1:"b";}',  # serialized again it would be another payload
        b'O:1:"A":1:{s:9:"x";i:1;}',
        b's:9:"abc',
    ],
)
def test_d7_nothing_is_offered_without_proof(payload: bytes) -> None:
    assert recount_lengths(payload) is None


def test_d7_the_usual_case() -> None:
    damaged = 'a:2:{i:0;s:12:"zoé@b.example.com";i:1;s:7:"a@b.com";}'.encode()
    assert recount_lengths(damaged) == damaged.replace(b"s:12:", b"s:18:")


def test_d7_a_quote_and_semicolon_inside_a_string() -> None:
    assert recount_lengths(b's:9:"a";b";') == b's:4:"a";b";'
