"""Who moves the files: threads of this process for a short list, worker processes for a long one."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from threading import Event
from typing import Any, Protocol

from loaders.console import stderr
from loaders.errors import ServiceError
from loaders.files.connection import S3
from loaders.files.ledger import RANGE
from loaders.files.limiter import Limiter
from loaders.files.options import Options
from loaders.files.transfer import Key, PlannedFile, Told, Transfer, Verdict
from loaders.files.wire import Access
from loaders.files.workers import Workers

Finished = list[tuple[PlannedFile, Verdict | None]]

# A process takes a third of a second to start, and its share of the cores' time.
_WORTH_A_PROCESS = 500
# More threads than that spend their time at the interpreter's lock: at 30 ms an answer 256 of them moved 2,056 files a
# second in two processes, 2,714 in four, 2,556 in eight.
_THREADS_A_PROCESS = 64
# Beyond what its threads work on: what a process moves while its parent records and claims.
_SPARE = 500
# Memory of a body is kept for the next one: given back to the kernel each time, it costs as much as the hash.
_MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(4 << 20), "MALLOC_TRIM_THRESHOLD_": str(16 << 20)}
_WITHDRAW_SECONDS = 2.0
_END_SECONDS = 2.0


class Member(Protocol):
    """Somebody who moves files."""

    is_lost: bool

    def submit(self, tasks: Iterable[PlannedFile]) -> None:
        """Queue files."""

    def finished(self) -> Finished:
        """What was done since the last call, without waiting; None is the verdict of a file that was given up."""

    def withdraw(self) -> list[PlannedFile]:
        """Stop, and give back the files that were not begun."""


class WorkerProcess:
    """A process that runs `loaders.files.helper`.

    Args:
        options: its own share of the workers and of the rate.
        root: descriptor of the EFS root.
        access: gives the credentials of the moment, which go with the files.

    Attributes:
        is_lost: it ended by itself, or was killed; its files were handed back as given up.
    """

    def __init__(self, options: Options, root: int, access: Callable[[], Access]) -> None:
        self._access = access
        self._pipe, theirs = multiprocessing.Pipe()
        with theirs:
            descriptors = (theirs.fileno(), root)
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "loaders.files.helper", *map(str, descriptors)],
                pass_fds=descriptors,
                env={**_MEMORY, **os.environ},
                process_group=0,  # out of reach of a terminal's Ctrl-C, which would meet it still starting
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )
        self._held: dict[Key, PlannedFile] = {}
        self._finished: Finished = []
        self.is_lost = False
        self._send((options, access()))

    def submit(self, tasks: Iterable[PlannedFile]) -> None:
        """See `Member`."""
        files = list(tasks)
        self._held.update({file.key: file for file in files})
        self._send((list(map(tuple, files)), self._access()))

    def finished(self) -> Finished:
        """See `Member`."""
        try:
            while not self.is_lost and self._pipe.poll():
                self._take()
        except (EOFError, OSError):
            self._lose()
        finished, self._finished = self._finished, []
        return finished

    def withdraw(self) -> list[PlannedFile]:
        """See `Member`."""
        if self.is_lost:
            return []
        untouched = None
        deadline = time.monotonic() + _WITHDRAW_SECONDS
        try:
            self._pipe.send(None)
            while untouched is None and self._pipe.poll(max(0.0, deadline - time.monotonic())):
                untouched = self._take()
        except (EOFError, OSError):
            self._lose()
        return [self._held.pop(key) for key in untouched or ()]

    def end(self) -> int:
        """End the process, whatever it does; returns its exit code."""
        self._pipe.close()
        try:
            return self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def _send(self, message: tuple[Options | list[tuple[Any, ...]], Access]) -> None:
        try:
            self._pipe.send(message)
        except OSError:
            self._lose()

    def _take(self) -> list[Key] | None:
        message: tuple[list[Told], list[Key] | None] = self._pipe.recv()
        finished, untouched = message
        for key, verdict in finished:
            file = self._held.pop(key)
            self._finished.append((file, None if verdict is None else Verdict(file, *verdict)))
        return untouched

    def _lose(self) -> None:
        self.is_lost = True
        code = self.end()
        stderr.print(f"a worker process ended (exit code {code}); its files are given to the others", soft_wrap=True)
        self._finished += [(file, None) for file in self._held.values()]
        self._held.clear()


class Crew:
    """All who move files, and the files that none of them has yet.

    Args:
        members: who they are.
        in_hand: how many files each may have at once.
    """

    def __init__(self, members: Sequence[Member], in_hand: int) -> None:
        self._members = dict.fromkeys(members, 0)
        self._limit = in_hand
        self._waiting: deque[PlannedFile] = deque()

    @property
    def is_hungry(self) -> bool:
        """Whether more files should be claimed."""
        held = len(self._waiting) + sum(self._members.values())
        return held < max(RANGE, 2 * self._limit * len(self._members))

    @property
    def is_running_out(self) -> bool:
        """Whether every file is in somebody's hands."""
        return not self._waiting

    def submit(self, files: Iterable[PlannedFile]) -> None:
        """Queue files."""
        self._waiting.extend(files)
        self._top_up()

    def finished(self) -> Finished:
        """What was done since the last call, without waiting; a file given up, or lost with its process, has None.

        Raises:
            ServiceError: every worker process has ended.
        """
        finished: Finished = []
        for member in self._members:
            done = member.finished()
            self._members[member] -= len(done)
            finished += done
        self._top_up()
        if not finished and all(member.is_lost for member in self._members):
            raise ServiceError(
                "every worker process of this run has ended",
                hint="See above why; was there memory enough? Then run the same command again.",
            )
        return finished

    def withdraw(self) -> list[PlannedFile]:
        """Let everybody stop, and take back the files that were not begun."""
        untouched = list(self._waiting)
        self._waiting.clear()
        for member in self._members:
            taken = member.withdraw()
            self._members[member] -= len(taken)
            untouched += taken
        return untouched

    def _top_up(self) -> None:
        present = [member for member in self._members if not member.is_lost]
        if not present or not self._waiting:
            return
        # All come to the end of the list at the same time.
        fair = -(-(len(self._waiting) + sum(map(self._members.__getitem__, present))) // len(present))
        for member in present:
            room = min(min(self._limit, fair) - self._members[member], len(self._waiting))
            if room > 0:
                self._members[member] += room
                member.submit([self._waiting.popleft() for _ in range(room)])


def process_count(cores: int, workers: int, files: int) -> int:
    """How many processes share out so many workers for so many files; below two, this process does it alone."""
    return min(max(cores, -(-workers // _THREADS_A_PROCESS)), workers, files // _WORTH_A_PROCESS)


def shares(options: Options, count: int) -> list[Options]:
    """What each of `count` processes gets, so that what was set holds for all of them together."""
    return [
        replace(
            options,
            workers=options.workers // count + (number < options.workers % count),
            files_per_second=options.files_per_second and options.files_per_second / count,
            bytes_per_second=options.bytes_per_second and options.bytes_per_second / count,
        )
        for number in range(count)
    ]


@contextmanager
def start_crew(options: Options, *, root: int, s3: S3, files: int, stop: Event) -> Iterator[Crew]:
    """Start those who move the files; at the end none of them is left.

    Args:
        options: what was set for the whole run; workers and rate are shared out among the processes.
        root: descriptor of the EFS root.
        s3: this process's way to the bucket.
        files: how many there are to move.
        stop: set once somebody asked to stop.
    """
    count = process_count(len(os.sched_getaffinity(0)), options.workers, files)
    if count < 2:
        limiter = Limiter(options.files_per_second, options.bytes_per_second, stop)
        move = Transfer(options, root=root, s3=s3, limiter=limiter, stop=stop)
        yield Crew([Workers(options.workers, move)], RANGE)
        return
    processes: list[WorkerProcess] = []
    try:
        for share in shares(options, count):
            processes.append(WorkerProcess(share, root, s3.access))
        yield Crew(processes, 2 * options.workers // count + _SPARE)
    finally:
        for process in processes:
            process.end()
