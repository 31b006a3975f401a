"""Compression and encryption: whatever happens to the bytes is told, and our own failures stay what they were (A4)."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pyrage.x25519 import Identity

from loaders.archive.sealing import Contents, Opened, digest_of, open_sealed, parse_recipients, read_identities, seal
from loaders.errors import ConfigurationError

OURS = Identity.generate()
HEADER = b'"n"\n'
BLOCKS = [
    (b"".join(b'"%d\n"\n' % (number * 7919) for number in range(start, start + 5000)), 5000) for start in (0, 5000)
]
PLAIN = HEADER + b"".join(block for block, _ in BLOCKS)


def sealed(*recipients: Identity) -> tuple[bytes, Contents]:
    sink = io.BytesIO()
    contents = seal(HEADER, BLOCKS, tuple(each.to_public() for each in recipients), sink)
    return sink.getvalue(), contents


def opened(data: bytes, *identities: Identity, is_encrypted: bool = True) -> tuple[Opened, bytes]:
    plain = io.BytesIO()
    chunks = [data[start : start + 10_000] for start in range(0, len(data), 10_000)]
    return open_sealed(chunks, identities, is_encrypted, plain.write), plain.getvalue()


@pytest.mark.parametrize("recipients", [(), (OURS,), (Identity.generate(), OURS)])
def test_a4_what_went_in_comes_out_with_every_digest(recipients: tuple[Identity, ...]) -> None:
    data, contents = sealed(*recipients)
    assert (contents.records, contents.plain, contents.stored) == (10_000, digest_of(PLAIN), digest_of(data))
    assert opened(data, OURS, is_encrypted=bool(recipients)) == (Opened(contents.stored, contents), PLAIN)


def test_a4_a_stranger_opens_nothing_and_nobody_hashes() -> None:
    data, contents = sealed(OURS)
    assert opened(data, Identity.generate()) == (Opened(contents.stored, None, "cannot be decrypted"), b"")
    assert opened(data) == (Opened(contents.stored, None), b"")
    assert b'"7919' not in data


@pytest.mark.parametrize("place", [10, 300, -100])
def test_a4_one_flipped_bit_is_never_opened_as_whole(place: int) -> None:
    data, contents = sealed(OURS)
    damaged = bytearray(data)
    damaged[place] ^= 1
    found, _ = opened(bytes(damaged), OURS)
    assert found.stored == digest_of(bytes(damaged)) != contents.stored
    assert (found.contents, found.fault) == (None, "cannot be decrypted")


def test_a4_a_file_cut_short_is_never_opened_as_whole() -> None:
    data, _ = sealed(OURS)
    assert opened(data[:-1], OURS)[0].fault == "cannot be decrypted"
    plain, contents = sealed()
    assert opened(plain[:-1], is_encrypted=False)[0].contents != contents
    damaged = bytearray(plain)
    damaged[len(plain) // 2] ^= 255
    assert opened(bytes(damaged), is_encrypted=False)[0].contents != replace(contents, stored=digest_of(bytes(damaged)))


class Ours(BaseException):
    """Neither an Exception, nor anything that age knows."""


def test_x3_our_own_failures_come_through_age_as_they_are() -> None:
    def interrupted() -> Iterator[tuple[bytes, int]]:
        yield BLOCKS[0]
        raise Ours

    class Full:
        def write(self, data: bytes, /) -> object:
            raise Ours

    def broken() -> Iterator[bytes]:
        yield sealed(OURS)[0][:1000]
        raise Ours

    def refuse(_: bytes) -> object:
        raise Ours

    recipients = (OURS.to_public(),)
    for failing in (
        lambda: seal(HEADER, interrupted(), recipients, io.BytesIO()),
        lambda: seal(HEADER, BLOCKS, recipients, Full()),
        lambda: open_sealed(broken(), (OURS,), True, lambda _: None),
        lambda: open_sealed([sealed(OURS)[0]], (OURS,), True, refuse),
    ):
        with pytest.raises(Ours):
            failing()


def test_keys_are_read_and_refused_without_repeating_them(tmp_path: Path) -> None:
    other = Identity.generate()
    public = [str(each.to_public()) for each in (OURS, other)]
    assert [str(each) for each in parse_recipients(f" {public[0]} ,{public[1]},")] == public
    assert parse_recipients(None) == parse_recipients("") == ()
    with pytest.raises(ConfigurationError, match="recipient 2") as caught:
        parse_recipients(f"{public[0]}, {other}")
    assert str(other) not in str(caught.value) + caught.value.hint

    path = tmp_path / "identity.txt"
    path.write_text(f"# created: now\n# public key: {public[0]}\n{OURS}\n\n{other}\n")
    assert [str(each) for each in read_identities(path)] == [str(OURS), str(other)]
    assert read_identities(None) == ()
    for content in ("AGE-SECRET-KEY-1WRONG", "é"):
        path.write_text(content)
        with pytest.raises(ConfigurationError, match="DTX_ARCHIVE_IDENTITY_FILE"):
            read_identities(path)
    with pytest.raises(ConfigurationError, match="FileNotFoundError"):
        read_identities(tmp_path / "none.txt")
