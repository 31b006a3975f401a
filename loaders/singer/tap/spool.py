"""Named pipes that carry rows to the target: nothing of them ever lies on a disk, and a slow target slows the tap."""

from __future__ import annotations

import errno
import fcntl
import os
import select
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import BinaryIO

from loaders.errors import ServiceError

_PREFIX = "dtx-tap-"
_BUFFER_BYTES = 1 << 18
_POLL_SECONDS = 0.005


class Spool:
    """A private folder of named pipes."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._numbers = folder, count(1)

    @contextmanager
    def pipe(self) -> Iterator[Path]:
        """Create a named pipe; remove it at the end."""
        path = self._folder / f"{next(self._numbers)}.csv"
        os.mkfifo(path, 0o600)
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)


@contextmanager
def spool() -> Iterator[Spool]:
    """Make a private folder, and remove those that killed taps left behind.

    Its owner holds a lock on the folder for as long as it lives, so a process id that was given away again misleads
    nobody.
    """
    parent = Path(tempfile.gettempdir())
    for left_behind in parent.glob(f"{_PREFIX}*"):
        _remove_if_abandoned(left_behind)
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield Spool(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(descriptor)


def _remove_if_abandoned(folder: Path) -> None:
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY)
    except OSError:
        return
    try:
        # A folder younger than a minute may belong to a tap that has yet to lock it.
        if os.fstat(descriptor).st_uid == os.geteuid() and time.time() - os.fstat(descriptor).st_mtime > 60:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
    except BlockingIOError:
        return
    finally:
        os.close(descriptor)


def open_for_writing(path: Path) -> BinaryIO:
    """Wait for the target to open the pipe, then open it.

    Raises:
        ServiceError: whoever reads our messages is gone.
    """
    stdout = select.poll()
    stdout.register(sys.stdout.fileno(), 0)
    while True:
        try:
            # Fails until there is a reader; opening it in the ordinary way would wait for ever for a dead target.
            descriptor = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
            if stdout.poll(0):
                raise ServiceError("the target is gone before it read anything") from None
            time.sleep(_POLL_SECONDS)
            continue
        os.set_blocking(descriptor, True)
        return os.fdopen(descriptor, "wb", buffering=_BUFFER_BYTES)
