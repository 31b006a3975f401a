"""A strict, iterative scanner of PHP's serialize() format: it accepts only what PHP's unserialize() accepts.

Stricter than PHP 8.2, each by rule (reliability D1, D2, D4, D5): no trailing bytes, no objects, enums or custom
serialization (`O:`, `C:`, `E:`), no references (`R:`, `r:`), no escaped strings (`S:`), no integer or double that PHP
would clamp, no INF or NAN, and `Limits`.
"""

from __future__ import annotations

import math
import re
from typing import NamedTuple

from loaders.php.diagnosis import NUMBER_BYTES, PayloadRefused, string_fault, token_fault

# Quantifiers are possessive and bounded: a megabyte of digits costs one look, not a backtracking search.
_DIGITS = rf"\d{{1,{NUMBER_BYTES}}}+"
_TOKEN = re.compile(
    rf"""
      s:(?P<string>{_DIGITS}):"
    | i:(?P<integer>[+-]?{_DIGITS});
    | a:(?P<array>{_DIGITS}):\{{
    | (?P<null>N);
    | b:(?P<boolean>[01]);
    | d:(?P<double>[+-]?(?:{_DIGITS}(?:\.(?:{_DIGITS})?)?|\.{_DIGITS})(?:[eE][+-]?{_DIGITS})?);
    """.encode(),
    re.VERBOSE,
)
_STRING_END = re.compile(rb'";(?=\}|[sidba]:|N;|\Z)')
_INTEGERS = range(-(2**63), 2**63)


class Limits(NamedTuple):
    """How large a payload may be (reliability D5); phpserialize recurses and dies at depth 900."""

    payload_bytes: int = 1_048_576
    depth: int = 64
    elements: int = 10_000


class Recount(NamedTuple):
    """A string whose declared length is wrong: where its digits stand, and the length its bytes have."""

    digits_start: int
    digits_end: int
    length: int


class _Scanner:
    def __init__(self, payload: bytes, limits: Limits, recounts: list[Recount] | None) -> None:
        self.payload, self.limits, self.recounts = payload, limits, recounts
        self.open_arrays: list[int] = []  # how many keys and values each still lacks, innermost last
        self.elements_left = limits.elements
        self.value_offsets: list[int] = []

    def run(self) -> None:
        position = self._token(0, is_key=False)
        while self.open_arrays:
            lacking = self.open_arrays[-1]
            if lacking:
                self.open_arrays[-1] = lacking - 1
                position = self._token(position, is_key=lacking % 2 == 0)
            elif self.payload.startswith(b"}", position):
                self.open_arrays.pop()
                position += 1
            else:
                raise PayloadRefused("syntax" if position < len(self.payload) else "truncated", position)
        if position < len(self.payload):
            raise PayloadRefused("trailing_bytes", position)

    def _token(self, position: int, *, is_key: bool) -> int:
        """Step over the token at `position`; return where the next one starts."""
        token = _TOKEN.match(self.payload, position)
        if token is None:
            raise token_fault(self.payload, position)
        kind = token.lastgroup
        if is_key and kind not in ("integer", "string"):
            raise PayloadRefused("syntax", position)
        if not is_key and len(self.open_arrays) <= 1:
            self.value_offsets.append(position)
        if kind == "string":
            return self._string(token)
        if kind == "array":
            self._open_array(token)
        elif (kind == "integer" and int(token["integer"]) not in _INTEGERS) or (
            kind == "double" and math.isinf(float(token["double"]))
        ):
            raise PayloadRefused("number_out_of_range", position)
        return token.end()

    def _string(self, token: re.Match[bytes]) -> int:
        length = int(token["string"])
        if length > self.limits.payload_bytes:
            raise PayloadRefused("limit", token.start())
        end = token.end() + length
        if self.payload.startswith(b'";', end):
            return end + 2
        found = _STRING_END.search(self.payload, token.end())
        if found is None or self.recounts is None:
            raise string_fault(self.payload, token.start(), end, ends_visibly=found is not None)
        self.recounts.append(Recount(*token.span("string"), found.start() - token.end()))
        return found.end()

    def _open_array(self, token: re.Match[bytes]) -> None:
        count = int(token["array"])
        if count > self.elements_left or len(self.open_arrays) == self.limits.depth:
            raise PayloadRefused("limit", token.start())
        self.elements_left -= count
        self.open_arrays.append(2 * count)


def scan(payload: bytes, limits: Limits = Limits(), recounts: list[Recount] | None = None) -> list[int]:  # noqa: B008
    """Judge one payload in time and memory linear in its size, without recursion.

    Args:
        payload: the stored bytes.
        limits: the bounds.
        recounts: when given, a string with a wrong length is taken to end at the first `";` that a value, a closing
            brace or the end follows, and is recorded here instead of refused (reliability D7).

    Returns:
        Byte offsets of the values at the top: of the payload itself first, then of its array's elements as they stand.

    Raises:
        PayloadRefused: with the reason and the byte offset.
    """
    if len(payload) > limits.payload_bytes:
        raise PayloadRefused("limit", limits.payload_bytes)
    scanner = _Scanner(payload, limits, recounts)
    scanner.run()
    return scanner.value_offsets
