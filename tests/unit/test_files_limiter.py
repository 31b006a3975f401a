"""The rate of transfers: limits hold, SlowDown halves, recovery is slow (F4)."""

from __future__ import annotations

import threading

import pytest

from loaders.files.limiter import Limiter


class Clock(threading.Event):
    """A clock that waiting moves forward."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def wait(self, timeout: float | None = None) -> bool:
        self.now += timeout or 0.0
        return False


def seconds_for(limiter: Limiter, clock: Clock, sizes: list[int]) -> float:
    started = clock.now
    for size in sizes:
        limiter.take(size)
    return clock.now - started


def test_without_limits_nobody_waits() -> None:
    clock = Clock()
    assert seconds_for(Limiter(None, None, clock, clock), clock, [10**9] * 1_000) == 0


@pytest.mark.parametrize(
    ("files", "size", "expected"),
    [(11, 1, 1.0), (11, 1_000, 1.0), (11, 50_000, 5.0)],
    ids=["files bind", "files still bind", "bytes bind"],
)
def test_the_tighter_limit_holds(files: int, size: int, expected: float) -> None:
    clock = Clock()
    limiter = Limiter(10.0, 100_000.0, clock, clock)
    assert seconds_for(limiter, clock, [size] * files) == pytest.approx(expected)


def test_f4_slow_down_halves_the_rate_once_for_a_burst_of_refusals() -> None:
    clock = Clock()
    limiter = Limiter(100.0, None, clock, clock)
    seconds_for(limiter, clock, [1] * 300)
    for _ in range(16):
        limiter.slow_down()
    assert limiter.files_per_second == pytest.approx(50, rel=0.05)
    clock.now += 1.1
    limiter.slow_down()
    assert limiter.files_per_second < 30


def test_f4_without_a_limit_slow_down_halves_what_was_observed() -> None:
    clock = Clock()
    limiter = Limiter(None, None, clock, clock)
    for _ in range(400):
        clock.now += 0.005
        limiter.take(1)
    limiter.slow_down()
    assert limiter.files_per_second == pytest.approx(100, rel=0.1)


def test_f4_the_rate_comes_back_slowly_and_never_above_the_limit() -> None:
    clock = Clock()
    limiter = Limiter(100.0, None, clock, clock)
    seconds_for(limiter, clock, [1] * 200)
    limiter.slow_down()
    seconds_for(limiter, clock, [1] * 150)
    assert 50 < limiter.files_per_second < 75
    seconds_for(limiter, clock, [1] * 5_000)
    assert limiter.files_per_second == 100.0


def test_f4_the_rate_never_falls_to_nothing() -> None:
    clock = Clock()
    limiter = Limiter(2.0, None, clock, clock)
    for _ in range(10):
        limiter.take(1)
        clock.now += 2
        limiter.slow_down()
    assert limiter.files_per_second == 1.0
