"""Why a payload is refused: the shapes in which serialized data is usually damaged, each with its own reason.

Reasons are those of seeds/ledger/reason_codes.csv, stage `decode` (reliability D2, D4, D5).
"""

from __future__ import annotations

import re

NUMBER_BYTES = 128  # PHP prints an integer in 20 bytes and a double in 24; Python's int() refuses 4,300 digits

_BYTE_ORDER_MARKS = (b"\xef\xbb\xbf", b"\xfe\xff", b"\xff\xfe")
_SHAPES = tuple(
    (re.compile(pattern), reason)
    for pattern, reason in (
        (rb"[OCE]:", "object"),
        (rb"[Rr]:", "reference"),
        (rb'S:\d+:"', "unexpected_type"),
        (rb's:\d+:(?:\\+"|&(?:amp;)*(?:quot|#0*34|#[xX]0*22);)', "escaped_quotes"),
        (rb"d:(?:-?INF|NAN);", "number_out_of_range"),
        (rb"(?:[sia]:[+-]?|d:[-+.\deE]*?)\d{%d}" % (NUMBER_BYTES + 1), "limit"),
    )
)
_UNFINISHED = re.compile(
    rb"[sidbaNOCErRS]:?|[sa]:\d+:?|i:[+-]?\d*|b:[01]|d:(?:[-+.\deE]*|-?IN?F?|NA?N?)",
)


class PayloadRefused(Exception):
    """A payload that is not decoded.

    Args:
        reason: a reason code of stage `decode`.
        byte_offset: the byte at which the payload breaks its rule; its length where it ends too early.
    """

    def __init__(self, reason: str, byte_offset: int) -> None:
        super().__init__(reason, byte_offset)
        self.reason, self.byte_offset = reason, byte_offset


def token_fault(payload: bytes, position: int) -> PayloadRefused:
    """Say what stands at `position` instead of a value or key."""
    if position == 0 and payload.startswith(_BYTE_ORDER_MARKS):
        return PayloadRefused("byte_order_mark", 0)
    for shape, reason in _SHAPES:
        if shape.match(payload, position):
            return PayloadRefused(reason, position)
    if position and payload.startswith(b"}", position):
        return PayloadRefused("limit", position)  # an array that names more elements than it has
    rest = payload[position : position + 2 * NUMBER_BYTES]
    if position + len(rest) == len(payload) and (not rest or _UNFINISHED.fullmatch(rest)):
        return PayloadRefused("truncated", len(payload))
    return PayloadRefused("syntax", position)


def string_fault(payload: bytes, start: int, end: int, *, ends_visibly: bool) -> PayloadRefused:
    """Say why a string has no closing quote at its declared end.

    Args:
        payload: the payload.
        start: where the string's token starts.
        end: where its declared length puts the closing quote.
        ends_visibly: whether a plausible end of the string stands elsewhere.
    """
    if len(payload) < end + 2 and payload[end:] in (b"", b'"') and not ends_visibly:
        return PayloadRefused("truncated", len(payload))
    return PayloadRefused("length_mismatch", start)
