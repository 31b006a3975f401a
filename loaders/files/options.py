"""What moving files needs of the settings: plain values, so that a worker process starts without reading any."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from loaders.settings import Settings


@dataclass(frozen=True)
class Options:
    """The bucket, how requests to it are made, and how fast.

    Attributes:
        attempts: how often a request is tried in all.
        timeout_seconds: of a request.
        workers: threads.
        files_per_second: None for no limit.
        bytes_per_second: None for no limit.
    """

    bucket: str
    endpoint_url: str | None
    storage_class: str
    server_side_encryption: str | None
    kms_key_id: str | None
    client: Literal["direct", "boto3"]
    attempts: int
    timeout_seconds: float
    workers: int
    files_per_second: float | None
    bytes_per_second: float | None

    @classmethod
    def of(cls, settings: Settings) -> Options:
        """The settings of one run, all processes together."""
        megabytes = settings.megabytes_per_second
        return cls(
            bucket=settings.s3_bucket,
            endpoint_url=settings.s3_endpoint_url,
            storage_class=settings.s3_storage_class,
            server_side_encryption=settings.s3_server_side_encryption,
            kms_key_id=settings.s3_kms_key_id,
            client=settings.s3_client,
            attempts=settings.s3_attempts,
            timeout_seconds=settings.s3_timeout_seconds,
            workers=settings.files_workers,
            files_per_second=settings.files_per_second,
            bytes_per_second=megabytes * 1e6 if megabytes else None,
        )
