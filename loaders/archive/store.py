"""Where archives lie: a folder, or an S3 prefix. Nothing is overwritten, and nothing half written looks done (A4).

A folder's archive is written beside its name and renamed at the end; on S3, where nothing can be renamed, an archive is
whole once it has its manifest, which is written last.
"""

from __future__ import annotations

import os
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from loaders.archive.manifest import MANIFEST
from loaders.archive.sealing import Sink
from loaders.errors import ConfigurationError, RefusedError, ServiceError
from loaders.failpoints import failpoint
from loaders.files.connection import S3
from loaders.files.limiter import Limiter
from loaders.files.multipart import PART_BYTES
from loaders.files.options import Options
from loaders.files.store import AlreadyThereError, NotThereError, StoreFault, boto3_faults, object_options
from loaders.files.transfer import Persistence
from loaders.settings import Settings

_READ_BYTES = 1 << 20
_UNFINISHED = ".partial"


class Store(Protocol):
    """Archives by name, each a few files."""

    location: str

    def listing(self) -> dict[str, set[str]]:
        """Names of files by archive; only a whole archive has its manifest among them."""

    def writing(self, archive: str, name: str) -> Any:
        """A context that gives a sink; the file is there when the context ends without an exception."""

    def written(self, archive: str, name: str) -> Iterator[bytes]:
        """Read back a file of an archive that is not finished yet."""

    def finish(self, archive: str) -> None:
        """The archive's files are all there, its manifest too."""

    def read(self, archive: str, name: str) -> Iterator[bytes]:
        """A file of a finished archive.

        Raises:
            NotThereError: no such file.
        """


def open_store(settings: Settings) -> Store:
    """The place that DTX_ARCHIVE_URL names.

    Raises:
        ConfigurationError: it is not set, or neither a folder nor s3://bucket/prefix.
        ServiceError: the bucket cannot be listed.
    """
    if settings.archive_url is None:
        raise ConfigurationError(
            "DTX_ARCHIVE_URL is not set", hint="Name a folder, or s3://bucket/prefix, that only archives are kept in."
        )
    parts = urlsplit(settings.archive_url)
    if parts.scheme == "s3" and parts.netloc:
        return S3Store(settings, parts.netloc, parts.path.strip("/"))
    if parts.scheme or not Path(settings.archive_url).is_absolute():
        raise ConfigurationError(
            "DTX_ARCHIVE_URL is neither s3://bucket/prefix nor the absolute path of a folder", hint="Correct it."
        )
    return FolderStore(Path(settings.archive_url))


class FolderStore:
    """Archives as folders of one folder."""

    def __init__(self, root: Path) -> None:
        self._root, self.location = root, str(root)

    def listing(self) -> dict[str, set[str]]:
        """See `Store`."""
        with _naming_os_errors(self.location):
            if not self._root.exists():
                return {}
            folders = [folder for folder in self._root.iterdir() if folder.is_dir()]
            return {folder.name: {file.name for file in folder.iterdir()} for folder in folders}

    @contextmanager
    def writing(self, archive: str, name: str) -> Iterator[Sink]:
        """See `Store`."""
        folder = self._root / (archive + _UNFINISHED)
        with _naming_os_errors(f"{archive}/{name}"):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            # Errors are named where they arise: whoever writes here reads a database meanwhile.
            yield _File(descriptor, f"{archive}/{name}")
            with _naming_os_errors(f"{archive}/{name}"):
                os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def written(self, archive: str, name: str) -> Iterator[bytes]:
        """See `Store`."""
        return self._chunks(archive + _UNFINISHED, name)

    def finish(self, archive: str) -> None:
        """See `Store`."""
        with _naming_os_errors(archive):
            _synchronise(self._root / (archive + _UNFINISHED))
            (self._root / (archive + _UNFINISHED)).rename(self._root / archive)
            _synchronise(self._root)

    def read(self, archive: str, name: str) -> Iterator[bytes]:
        """See `Store`."""
        return self._chunks(archive, name)

    def _chunks(self, folder: str, name: str) -> Iterator[bytes]:
        with _naming_os_errors(f"{folder}/{name}"):
            try:
                file = (self._root / folder / name).open("rb")
            except FileNotFoundError:
                raise NotThereError from None
            with file:
                while chunk := file.read(_READ_BYTES):
                    yield chunk


