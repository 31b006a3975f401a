"""Compresses and encrypts on the way out, decrypts and decompresses on the way back; hashes at every step.

Everything streams: memory is a few blocks, whatever a table's size. Only ciphertext ever lies on a disk.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pyrage
import zstandard
from pyrage.x25519 import Identity, Recipient

from loaders.archive.csv_format import RecordCounter
from loaders.errors import ConfigurationError

_READ_BYTES = 1 << 20
# zstd's default. Levels 6 and 9 took 3 and 6 times its CPU on rows like repo_file's, for files no smaller (measured).
_LEVEL = 3


class Sink(Protocol):
    """Where bytes go."""

    def write(self, data: bytes, /) -> object:
        """Take all of `data`."""


@dataclass(frozen=True)
class Digest:
    """Size and SHA-256, in hex, of some bytes."""

    size: int
    sha256: str


@dataclass(frozen=True)
class Contents:
    """What a file is at each step of its way: the CSV, compressed, and as it is stored."""

    records: int
    plain: Digest
    compressed: Digest
    stored: Digest


@dataclass(frozen=True)
class Opened:
    """What a stored file turned out to be.

    Attributes:
        stored: always complete, whatever else failed.
        contents: None when the stored bytes could not be decrypted or decompressed, or there was no identity.
        fault: why there are no contents; empty when there are, or nobody tried.
    """

    stored: Digest
    contents: Contents | None
    fault: str = ""


class Hasher:
    """Counts and hashes bytes that pass by."""

    def __init__(self) -> None:
        self._size, self._sha256 = 0, hashlib.sha256()

    def update(self, data: bytes) -> None:
        """Take the next bytes."""
        self._size += len(data)
        self._sha256.update(data)

    def digest(self) -> Digest:
        """Of all bytes so far."""
        return Digest(self._size, self._sha256.hexdigest())


def digest_of(data: bytes) -> Digest:
    """Of bytes in memory."""
    return Digest(len(data), hashlib.sha256(data).hexdigest())


def parse_recipients(text: str | None) -> tuple[Recipient, ...]:
    """The public keys of a comma-separated list.

    Raises:
        ConfigurationError: one of them is no age public key; keys are not repeated in the message.
    """
    recipients = []
    for number, key in enumerate(filter(None, map(str.strip, (text or "").split(","))), start=1):
        try:
            recipients.append(Recipient.from_str(key))
        except pyrage.RecipientError:
            raise ConfigurationError(
                f"recipient {number} of DTX_ARCHIVE_RECIPIENTS is no age public key",
                hint="A public key starts with age1; `age-keygen` prints it beside the identity.",
            ) from None
    return tuple(recipients)


def read_identities(path: Path | None) -> tuple[Identity, ...]:
    """The private keys of an identity file as `age-keygen` writes it; none where no file is set.

    Raises:
        ConfigurationError: the file cannot be read or holds something else.
    """
    if path is None:
        return ()
    try:
        lines = [line.strip() for line in path.read_text(encoding="ascii").splitlines()]
        return tuple(Identity.from_str(line) for line in lines if line and not line.startswith("#"))
    except (OSError, UnicodeDecodeError, pyrage.IdentityError) as error:
        raise ConfigurationError(
            f"the file of DTX_ARCHIVE_IDENTITY_FILE cannot be used ({type(error).__name__})",
            hint="It holds lines that start with AGE-SECRET-KEY-1, and comments that start with #.",
        ) from None


def seal(header: bytes, blocks: Iterable[tuple[bytes, int]], recipients: tuple[Recipient, ...], sink: Sink) -> Contents:
    """Write a table's file.

    Args:
        header: the first record.
        blocks: the other records, whole ones, with their number in each block.
        recipients: who can decrypt; nobody need, when there are none.
        sink: where the file goes.

    Raises:
        Exception: whatever `blocks` or `sink` raised, as it was.
    """
    plain, compressed, stored = Hasher(), Hasher(), Hasher()
    records = 0

    def pieces() -> Iterator[bytes]:
        nonlocal records
        plain.update(header)
        yield header
        for block, count in blocks:
            plain.update(block)
            records += count
            yield block

    compressor = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True)
    source: Any = _Pieces(pieces())
    with compressor.stream_reader(source, read_size=_READ_BYTES, closefd=False) as frame:

        def read(size: int) -> bytes:
            data = frame.read(size)
            compressed.update(data)
            return data

        def write(data: bytes) -> None:
            stored.update(data)
            sink.write(data)

        if recipients:
            _relay(lambda ours, theirs: pyrage.encrypt_io(ours, theirs, recipients), read, write)
        else:
            while data := read(_READ_BYTES):
                write(data)
    return Contents(records, plain.digest(), compressed.digest(), stored.digest())


def open_sealed(
    chunks: Iterable[bytes], identities: tuple[Identity, ...], is_encrypted: bool, write: Callable[[bytes], object]
) -> Opened:
    """Read a table's file.

    Args:
        chunks: the stored bytes; read to their end in any case.
        identities: private keys; without one an encrypted file's stored bytes are hashed and nothing more.
        is_encrypted: whether it has to be decrypted.
        write: takes the CSV, header and all, piece by piece.

    Raises:
        Exception: whatever `chunks` or `write` raised, as it was.
    """
    plain, compressed, stored, counter = Hasher(), Hasher(), Hasher(), RecordCounter()
    source = _Pieces(_hashed(chunks, stored))
    if is_encrypted and not identities:
        while source.read(_READ_BYTES):
            pass
        return Opened(stored.digest(), None)

    class Csv:
        def write(self, data: bytes) -> int:
            plain.update(data)
            counter.add(data)
            write(data)
            return len(data)

    fault = ""
    with zstandard.ZstdDecompressor().stream_writer(Csv(), closefd=False) as frame:  # type: ignore[arg-type]

        def take(data: bytes) -> None:
            compressed.update(data)
            frame.write(data)

        try:
            if is_encrypted:
                _relay(lambda ours, theirs: pyrage.decrypt_io(ours, theirs, identities), source.read, take)
            else:
                while data := source.read(_READ_BYTES):
                    take(data)
        except (pyrage.DecryptError, _LibraryError):
            fault = "cannot be decrypted"
        except zstandard.ZstdError:
            fault = "cannot be decompressed"
    while source.read(_READ_BYTES):
        pass
    if fault:
        return Opened(stored.digest(), None, fault)
    return Opened(stored.digest(), Contents(counter.records - 1, plain.digest(), compressed.digest(), stored.digest()))


class _LibraryError(Exception):
    """age failed by itself, not one of our callbacks."""


class _Pieces:
    """An iterator of bytes as a file to read from."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces, self._rest = pieces, memoryview(b"")

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes; none at the end."""
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return b""
            self._rest = memoryview(piece)
        length = len(self._rest) if size < 0 else size
        data, self._rest = bytes(self._rest[:length]), self._rest[length:]
        return data


def _hashed(chunks: Iterable[bytes], hasher: Hasher) -> Iterator[bytes]:
    for chunk in chunks:
        hasher.update(chunk)
        yield chunk


class _Callback:
    """A file whose failure is kept: age hands on an exception of Python's, even Ctrl-C, as a line of text."""

    def __init__(self, read: Callable[[int], bytes], write: Callable[[bytes], None]) -> None:
        self._read, self._write = read, write
        self.failure: BaseException | None = None

    def read(self, size: int = -1) -> bytes:
        try:
            return self._read(size)
        except BaseException as error:
            self.failure = error
            raise

    def write(self, data: bytes) -> int:
        try:
            self._write(bytes(data))
        except BaseException as error:
            self.failure = error
            raise
        return len(data)

    def flush(self) -> None:
        return


def _relay(
    work: Callable[[_Callback, _Callback], object], read: Callable[[int], bytes], write: Callable[[bytes], None]
) -> None:
    callback = _Callback(read, write)
    try:
        work(callback, callback)
    except Exception as error:  # noqa: BLE001 - age gives its callbacks' exceptions a class of its own
        if callback.failure is not None:
            raise callback.failure from None
        # age's own failures come as its own classes or, in the middle of a file, as OSError.
        raise error if isinstance(error, pyrage.DecryptError) else _LibraryError(type(error).__name__) from None
