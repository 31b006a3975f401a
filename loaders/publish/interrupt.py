"""Ctrl-C and SIGTERM end a run at a batch's edge, within ten seconds (reliability X3)."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import psycopg

from loaders.console import stderr

# A statement that still runs this long after the signal is cancelled; its transaction shows no rows.
_GRACE_SECONDS = 7.0


class Interrupt:
    """Whether somebody asked this run to stop."""

    def __init__(self) -> None:
        self._asked = threading.Event()
        self._connections: list[psycopg.Connection] = []

    def watch(self, connection: psycopg.Connection) -> None:
        """Cancel this connection's statement when the grace period is over."""
        self._connections = [*(known for known in self._connections if not known.closed), connection]

    @property
    def is_asked(self) -> bool:
        """Whether somebody asked."""
        return self._asked.is_set()

    def check(self) -> None:
        """Stop here if asked to.

        Raises:
            KeyboardInterrupt: somebody asked.
        """
        if self.is_asked:
            raise KeyboardInterrupt

    def sleep(self, seconds: float) -> None:
        """Wait, but no longer once asked to stop.

        Raises:
            KeyboardInterrupt: somebody asked.
        """
        self._asked.wait(seconds)
        self.check()

    @contextmanager
    def signals(self) -> Iterator[None]:
        """Take SIGINT and SIGTERM as the question; only the main thread can."""
        before = {number: signal.signal(number, self._on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        if self.is_asked:
            return
        self._asked.set()
        stderr.print("stopping at the end of this batch; run the same command again to go on from there")
        timer = threading.Timer(_GRACE_SECONDS, self._cancel)
        timer.daemon = True
        timer.start()

    def _cancel(self) -> None:
        for connection in self._connections:
            if not connection.closed:
                connection.cancel_safe(timeout=2)
