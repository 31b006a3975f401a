"""A folder for servers that live as long as one process: tests, benchmarks."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from sandbox.servers import mariadb, metabase, postgres, process, s3

_PREFIX = "dtx-servers-"


def stop_all(folder: Path) -> None:
    """Stop every server of ours that runs in `folder` or below; harmless when none runs."""
    for program in (metabase.PROGRAM, s3.PROGRAM, postgres.PROGRAM, mariadb.PROGRAM):
        process.stop(folder, program)


@contextmanager
def server_folder(parent: Path | None = None) -> Iterator[Path]:
    """Give a fresh folder that unprivileged servers can reach, and remove it with its servers at the end.

    The folder is held by a file lock, which the kernel frees when its holder is killed; each call first clears the
    folders of holders that are gone, servers included.

    Args:
        parent: where; None for the machine's folder of temporary files.
    """
    parent = parent or Path(tempfile.gettempdir())
    for left_over in parent.glob(f"{_PREFIX}*"):
        _clear_if_abandoned(left_over)
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
    with (folder / "lock.new").open("w") as lock:
        # Named `lock` only once it is held, or another session that starts right now would take us for gone.
        fcntl.flock(lock, fcntl.LOCK_EX)
        Path(lock.name).rename(folder / "lock")
        folder.chmod(0o711)
        try:
            yield folder
        finally:
            stop_all(folder)
            shutil.rmtree(folder)


def _clear_if_abandoned(folder: Path) -> None:
    try:
        lock: IO[str] = (folder / "lock").open("r+")
    except OSError:
        return  # another user's, or so young that it has no lock yet
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        stop_all(folder)
        shutil.rmtree(folder, ignore_errors=True)
