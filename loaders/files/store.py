"""The S3 bucket as the transfers see it: create-only puts, whole reads, and faults by what can be done about them."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from botocore.exceptions import BotoCoreError, ClientError
from obstore.auth.boto3 import Boto3CredentialProvider
from obstore.exceptions import AlreadyExistsError, BaseError, NotFoundError
from obstore.store import S3Store

from loaders.files.options import Options

if TYPE_CHECKING:
    from boto3 import Session
    from obstore.store import S3Config
    from typing_extensions import Buffer

_STREAM_BYTES = 1 << 20


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

    def put(self, key: str, body: bytes, description: ObjectDescription) -> None:
        """Create an object; S3 checks the checksum that is sent with it.

        Raises:
            AlreadyThereError: nothing was overwritten.
            StoreFault: worth another try.
        """

    def read(self, key: str, size: int) -> Buffer:
        """The stored bytes; none of them when they are not `size` many: a stranger's object may not fit into memory.

        Raises:
            NotThereError: no object.
            StoreFault: worth another try.
        """


class ObstoreStore:
    """Puts and reads by obstore: measured at 2.7 times s5cmd's rate for puts alone."""

    def __init__(self, options: Options, session: Session) -> None:
        endpoint = options.endpoint_url
        config: S3Config = {
            "region": session.region_name or "us-east-1",
            "virtual_hosted_style_request": endpoint is None,
            # S3 refuses a body that does not match it, and keeps it for later audits.
            "checksum_algorithm": "SHA256",
            # The checksum guards the body; signing it too would hash it once more.
            "unsigned_payload": True,
        }
        if endpoint is not None:
            config["endpoint"] = endpoint
        if options.server_side_encryption is not None:
            config["server_side_encryption"] = options.server_side_encryption
        if options.kms_key_id is not None:
            config["sse_kms_key_id"] = options.kms_key_id
        self._storage_class = options.storage_class
        self._store = S3Store(
            options.bucket,
            credential_provider=Boto3CredentialProvider(session),
            config=config,
            # Retries are ours: obstore's own would hide the SlowDown that halves our rate.
            retry_config={"max_retries": 0},
            client_options={
                "allow_http": endpoint is not None and endpoint.startswith("http://"),
                "timeout": timedelta(seconds=options.timeout_seconds),
                "connect_timeout": timedelta(seconds=min(10.0, options.timeout_seconds)),
            },
        )

    def put(self, key: str, body: bytes, description: ObjectDescription) -> None:
        """See `Store`."""
        attributes = {
            "Content-Type": description.content_type,
            "Storage-Class": self._storage_class,
            **description.metadata,
        }
        try:
            self._store.put(key, body, mode="create", use_multipart=False, attributes=attributes)
        except AlreadyExistsError:
            raise AlreadyThereError from None
        except (BaseError, OSError) as error:
            raise _obstore_fault(error) from None

    def read(self, key: str, size: int) -> Buffer:
        """See `Store`."""
        try:
            answer = self._store.get(key)
            return answer.bytes() if answer.meta["size"] == size else b""
        except (NotFoundError, FileNotFoundError):
            raise NotThereError from None
        except (BaseError, OSError) as error:
            raise _obstore_fault(error) from None


class Boto3Store:
    """The same by boto3, for whoever wants one S3 client alone; slower."""

    def __init__(self, options: Options, client: Callable[[], Any]) -> None:
        self._bucket, self._client = options.bucket, client
        self._object_options = object_options(options)

    def put(self, key: str, body: bytes, description: ObjectDescription) -> None:
        """See `Store`."""
        with boto3_faults():
            self._client().put_object(
                Bucket=self._bucket,
                Key=key,
                Body=body,
                IfNoneMatch="*",
                ChecksumSHA256=b64encode(sha256(body).digest()).decode(),
                ContentType=description.content_type,
                Metadata=dict(description.metadata),
                **self._object_options,
            )

    def read(self, key: str, size: int) -> Buffer:
        """See `Store`."""
        with boto3_faults():
            answer = self._client().get_object(Bucket=self._bucket, Key=key)
            body: bytes = answer["Body"].read() if answer["ContentLength"] == size else b""
            answer["Body"].close()
            return body


def sha256_of_stored(client: Callable[[], Any], bucket: str, key: str) -> bytes:
    """SHA-256 of an object of any size, read back in pieces.

    Raises:
        NotThereError: no object.
        StoreFault: worth another try.
    """
    digest = sha256()
    with boto3_faults():
        answer = client().get_object(Bucket=bucket, Key=key)
        for piece in answer["Body"].iter_chunks(_STREAM_BYTES):
            digest.update(piece)
    return digest.digest()


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
    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        if status == 412:
            raise AlreadyThereError from None
        if code in ("NoSuchKey", "404"):
            raise NotThereError from None
        raise StoreFault(slow_down=status in (429, 503)) from None
    except BotoCoreError:
        raise StoreFault from None


def _obstore_fault(error: Exception) -> StoreFault:
    # obstore has no error class for it; S3's status and code are in the text.
    text = str(error)
    return StoreFault(slow_down="503 Service Unavailable" in text or "SlowDown" in text or "429 Too" in text)
