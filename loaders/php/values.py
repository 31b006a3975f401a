"""PHP values from accepted payloads, by phpserialize behind the scanner (reliability D1)."""

from __future__ import annotations

import re

import phpserialize

from loaders.php.scanner import scan

PhpKey = int | bytes
PhpValue = bytes | int | float | bool | None | dict[PhpKey, "PhpValue"]

_INTEGER_KEY = re.compile(rb"0|-?[1-9]\d{0,18}")


def php_array(pairs: list[tuple[PhpKey, PhpValue]]) -> dict[PhpKey, PhpValue]:
    """Build an array as PHP does: `"1"` and `1` are one key; of duplicates the last value stands at the first place."""
    array: dict[PhpKey, PhpValue] = {}
    for key, value in pairs:
        array[_php_key(key)] = value
    return array


def _php_key(key: PhpKey) -> PhpKey:
    if isinstance(key, bytes) and _INTEGER_KEY.fullmatch(key) and -(2**63) <= int(key) < 2**63:
        return int(key)
    return key


def decode(payload: bytes) -> tuple[PhpValue, list[int]]:
    """Decode one payload; strings stay bytes.

    Args:
        payload: the stored bytes.

    Returns:
        The value, and the byte offsets that `scan` returns.

    Raises:
        PayloadRefused: with the reason and the byte offset; never another exception.
    """
    offsets = scan(payload)
    return phpserialize.loads(payload, array_hook=php_array), offsets
