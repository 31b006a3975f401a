"""How many threads work off a queue."""

from __future__ import annotations

import threading
import time
from hashlib import sha256
from itertools import repeat

from loaders.files.workers import Workers


class Watched:
    """Counts how many threads are in `work` at once, and remembers the most."""

    def __init__(self) -> None:
        self._lock, self._now, self.most = threading.Lock(), 0, 0

    def __enter__(self) -> None:
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)

    def __exit__(self, *_error: object) -> None:
        with self._lock:
            self._now -= 1


def until(seconds: float, workers: Workers[int, None], watched: Watched, enough: int) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and watched.most < enough:
        workers.finished()
        time.sleep(0.01)
    workers.withdraw()


def test_threads_that_wait_become_more_up_to_what_was_set() -> None:
    watched = Watched()

    def work(_task: int) -> None:
        with watched:
            time.sleep(0.02)

    workers: Workers[int, None] = Workers(13, work)
    workers.submit(repeat(0, 100_000))
    until(30, workers, watched, enough=13)
    time.sleep(0.1)
    assert watched.most == 13


def test_a_thread_that_keeps_a_core_busy_stays_alone() -> None:
    watched, block = Watched(), bytes(1 << 20)

    def work(_task: int) -> None:
        with watched:
            sha256(block).digest()

    workers: Workers[int, None] = Workers(13, work)
    workers.submit(repeat(0, 100_000))
    until(1.0, workers, watched, enough=13)
    assert watched.most == 1


def test_one_thread_is_one() -> None:
    watched = Watched()

    def work(_task: int) -> None:
        with watched:
            time.sleep(0.01)

    workers: Workers[int, None] = Workers(1, work)
    workers.submit(range(20))
    done = 0
    while done < 20:
        done += len(workers.finished())
        time.sleep(0.01)
    assert watched.most == 1


def test_a_withdrawn_queue_ends_every_thread() -> None:
    before = threading.active_count()
    workers: Workers[int, None] = Workers(4, lambda _task: time.sleep(0.01))
    workers.submit(range(1000))
    untouched = workers.withdraw()
    assert len(untouched) > 900
    deadline = time.monotonic() + 10
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert threading.active_count() == before