class S3Store:
    """Archives as prefixes below one prefix."""

    def __init__(self, settings: Settings, bucket: str, prefix: str) -> None:
        options = Options.of(settings.model_copy(update={"s3_bucket": bucket}))
        s3 = S3(options)
        s3.check_bucket()
        self._client = s3.client()
        self._bucket, self._prefix = bucket, f"{prefix}/" if prefix else ""
        self.location = f"s3://{bucket}/{prefix}".rstrip("/")
        self._options = object_options(options)
        stop = threading.Event()
        self._persistently = Persistence(settings.s3_attempts, Limiter(None, None, stop), stop)

    def listing(self) -> dict[str, set[str]]:
        """See `Store`."""
        found: dict[str, set[str]] = {}

        def list_all() -> None:
            found.clear()
            with boto3_faults():
                pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self._prefix)
                for entry in (entry for page in pages for entry in page.get("Contents", [])):
                    archive, _, name = entry["Key"].removeprefix(self._prefix).partition("/")
                    found.setdefault(archive, set()).add(name)

        self._call(self.location, list_all)
        return found

    @contextmanager
    def writing(self, archive: str, name: str) -> Iterator[Sink]:
        """See `Store`."""
        upload = _Upload(
            self._client,
            {"Bucket": self._bucket, "Key": self._key(archive, name)},
            self._options,
            lambda operation: self._call(f"{archive}/{name}", operation),
        )
        try:
            yield upload
            upload.complete()
        except BaseException:
            upload.abort()
            raise

    def written(self, archive: str, name: str) -> Iterator[bytes]:
        """See `Store`."""
        return self.read(archive, name)

    def finish(self, archive: str) -> None:
        """See `Store`."""

    def read(self, archive: str, name: str) -> Iterator[bytes]:
        """See `Store`."""
        place = {"Bucket": self._bucket, "Key": self._key(archive, name)}

        def get() -> Any:
            with boto3_faults():
                return self._client.get_object(**place)

        body = self._call(f"{archive}/{name}", get)["Body"]
        try:
            with boto3_faults():
                yield from body.iter_chunks(_READ_BYTES)
        except StoreFault:
            raise _s3_failed(f"{archive}/{name}") from None

    def _key(self, archive: str, name: str) -> str:
        return f"{self._prefix}{archive}/{name}"

    def _call(self, what: str, operation: Callable[[], Any]) -> Any:
        try:
            return self._persistently(operation)
        except StoreFault:
            raise _s3_failed(what) from None


class _Upload:
    """A create-only object of unknown size: one request when it is small, else parts; memory is one part."""

    def __init__(
        self,
        client: Any,
        place: dict[str, str],
        options: dict[str, str],
        call: Callable[[Callable[[], Any]], Any],
    ) -> None:
        self._client, self._place, self._options, self._call = client, place, options, call
        self._buffer = bytearray()
        self._upload: dict[str, str] = {}
        self._parts: list[dict[str, Any]] = []

    def write(self, data: bytes, /) -> object:
        """See `Sink`."""
        self._buffer += data
        while len(self._buffer) > PART_BYTES:
            self._send_part(bytes(self._buffer[:PART_BYTES]))
            del self._buffer[:PART_BYTES]
        return len(data)

    def complete(self) -> None:
        """Make the object appear. One that is there already is judged when it is read back: it may be ours."""
        body = bytes(self._buffer)
        try:
            if not self._upload:
                self._request(
                    self._client.put_object,
                    Body=body,
                    IfNoneMatch="*",
                    ChecksumSHA256=_checksum(body),
                    **self._place,
                    **self._options,
                )
                return
            self._send_part(body)
            failpoint("archive.parts_sent")
            self._request(
                self._client.complete_multipart_upload,
                IfNoneMatch="*",
                MultipartUpload={"Parts": self._parts},
                **self._upload,
            )
        except AlreadyThereError:
            self.abort()

    def abort(self) -> None:
        """Give up the parts: those of an upload that nobody completes are stored, and paid for, for ever."""
        if self._upload:
            # What cannot be aborted is left to the bucket's lifecycle rule.
            with suppress(StoreFault, NotThereError), boto3_faults():
                self._client.abort_multipart_upload(**self._upload)

    def _send_part(self, body: bytes) -> None:
        if not self._upload:
            answer = self._request(
                self._client.create_multipart_upload, ChecksumAlgorithm="SHA256", **self._place, **self._options
            )
            self._upload = {**self._place, "UploadId": answer["UploadId"]}
        number, checksum = len(self._parts) + 1, _checksum(body)
        answer = self._request(
            self._client.upload_part, PartNumber=number, Body=body, ChecksumSHA256=checksum, **self._upload
        )
        self._parts.append({"PartNumber": number, "ETag": answer["ETag"], "ChecksumSHA256": checksum})
        failpoint("archive.part_sent")

    def _request(self, operation: Callable[..., Any], **arguments: Any) -> Any:
        def once() -> Any:
            try:
                with boto3_faults():
                    return operation(**arguments)
            except NotThereError:
                raise StoreFault from None

        return self._call(once)


class _File:
    """A file of an archive."""

    def __init__(self, descriptor: int, what: str) -> None:
        self._descriptor, self._what = descriptor, what

    def write(self, data: bytes, /) -> object:
        """See `Sink`."""
        rest = memoryview(data)
        with _naming_os_errors(self._what):
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        return len(data)


def whole_archives(store: Store) -> list[str]:
    """Names of the archives that have their manifest, in order."""
    return sorted(
        name for name, files in store.listing().items() if MANIFEST in files and not name.endswith(_UNFINISHED)
    )


def _checksum(body: bytes) -> str:
    return b64encode(sha256(body).digest()).decode()


def _s3_failed(what: str) -> ServiceError:
    return ServiceError(
        f"S3 failed at {what} for longer than the retries last",
        hint="Run the command again; DTX_S3_ATTEMPTS says how often a request is tried.",
    )


def _synchronise(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _naming_os_errors(what: str) -> Iterator[None]:
    try:
        yield
    except FileExistsError:
        raise RefusedError(f"{what} is there already; it was not overwritten", hint="Move it away.") from None
    except OSError as error:
        raise ServiceError(
            f"the archive's folder failed at {what} ({os.strerror(error.errno or 0)})",
            hint="Is there room, and may this user write there?",
        ) from None
