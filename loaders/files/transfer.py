"""The way of one file: read once, put create-only, read back, compare; a verdict and never an exception."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterable
from hashlib import sha256
from typing import Any, NamedTuple, TypeVar

from loaders.failpoints import failpoint
from loaders.files.connection import S3
from loaders.files.description import describe
from loaders.files.limiter import Limiter
from loaders.files.multipart import PART_BYTES, MultipartUpload
from loaders.files.options import Options
from loaders.files.source import FileFault, SourceFile, open_source
from loaders.files.store import AlreadyThereError, NotThereError, StoreFault, sha256_of_stored

READINGS = 3  # of a file that changes, and of an object that differs: a flipped bit on the wire is not its fault
_CHANGED_WAIT_SECONDS = 0.3
_BACKOFF_SECONDS, _BACKOFF_CAP_SECONDS = 0.25, 20.0

Outcome = TypeVar("Outcome")


# What processes tell each other of a file: its key, and its verdict without it, None for one that was given up. Plain
# tuples: to pickle the classes takes three times as long.
Key = tuple[str, str]
Told = tuple[Key, tuple[Any, ...] | None]


class PlannedFile(NamedTuple):
    """One row of the ledger, claimed by this run.

    Attributes:
        entity: with `legacy_key`, the ledger's key.
        source_path: relative to the EFS root.
        object_key: in the bucket.
        original_name: kept as metadata.
        attempts: how often the row was claimed, this time included.
    """

    entity: str
    legacy_key: str
    source_path: str
    object_key: str
    original_name: str
    attempts: int

    @property
    def key(self) -> Key:
        """In the ledger."""
        return self.entity, self.legacy_key


class Verdict(NamedTuple):
    """What became of a file.

    Attributes:
        reason_code: None when its stored bytes were proven, else why it is rejected.
        size: bytes.
        modified_at: of the file, seconds since the epoch.
        sent: bytes put; 0 for an object that was there already.
    """

    file: PlannedFile
    reason_code: str | None
    size: int | None = None
    modified_at: float | None = None
    sha256: bytes | None = None
    sent: int = 0


class Persistence:
    """Runs an operation again while S3 fails: full jitter, capped, and no longer once asked to stop (F4)."""

    def __init__(self, attempts: int, limiter: Limiter, stop: threading.Event) -> None:
        self._attempts, self._limiter, self._stop = attempts, limiter, stop

    def __call__(self, operation: Callable[[], Outcome]) -> Outcome:
        """The operation's outcome.

        Raises:
            StoreFault: the last attempt's.
        """
        for attempt in range(1, self._attempts):
            try:
                return operation()
            except StoreFault as fault:
                if fault.slow_down:
                    self._limiter.slow_down()
                if self._stop.is_set():
                    raise
                longest = min(_BACKOFF_CAP_SECONDS, _BACKOFF_SECONDS * 2**attempt)
                self._stop.wait(random.uniform(0, longest))  # noqa: S311 - jitter, no secret
        return operation()


class Transfer:
    """Moves files; shared by all workers of the process.

    Args:
        options: what the settings say of it.
        root: descriptor of the EFS root.
        s3: the bucket.
        limiter: the rate.
        stop: set once somebody asked to stop.
    """

    def __init__(self, options: Options, *, root: int, s3: S3, limiter: Limiter, stop: threading.Event) -> None:
        self._root, self._store, self._client, self._limiter, self._stop = root, s3.store, s3.client, limiter, stop
        self._bucket = options.bucket
        self._persistently = Persistence(options.attempts, limiter, stop)
        self._multipart = MultipartUpload(options, s3.client, self._persistently)

    def __call__(self, file: PlannedFile) -> Verdict | None:
        """The file's verdict; None when it was given up because somebody asked to stop."""
        for reading in range(1, READINGS + 1):
            try:
                with open_source(self._root, file.source_path) as source:
                    return self._move(file, source)
            except FileFault as fault:
                if fault.reason_code != "file_changed" or reading == READINGS:
                    return Verdict(file, fault.reason_code)
                self._stop.wait(_CHANGED_WAIT_SECONDS)
            except StoreFault:
                return None if self._stop.is_set() else Verdict(file, "file_failed")
        raise AssertionError("unreachable")

    def _move(self, file: PlannedFile, source: SourceFile) -> Verdict:
        body = source.read() if source.size <= PART_BYTES else None
        digest = sha256(body).digest() if body is not None else source.sha256(PART_BYTES)

        def is_stored() -> bool:
            if body is not None:
                return _is_same(self._store.read(file.object_key, source.size), body)
            return sha256_of_stored(self._client, self._bucket, file.object_key) == digest

        def verdict(stored: bool, sent: int) -> Verdict:
            reason = None if stored else "file_conflict"
            return Verdict(file, reason, source.size, source.modified_at, digest, sent)

        if file.attempts > 1:
            # An earlier attempt may have put it and died before the ledger knew (F5): then nothing is sent again.
            try:
                return verdict(self._proven(is_stored), 0)
            except NotThereError:
                pass
        sent = self._put(file, source, body, digest)
        failpoint("files.after_put")
        try:
            return verdict(self._proven(is_stored), sent)
        except NotThereError:
            raise StoreFault from None

    def _put(self, file: PlannedFile, source: SourceFile, body: bytes | None, digest: bytes) -> int:
        description = describe(file.entity, file.legacy_key, file.original_name, digest)
        self._limiter.take(source.size)
        try:
            if body is None:
                self._multipart.put(file.object_key, source, digest, description)
            else:
                self._persistently(lambda: self._store.put(file.object_key, body, digest, description))
        except AlreadyThereError:
            return 0
        return source.size

    def _proven(self, is_stored: Callable[[], bool]) -> bool:
        return any(self._persistently(is_stored) for _ in range(READINGS))


def _is_same(pieces: Iterable[bytes | memoryview], body: bytes) -> bool:
    offset = 0
    for piece in pieces:
        if not body.startswith(piece, offset):
            return False
        offset += len(piece)
    return offset == len(body)
