"""MySQL's character sets (reliability E1, D3); tests/integration/test_decode_stage.py holds latin1 against a server."""

from __future__ import annotations

import pytest

from loaders.php.charsets import DECODERS


@pytest.mark.parametrize(
    ("character_set", "raw", "text"),
    [
        ("latin1", b"caf\xe9", "caf\xe9"),
        ("latin1", b"\x80\x9f", "\u20ac\u0178"),
        ("latin1", b"\x81\x8d\x8f\x90\x9d", "\x81\x8d\x8f\x90\x9d"),
        ("latin1", "é".encode(), "Ã©"),
        ("utf8mb4", "é😀".encode(), "é😀"),
        ("utf8mb3", "é".encode(), "é"),
        ("utf8", "é".encode(), "é"),
        ("ascii", b"a", "a"),
    ],
)
def test_e1_text(character_set: str, raw: bytes, text: str) -> None:
    assert DECODERS[character_set](raw) == text


@pytest.mark.parametrize(
    ("character_set", "raw", "offset"),
    [
        ("utf8mb4", b"a\xe9b", 1),
        ("utf8mb4", b"ab\xed\xa0\x80", 2),  # a surrogate
        ("utf8mb3", "aé😀".encode(), 3),
        ("utf8", "😀".encode(), 0),
        ("ascii", b"a\x80", 1),
    ],
)
def test_e1_bytes_that_are_no_text(character_set: str, raw: bytes, offset: int) -> None:
    with pytest.raises(UnicodeDecodeError) as caught:
        DECODERS[character_set](raw)
    assert caught.value.start == offset
