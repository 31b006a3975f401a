"""Objects too large for memory: create-only multipart uploads by boto3, each part checked by its SHA-256."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256
from typing import Any, TypeVar

from loaders.files.options import Options
from loaders.files.source import FileFault, SourceFile
from loaders.files.store import NotThereError, ObjectDescription, StoreFault, boto3_faults, object_options

PART_BYTES = 16 << 20
_MAXIMUM_PARTS = 10_000

Outcome = TypeVar("Outcome")


class MultipartUpload:
    """Uploads large files; memory is one part per worker.

    Args:
        client: gives boto3's.
        persistently: runs an operation again while it raises StoreFault.
    """

    def __init__(
        self, options: Options, client: Callable[[], Any], persistently: Callable[[Callable[[], Outcome]], Outcome]
    ) -> None:
        self._client, self._bucket = client, options.bucket
        self._object_options = object_options(options)
        self._persistently = persistently

    def put(self, key: str, source: SourceFile, digest: bytes, description: ObjectDescription) -> None:
        """Create an object from an open file.

        Args:
            key: the object's key.
            source: the file.
            digest: SHA-256 of a first reading; the second one, which is sent, must agree.
            description: content type and metadata.

        Raises:
            FileFault: `file_changed` between the readings; nothing was created.
            AlreadyThereError: nothing was overwritten.
            StoreFault: S3 failed for longer than the retries last; nothing was created.
        """
        place = {"Bucket": self._bucket, "Key": key}
        place["UploadId"] = self._call(
            self._client().create_multipart_upload,
            **place,
            ChecksumAlgorithm="SHA256",
            ContentType=description.content_type,
            Metadata=dict(description.metadata),
            **self._object_options,
        )["UploadId"]
        try:
            parts = self._send(place, source, digest)
            self._call(
                self._client().complete_multipart_upload,
                **place,
                IfNoneMatch="*",
                MultipartUpload={"Parts": parts},
            )
        except BaseException:
            # Parts of an upload that nobody completes are stored, and paid for, for ever.
            self._abort(place)
            raise

    def _send(self, place: dict[str, str], source: SourceFile, digest: bytes) -> list[dict[str, Any]]:
        part_bytes = max(PART_BYTES, -(-source.size // _MAXIMUM_PARTS))
        whole, parts = sha256(), []
        for number, body in enumerate(source.parts(part_bytes), start=1):
            whole.update(body)
            checksum = b64encode(sha256(body).digest()).decode()
            answer = self._call(
                self._client().upload_part, **place, PartNumber=number, Body=body, ChecksumSHA256=checksum
            )
            parts.append({"PartNumber": number, "ETag": answer["ETag"], "ChecksumSHA256": checksum})
        if whole.digest() != digest:
            raise FileFault("file_changed")
        return parts

    def _call(self, operation: Callable[..., Any], **arguments: Any) -> Any:
        def once() -> Any:
            try:
                with boto3_faults():
                    return operation(**arguments)
            except NotThereError:
                raise StoreFault from None

        return self._persistently(once)

    def _abort(self, place: dict[str, str]) -> None:
        try:
            self._call(self._client().abort_multipart_upload, **place)
        except StoreFault:
            return  # left to the bucket's lifecycle rule
