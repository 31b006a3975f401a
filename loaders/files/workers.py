"""Threads that work off a queue and can be left behind: a hung request must not hold up Ctrl-C (reliability X3)."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")


class Workers(Generic[Task, Result]):
    """Daemon threads; what they do (reading, hashing, S3) happens outside the interpreter's lock.

    Args:
        count: threads.
        work: called with each task; an exception of it comes out of `finished`.
    """

    is_lost = False

    def __init__(self, count: int, work: Callable[[Task], Result]) -> None:
        self._work = work
        self._tasks: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
        self._results: queue.SimpleQueue[tuple[Task, Result | Exception]] = queue.SimpleQueue()
        self._count = count
        for number in range(count):
            threading.Thread(target=self._loop, name=f"files-{number}", daemon=True).start()

    def submit(self, tasks: Iterable[Task]) -> None:
        """Queue tasks."""
        for task in tasks:
            self._tasks.put(task)

    def finished(self) -> list[tuple[Task, Result]]:
        """What was done since the last call; does not wait."""
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
            for _ in range(self._count):
                self._tasks.put(None)
            return waiting

    def _loop(self) -> None:
        while (task := self._tasks.get()) is not None:
            try:
                self._results.put((task, self._work(task)))
            except Exception as error:  # noqa: BLE001 - raised again by whoever asks for the results
                self._results.put((task, error))
