"""Named points at which a test can kill or interrupt the process, to prove what a crash there leaves behind."""

from __future__ import annotations

import os
import signal
from collections import Counter

_hits: Counter[str] = Counter()


def failpoint(name: str) -> None:
    """Send this process a signal when the environment asks for it here; otherwise do nothing.

    `DTX_FAILPOINT` holds `name`, `name@3` for the third time the point is passed, and optionally `=SIGINT` for another
    signal than SIGKILL. It counts only beside `DTX_ENVIRONMENT=sandbox` in the environment itself, so that no `.env`
    of a rehearsal or production can arm it (reliability: Rig).

    Args:
        name: the point's name, `stage.what_has_just_happened`.
    """
    wanted = os.environ.get("DTX_FAILPOINT")
    if not wanted or os.environ.get("DTX_ENVIRONMENT") != "sandbox":
        return
    point, _, signal_name = wanted.partition("=")
    wanted_name, _, occurrence = point.partition("@")
    if name != wanted_name:
        return
    _hits[name] += 1
    if _hits[name] == int(occurrence or 1):
        os.kill(os.getpid(), signal.Signals[signal_name or "SIGKILL"])
