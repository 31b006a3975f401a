"""Interpretation `php_email_list`: a payload that is a list of e-mail addresses or one address (reliability D4, D6)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple, cast

from loaders.php.diagnosis import PayloadRefused
from loaders.php.email_addresses import is_email_address
from loaders.php.values import PhpKey, PhpValue, decode

_SERIALIZED_STRING = re.compile(rb's:\d+:"(?:a:\d+:\{|s:\d+:\\*"|[OCE]:\d+:|[bid]:[-+.\deE]+;|N;)')
_BARE_SEPARATORS = re.compile(r"[,;\s]+")
_BARE_BYTES = 10_000  # a longer payload is not searched for addresses


class Element(NamedTuple):
    """One row of a decoded table, the source row's key aside; see "Decoded layer" in docs/architecture.md."""

    position: int
    element_key: str | None
    value: str | None
    status: str
    reason: str | None
    byte_offset: int | None
    normalized_value: str | None


def read_email_list(payload: bytes | None, decode_text: Callable[[bytes], str]) -> list[Element]:
    """Give every payload its verdict: one row per element, or one row for a payload without elements.

    Args:
        payload: the stored bytes, None for NULL.
        decode_text: the decoder of the column's character set, from `loaders.php.charsets`.

    Returns:
        At least one element; a refused payload is one row at position 0 without a value.
    """
    if payload is None:
        return [_without_elements("empty", "null")]
    if not payload.strip():
        return [_without_elements("empty", "blank")]
    try:
        return _elements(payload, decode_text)
    except PayloadRefused as refused:
        reason = refused.reason
        if reason == "syntax" and _is_bare_address(payload, decode_text):
            reason = "bare_address"
        return [_without_elements("rejected", reason, refused.byte_offset)]


def _elements(payload: bytes, decode_text: Callable[[bytes], str]) -> list[Element]:
    value, offsets = decode(payload)
    if value is None:
        return [_without_elements("empty", "php_null")]
    if value == {}:
        return [_without_elements("empty", "empty_list")]
    for offset in offsets[1:] if isinstance(value, dict) else offsets:
        if not payload.startswith(b"s", offset):
            raise PayloadRefused("unexpected_type", offset)
        if _SERIALIZED_STRING.match(payload, offset):
            raise PayloadRefused("doubly_serialized", offset)
    _require_text(payload, decode_text)
    pairs: Iterable[tuple[PhpKey | None, PhpValue]] = value.items() if isinstance(value, dict) else [(None, value)]
    return [
        _element(position, _key_text(key, decode_text), decode_text(cast("bytes", string)).strip())
        for position, (key, string) in enumerate(pairs)
    ]


def _require_text(payload: bytes, decode_text: Callable[[bytes], str]) -> None:
    """Refuse bytes that are no text, at their offset; the payload decodes exactly where each of its strings does."""
    nul = payload.find(b"\0")
    if nul >= 0:
        raise PayloadRefused("encoding", nul)
    try:
        decode_text(payload)
    except UnicodeDecodeError as error:
        raise PayloadRefused("encoding", error.start) from None


def _element(position: int, key: str | None, value: str) -> Element:
    status, reason = "ok", None
    if not value:
        status, reason = "empty", "blank_addresses"
    elif not is_email_address(value):
        status, reason = "rejected", "address_invalid"
    return Element(position, key, value, status, reason, None, value.lower())


def _key_text(key: PhpKey | None, decode_text: Callable[[bytes], str]) -> str | None:
    return decode_text(key) if isinstance(key, bytes) else None if key is None else str(key)


def _without_elements(status: str, reason: str, byte_offset: int | None = None) -> Element:
    return Element(0, None, None, status, reason, byte_offset, None)


def _is_bare_address(payload: bytes, decode_text: Callable[[bytes], str]) -> bool:
    if len(payload) > _BARE_BYTES:
        return False
    try:
        addresses = _BARE_SEPARATORS.split(decode_text(payload).strip())
    except UnicodeDecodeError:
        return False
    return all(map(is_email_address, addresses))
