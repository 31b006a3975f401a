"""Reads rows from named pipes, pipes and files, without waiting for ever for a writer that never comes."""

from __future__ import annotations

import os
import select
import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from loaders.errors import ServiceError

_READ_BYTES = 1 << 20
_POLL_MILLISECONDS = 200


def open_manifest_entry(entry: str) -> int:
    """Open a file or named pipe of a BATCH message; return its descriptor.

    Raises:
        ServiceError: it is no local file, or not there.
    """
    parts = urlsplit(entry)
    if parts.scheme not in ("", "file"):
        raise ServiceError(f"a batch lies at {parts.scheme}:, where it cannot be read", hint="Use local batch files.")
    path = Path(unquote(parts.path))
    try:
        # Does not wait for a writer; whether one comes is seen while reading.
        return os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except OSError as error:
        raise ServiceError(f"cannot read the batch {path}: {type(error).__name__}") from None


def read_chunks(descriptor: int, given_up: threading.Event) -> Iterator[bytes]:
    """Yield what is written to a pipe, or stands in a file, until its end.

    Args:
        descriptor: opened for reading; stays open.
        given_up: set when nothing more can come; ends the wait for a first writer.
    """
    if stat.S_ISFIFO(os.fstat(descriptor).st_mode):
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        # Before its first writer a pipe reads as ended.
        while not poll.poll(_POLL_MILLISECONDS):
            if given_up.is_set():
                return
    os.set_blocking(descriptor, True)
    while chunk := os.read(descriptor, _READ_BYTES):
        yield chunk
