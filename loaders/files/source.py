"""Opens and reads files below a root folder without ever leaving it (reliability F1, F2)."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import stat
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeVar

from loaders.files.twins import twin_of

Outcome = TypeVar("Outcome")

_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
_FOLDER = os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY | os.O_CLOEXEC

_HARMFUL = re.compile(r"[\x00-\x1f\x7f-\x9f\\]")  # control characters and the backslash

# A file written this recently may change again without its modification time moving: the kernel's clock ticks each
# 4 ms, and such a write between two looks would leave size and time as they were.
_SETTLED_NANOSECONDS = 50_000_000


class FileFault(Exception):
    """A file that cannot be taken.

    Args:
        reason_code: from seeds/ledger/reason_codes.csv, stage `files`.
    """

    def __init__(self, reason_code: str) -> None:
        super().__init__(reason_code)
        self.reason_code = reason_code


class SourceFile(NamedTuple):
    """An open regular file that is not empty, as it was when it was opened; closed at the end of its `with` block.

    Attributes:
        descriptor: open for reading.
        size: bytes.
        modified_at: its modification time, seconds since the epoch.
    """

    descriptor: int
    size: int
    modified_at: float
    signature: tuple[int, ...]

    def __enter__(self) -> SourceFile:
        return self

    def __exit__(self, *_error: object) -> None:
        os.close(self.descriptor)

    def read(self) -> bytes:
        """The whole file.

        Raises:
            FileFault: `file_changed` while it was read.
        """
        body = _guarded(os.read, self.descriptor, self.size + 1)
        if len(body) != self.size:
            raise FileFault("file_changed")
        self.check_unchanged()
        return body

    def parts(self, part_size: int) -> Iterator[bytes]:
        """The file in parts of `part_size` bytes, the last one shorter.

        Raises:
            FileFault: `file_changed` while it was read.
        """
        offset = 0
        while offset < self.size:
            part = _guarded(os.pread, self.descriptor, min(part_size, self.size - offset), offset)
            if not part:
                raise FileFault("file_changed")
            offset += len(part)
            yield part
        self.check_unchanged()

    def sha256(self, part_size: int) -> bytes:
        """SHA-256 of the file, read in parts.

        Raises:
            FileFault: `file_changed` while it was read.
        """
        digest = hashlib.sha256()
        for part in self.parts(part_size):
            digest.update(part)
        return digest.digest()

    def check_unchanged(self) -> None:
        """Raise `file_changed` when the file is no longer as it was opened, or too fresh to tell."""
        status = _guarded(os.fstat, self.descriptor)
        if _signature(status) != self.signature or abs(time.time_ns() - status.st_mtime_ns) < _SETTLED_NANOSECONDS:
            raise FileFault("file_changed")


def open_source(root: int, path: str) -> SourceFile:
    """Open the regular file at `path` below `root`, one component at a time, following no symbolic link.

    Args:
        root: descriptor of the root folder.
        path: relative, components separated by `/`.

    Raises:
        FileFault: with the reason it cannot be taken; never blocks on a pipe or device.
    """
    descriptor = _open_below(root, path)
    try:
        status = _guarded(os.fstat, descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise FileFault("file_not_regular")
        if status.st_size == 0:
            raise FileFault("file_empty")
        return SourceFile(descriptor, status.st_size, status.st_mtime, _signature(status))
    except BaseException:
        os.close(descriptor)
        raise


def safe_parts(path: str) -> list[str]:
    """Split a relative path into its components.

    Raises:
        FileFault: `file_unsafe_path` for an absolute path, an empty, `.` or `..` component, a control character or
            a backslash.
    """
    parts = path.split("/")
    if _HARMFUL.search(path) or not {"", ".", ".."}.isdisjoint(parts):
        raise FileFault("file_unsafe_path")
    return parts


def _guarded(operation: Callable[..., Outcome], *arguments: int) -> Outcome:
    try:
        return operation(*arguments)
    except OSError as error:
        raise FileFault("file_unreadable") from error


def _open_below(root: int, path: str) -> int:
    *folders, name = safe_parts(path)
    folder = root
    try:
        for part in folders:
            below = _open(part, folder, _FOLDER)
            if folder != root:
                os.close(folder)
            folder = below
        return _open(name, folder, _FILE)
    finally:
        if folder != root:
            os.close(folder)


def _open(name: str, folder: int, flags: int) -> int:
    try:
        return os.open(name.encode(), flags, dir_fd=folder)
    except OSError as error:
        raise FileFault(_reason(error, name, folder)) from error


def _reason(error: OSError, name: str, folder: int) -> str:
    if error.errno in (errno.EMFILE, errno.ENFILE, errno.ENOMEM):
        raise error  # our fault, not the file's
    if error.errno == errno.ENOENT:
        return twin_of(name, folder) or "file_missing"
    if error.errno == errno.ENOTDIR:
        # Linux says ENOTDIR, not ELOOP, for a symbolic link opened as a folder.
        return "file_unsafe_path" if _is_link(name, folder) else "file_missing"
    return {
        errno.ELOOP: "file_unsafe_path",
        errno.ENAMETOOLONG: "file_missing",
        errno.ENXIO: "file_not_regular",
        errno.ENODEV: "file_not_regular",
    }.get(error.errno or 0, "file_unreadable")


def _is_link(name: str, folder: int) -> bool:
    try:
        return stat.S_ISLNK(os.stat(name.encode(), dir_fd=folder, follow_symlinks=False).st_mode)
    except FileNotFoundError:
        return False


def _signature(status: os.stat_result) -> tuple[int, ...]:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
