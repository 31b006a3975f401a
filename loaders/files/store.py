"""The S3 bucket as the transfers see it: create-only puts, whole reads, and faults by what can be done about them."""

from __future__ import annotations

import threading
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from hashlib import sha256
from typing import Any, NamedTuple, Protocol

from loaders.files.options import Options
from loaders.files.wire import Access, Answer, Place, Signer, Wire

_STREAM_BYTES = 1 << 20
_SLOW_DOWN = (429, 503)
# A server, or whatever is before it, that lost so many pipelined requests gets none any more from this process.
_LOST_IN_A_ROW = 3


class AlreadyThereError(Exception):
    """An object lies under the key; it was not overwritten."""


class NotThereError(Exception):
    """No object lies under the key."""


class StoreFault(Exception):
    """S3 failed or refused; worth another try.

    Args:
        slow_down: S3 asked for fewer requests.
    """

    def __init__(self, slow_down: bool = False) -> None:
        super().__init__("S3 asked to slow down" if slow_down else "S3 failed")
        self.slow_down = slow_down


class ObjectDescription(NamedTuple):
    """What is stored beside an object's bytes.

    Attributes:
        content_type: MIME type.
        metadata: user metadata, ASCII.
    """

    content_type: str
    metadata: Mapping[str, str]


class Store(Protocol):
    """Objects small enough for memory."""

    def put(self, key: str, body: bytes, digest: bytes, description: ObjectDescription) -> None:
        """Create an object; S3 refuses a body whose SHA-256 is not `digest`, and keeps that for later audits.

        Raises:
            AlreadyThereError: nothing was overwritten.
            StoreFault: worth another try.
        """

    def read(self, key: str, size: int) -> Iterator[bytes | memoryview]:
        """The stored bytes, in pieces that hold until the next one; none of them when they are not `size` many.

        Raises:
            NotThereError: no object.
            StoreFault: worth another try.
        """


class DirectStore:
    """Puts and reads on the wire: a third of obstore's CPU a file, an eighth of boto3's (docs/files.md, How fast).

    The request that reads an object back is pipelined behind the one that puts it: S3 works them off in their order
    (RFC 9112, section 9.3.2), and a way there and back is saved. `read` asks again where that brought no object.

    Args:
        access: region and credentials.
    """

    def __init__(self, options: Options, access: Callable[[], Access]) -> None:
        place = Place.of(options.bucket, access().region, options.endpoint_url)
        self._folder, self._signer = place.folder, Signer(access)
        self._wire = Wire(place, options.timeout_seconds)
        self._of_thread, self._lost_in_a_row = threading.local(), 0
        self._get_headers = {"host": place.host}
        put_headers = {
            "host": place.host,
            "if-none-match": "*",
            "x-amz-storage-class": options.storage_class,
            "x-amz-server-side-encryption": options.server_side_encryption,
            "x-amz-server-side-encryption-aws-kms-key-id": options.kms_key_id,
        }
        self._put_headers = {name: value for name, value in put_headers.items() if value is not None}

    def put(self, key: str, body: bytes, digest: bytes, description: ObjectDescription) -> None:
        """See `Store`."""
        headers = {
            **self._put_headers,
            "content-type": description.content_type,
            "x-amz-checksum-sha256": b64encode(digest).decode(),
            **{f"x-amz-meta-{name}": value for name, value in description.metadata.items()},
        }
        head = self._signer.head("PUT", self._folder + key, headers, len(body))
        reading = self._reading(key) if self._lost_in_a_row < _LOST_IN_A_ROW else b""
        answer = self._exchange(head, body, pipelined=reading)
        self._of_thread.pipelined = key if reading and answer.status == 200 else None
        if answer.status == 412:
            raise AlreadyThereError
        _check(answer)

    def read(self, key: str, size: int) -> Iterator[bytes | memoryview]:
        """See `Store`."""
        answer = self._pipelined(key, size) or self._exchange(self._reading(key), expected=size)
        if answer.status == 404:
            raise NotThereError
        _check(answer)
        if answer.length is None:
            raise StoreFault
        try:
            yield from answer.body
        except OSError:
            raise StoreFault from None

    def can_list(self) -> bool:
        """Whether the bucket can be listed; boto3 says why not, and takes a fifth of a second to start."""
        try:
            head = self._signer.head("GET", self._folder, self._get_headers, query="list-type=2&max-keys=1")
            return self._exchange(head).status == 200
        except StoreFault:
            return False

    def _reading(self, key: str) -> bytes:
        return self._signer.head("GET", self._folder + key, self._get_headers)

    def _pipelined(self, key: str, size: int) -> Answer | None:
        """The answer that this thread's last put has asked for, if it is of use; each is asked for once."""
        if getattr(self._of_thread, "pipelined", None) != key:
            return None
        self._of_thread.pipelined = None
        try:
            answer = self._wire.pipelined(size)
        except OSError:
            answer = None
        if answer and answer.status != 404:
            self._lost_in_a_row = 0
            return answer
        self._lost_in_a_row += 1
        return None

    def _exchange(self, head: bytes, body: bytes = b"", expected: int = 0, pipelined: bytes = b"") -> Answer:
        try:
            return self._wire.exchange(head, body, expected, pipelined)
        except OSError:
            raise StoreFault from None


