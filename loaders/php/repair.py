"""A repair that is offered and never applied here: string lengths recounted (reliability D7)."""

from __future__ import annotations

import phpserialize

from loaders.php.diagnosis import PayloadRefused
from loaders.php.scanner import Recount, scan
from loaders.php.values import decode


def recount_lengths(payload: bytes) -> bytes | None:
    """Propose the payload with the lengths of its strings recounted.

    The proposal is the original with the digits of those lengths replaced and nothing else touched; it is proven by
    serializing the value it decodes to, which must give the proposal byte for byte.

    Args:
        payload: a payload that was refused with `length_mismatch`.

    Returns:
        The proposal, or None where there is none or its proof fails.
    """
    recounts: list[Recount] = []
    try:
        scan(payload, recounts=recounts)
        proposal = _with_lengths(payload, recounts)
        value, _ = decode(proposal)
    except PayloadRefused:
        return None
    return proposal if recounts and phpserialize.dumps(value) == proposal else None


def _with_lengths(payload: bytes, recounts: list[Recount]) -> bytes:
    pieces: list[bytes] = []
    position = 0
    for recount in recounts:
        pieces += (payload[position : recount.digits_start], b"%d" % recount.length)
        position = recount.digits_end
    return b"".join([*pieces, payload[position:]])
