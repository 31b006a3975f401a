"""Ctrl-C and SIGTERM: everything notices within ten seconds, and nothing is left half done (reliability X3)."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import psycopg

from loaders.console import stderr


class Stop(threading.Event):
    """Set once somebody asked to stop; while a statement over the whole list runs, that is cancelled."""

    def __init__(self) -> None:
        super().__init__()
        self._cancellable: psycopg.Connection | None = None

    @contextmanager
    def cancelling(self, connection: psycopg.Connection) -> Iterator[None]:
        """Cancel this connection's statement when asked to stop; its transaction leaves nothing.

        Raises:
            KeyboardInterrupt: a statement was cancelled so.
        """
        self._cancellable = connection
        try:
            yield
        except psycopg.errors.QueryCanceled:
            if self.is_set():
                raise KeyboardInterrupt from None
            raise
        finally:
            self._cancellable = None

    @contextmanager
    def on_signals(self) -> Iterator[None]:
        """Take SIGINT and SIGTERM as the question, the first and any further one alike."""
        before = {number: signal.signal(number, self._ask) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        if self.is_set():
            return
        self.set()
        stderr.print("stopping; run the same command again to go on from there")
        if self._cancellable is not None:
            self._cancellable.cancel()
