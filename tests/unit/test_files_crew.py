"""How a run's workers and its rate are shared out among processes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from loaders.files.crew import Crew, Finished, process_count, shares
from loaders.files.options import Options
from loaders.files.transfer import PlannedFile

OPTIONS = Options(
    bucket="b",
    endpoint_url=None,
    storage_class="STANDARD",
    server_side_encryption=None,
    kms_key_id=None,
    client="direct",
    attempts=8,
    timeout_seconds=60,
    workers=8,
    files_per_second=None,
    bytes_per_second=None,
)


@pytest.mark.parametrize(("workers", "count"), [(8, 2), (7, 3), (256, 64), (2, 2)])
def test_all_processes_together_have_what_was_set(workers: int, count: int) -> None:
    options = replace(OPTIONS, workers=workers, files_per_second=100.0, bytes_per_second=5e6)
    shared = shares(options, count)
    assert len(shared) == count
    assert sum(one.workers for one in shared) == workers
    assert min(one.workers for one in shared) >= 1
    assert sum(one.files_per_second or 0 for one in shared) == pytest.approx(100)
    assert sum(one.bytes_per_second or 0 for one in shared) == pytest.approx(5e6)


@pytest.mark.parametrize(
    ("cores", "workers", "files", "count"),
    [(2, 8, 20_000, 2), (2, 8, 999, 1), (1, 8, 20_000, 1), (4, 3, 20_000, 3), (2, 128, 20_000, 2), (2, 129, 20_000, 3)],
)
def test_a_process_for_each_core_and_more_for_many_threads(cores: int, workers: int, files: int, count: int) -> None:
    assert process_count(cores, workers, files) == count


def test_no_limit_stays_no_limit() -> None:
    assert {(one.files_per_second, one.bytes_per_second) for one in shares(OPTIONS, 4)} == {(None, None)}


class Hand:
    """A member that only holds what it is given."""

    is_lost = False

    def __init__(self) -> None:
        self.held: list[PlannedFile] = []
        self._done: Finished = []

    def submit(self, tasks: Iterable[PlannedFile]) -> None:
        self.held.extend(tasks)

    def finish(self, count: int) -> None:
        self._done = [(file, None) for file in self.held[:count]]
        del self.held[:count]

    def finished(self) -> Finished:
        done, self._done = self._done, []
        return done

    def withdraw(self) -> list[PlannedFile]:
        held, self.held = self.held, []
        return held


def files(count: int) -> list[PlannedFile]:
    return [PlannedFile("e", str(number), "p", "o", "n", 1) for number in range(count)]


def test_what_waits_is_shared_out_evenly_and_nobody_holds_more_than_allowed() -> None:
    first, second = Hand(), Hand()
    crew = Crew([first, second], in_hand=100)
    crew.submit(files(61))
    assert sorted([len(first.held), len(second.held)]) == [30, 31]
    first.finish(31)
    crew.finished()
    assert len(first.held) + len(second.held) == 30
    crew.submit(files(10))
    assert (len(first.held), len(second.held)) == (10, 30)
    crew.submit(files(500))
    assert (len(first.held), len(second.held)) == (100, 100)


def test_what_waits_goes_to_those_that_are_left() -> None:
    first, second = Hand(), Hand()
    crew = Crew([first, second], in_hand=100)
    crew.submit(files(300))
    first.is_lost = True
    second.finish(100)
    crew.finished()
    assert (len(first.held), len(second.held)) == (100, 100)
    assert len(crew.withdraw()) == 200
