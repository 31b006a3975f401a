"""Keeps transfers within a rate; halves it when S3 says SlowDown and takes it back up slowly (reliability F4)."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable

_WINDOW_SECONDS = 1.0
_RECOVERY_PER_WINDOW = 1.1


class Limiter:
    """A rate shared by all workers of this process.

    Args:
        files_per_second: None for no limit.
        bytes_per_second: None for no limit.
        stop: ends a wait at once.
        clock: seconds, monotonic.
    """

    def __init__(
        self,
        files_per_second: float | None,
        bytes_per_second: float | None,
        stop: threading.Event,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ceiling = files_per_second or math.inf
        self._bytes_per_second = bytes_per_second or math.inf
        self._stop, self._clock, self._lock = stop, clock, threading.Lock()
        self.files_per_second = self._ceiling
        self._next_file = self._next_byte = self._window_start = clock()
        self._window_files = 0
        self._observed = 0.0
        self._slowed_at = -math.inf

    def take(self, size: int) -> None:
        """Wait until a file of `size` bytes may be sent."""
        with self._lock:
            now = self._clock()
            self._count(now)
            start = max(now, self._next_file, self._next_byte)
            self._next_file = max(now, self._next_file) + 1 / self.files_per_second
            self._next_byte = max(now, self._next_byte) + size / self._bytes_per_second
        if start > now:
            self._stop.wait(start - now)

    def slow_down(self) -> None:
        """Halve the rate, once a second at most: a burst of refusals is one message."""
        with self._lock:
            now = self._clock()
            if now - self._slowed_at < _WINDOW_SECONDS:
                return
            self._slowed_at = now
            elapsed = max(now - self._window_start, 0.1)
            self._observed = max(self._observed, self._window_files / elapsed)
            self.files_per_second = max(1.0, min(self.files_per_second, self._observed) / 2)

    def _count(self, now: float) -> None:
        self._window_files += 1
        elapsed = now - self._window_start
        if elapsed < _WINDOW_SECONDS:
            return
        self._observed = self._window_files / elapsed
        self._window_start, self._window_files = now, 0
        if self.files_per_second < self._ceiling and now - self._slowed_at >= _WINDOW_SECONDS:
            raised = self.files_per_second * _RECOVERY_PER_WINDOW
            # Without a ceiling the limit is lifted once it no longer binds.
            unbound = self._ceiling == math.inf and self._observed < self.files_per_second / 2
            self.files_per_second = self._ceiling if unbound else min(raised, self._ceiling)