class Boto3Store:
    """The same by boto3, for whoever needs what only that knows, such as a proxy; slower."""

    def __init__(self, options: Options, client: Callable[[], Any]) -> None:
        self._bucket, self._client = options.bucket, client
        self._object_options = object_options(options)

    def put(self, key: str, body: bytes, digest: bytes, description: ObjectDescription) -> None:
        """See `Store`."""
        with boto3_faults():
            self._client().put_object(
                Bucket=self._bucket,
                Key=key,
                Body=body,
                IfNoneMatch="*",
                ChecksumSHA256=b64encode(digest).decode(),
                ContentType=description.content_type,
                Metadata=dict(description.metadata),
                **self._object_options,
            )

    def read(self, key: str, size: int) -> Iterator[bytes | memoryview]:
        """See `Store`."""
        with boto3_faults():
            answer = self._client().get_object(Bucket=self._bucket, Key=key)
            with closing(answer["Body"]) as body:
                if answer["ContentLength"] == size:
                    yield from body.iter_chunks(_STREAM_BYTES)


def sha256_of(pieces: Iterable[bytes | memoryview]) -> bytes:
    """SHA-256 of what comes in pieces."""
    digest = sha256()
    for piece in pieces:
        digest.update(piece)
    return digest.digest()


def sha256_of_stored(client: Callable[[], Any], bucket: str, key: str) -> bytes:
    """SHA-256 of an object of any size, read back in pieces.

    Raises:
        NotThereError: no object.
        StoreFault: worth another try.
    """
    with boto3_faults():
        answer = client().get_object(Bucket=bucket, Key=key)
        return sha256_of(answer["Body"].iter_chunks(_STREAM_BYTES))


def object_options(options: Options) -> dict[str, str]:
    """Storage class and encryption as boto3's arguments."""
    arguments = {
        "StorageClass": options.storage_class,
        "ServerSideEncryption": options.server_side_encryption,
        "SSEKMSKeyId": options.kms_key_id,
    }
    return {name: value for name, value in arguments.items() if value is not None}


@contextmanager
def boto3_faults() -> Iterator[None]:
    """Turn boto3's errors into this module's."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - 0.1 s, and rarely needed

    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        if status == 412:
            raise AlreadyThereError from None
        if code in ("NoSuchKey", "404"):
            raise NotThereError from None
        raise StoreFault(slow_down=status in _SLOW_DOWN) from None
    except BotoCoreError:
        raise StoreFault from None


def _check(answer: Answer) -> None:
    if answer.status != 200:
        raise StoreFault(slow_down=answer.status in _SLOW_DOWN)
