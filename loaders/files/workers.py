"""Threads that work off a queue and can be left behind: a hung request must not hold up Ctrl-C (reliability X3)."""

from __future__ import annotations

import math
import queue
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Generic, TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")

# Threads that find the interpreter's lock taken at each return from the kernel cost more than they do: with a store
# that answers at once all of a machine spent 0.46 ms on a file with two of them in each process, 0.40 with one.
_AT_FIRST = 1
# Few messages while there is much to do; at the end of the list nobody is to wait for the last one.
_TICK_SECONDS, _LAST_TICK_SECONDS = 0.05, 0.005
_LOOK_SECONDS = 0.1
_BUSY = 0.5


class Workers(Generic[Task, Result]):
    """Daemon threads; what they do (reading, hashing, S3) happens outside the interpreter's lock.

    One begins; they are doubled, up to `count`, for as long as they spend their time waiting for files and S3 rather
    than for a core.

    Args:
        count: threads at most.
        work: called with each task; an exception of it comes out of `finished`.
    """

    is_lost = False

    def __init__(self, count: int, work: Callable[[Task], Result]) -> None:
        self._work = work
        self._tasks: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
        self._results: queue.SimpleQueue[tuple[Task, Result | Exception]] = queue.SimpleQueue()
        self._count, self._started = count, 0
        self._looked, self._wanted = math.inf, 0.0
        self._start(_AT_FIRST)

    @property
    def is_running_out(self) -> bool:
        """Whether every task has been begun."""
        return self._tasks.empty()

    def submit(self, tasks: Iterable[Task]) -> None:
        """Queue tasks."""
        for task in tasks:
            self._tasks.put(task)

    def finished(self) -> list[tuple[Task, Result]]:
        """What was done since the last call; does not wait."""
        self._grow()
        done: list[tuple[Task, Result]] = []
        try:
            while True:
                task, result = self._results.get_nowait()
                if isinstance(result, Exception):
                    raise result
                done.append((task, result))
        except queue.Empty:
            return done

    def withdraw(self) -> list[Task]:
        """Take back the tasks that no thread has begun, and let the threads end."""
        waiting: list[Task] = []
        try:
            while True:
                task = self._tasks.get_nowait()
                if task is not None:
                    waiting.append(task)
        except queue.Empty:
            self._count = self._started
            for _ in range(self._count):
                self._tasks.put(None)
            return waiting

    def _grow(self) -> None:
        if self._started == self._count:
            return
        now = time.monotonic()
        if self._tasks.empty():  # nothing can be said of threads that have no work
            self._looked = math.inf
        elif self._looked == math.inf:
            self._looked, self._wanted = now, _wanted_seconds()
        elif now - self._looked > _LOOK_SECONDS:
            if _wanted_seconds() - self._wanted < _BUSY * (now - self._looked):
                self._start(self._started)
            self._looked = math.inf

    def _start(self, more: int) -> None:
        for number in range(self._started, min(self._started + more, self._count)):
            threading.Thread(target=self._loop, name=f"files-{number}", daemon=True).start()
            self._started += 1

    def _loop(self) -> None:
        while (task := self._tasks.get()) is not None:
            try:
                self._results.put((task, self._work(task)))
            except Exception as error:  # noqa: BLE001 - raised again by whoever asks for the results
                self._results.put((task, error))


def tick(is_running_out: bool) -> None:
    """Sleep until it is worth while to ask for results again."""
    time.sleep(_LAST_TICK_SECONDS if is_running_out else _TICK_SECONDS)


def _wanted_seconds() -> float:
    """Time for which this process's threads ran or waited for a core; none where the kernel does not count it."""
    wanted = 0
    for thread in Path("/proc/self/task").iterdir():
        with suppress(OSError):  # it ended
            ran, waited, _ = (thread / "schedstat").read_text().split()
            wanted += int(ran) + int(waited)
    return wanted / 1e9
