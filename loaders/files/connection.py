"""Opens S3 from the settings and the standard AWS chain, and says what is wrong before anything starts."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from loaders.errors import ConfigurationError, ServiceError
from loaders.files.store import Boto3Store, ObstoreStore, Store
from loaders.settings import Settings


def open_stores(settings: Settings) -> tuple[Store, Any]:
    """The store for small objects and the boto3 client for everything else.

    Raises:
        ConfigurationError: no credentials, or an endpoint without TLS on another machine.
        ServiceError: the bucket cannot be listed.
    """
    _refuse_plain_http(settings.s3_endpoint_url)
    session = boto3.Session()
    if session.get_credentials() is None:
        raise ConfigurationError(
            "no AWS credentials were found",
            hint="Give them by the standard AWS chain: environment, profile, or the machine's role.",
        )
    client = _client(settings, session)
    _check_bucket(settings, client)
    small: Store = Boto3Store(settings, client) if settings.s3_client == "boto3" else ObstoreStore(settings, session)
    return small, client


def _client(settings: Settings, session: boto3.Session) -> Any:
    return session.client(
        "s3",
        region_name=session.region_name or "us-east-1",
        endpoint_url=settings.s3_endpoint_url,
        config=Config(
            connect_timeout=min(10.0, settings.s3_timeout_seconds),
            read_timeout=settings.s3_timeout_seconds,
            # Retries are ours, so that every SlowDown is seen.
            retries={"mode": "standard", "total_max_attempts": 1},
            max_pool_connections=settings.files_workers,
            # Checksums are ours as well: each request carries a SHA-256 of its body.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            s3={"addressing_style": "path"} if settings.s3_endpoint_url else {},
        ),
    )


def _check_bucket(settings: Settings, client: Any) -> None:
    try:
        client.list_objects_v2(Bucket=settings.s3_bucket, MaxKeys=1)
    except (BotoCoreError, ClientError) as error:
        raise unreachable(settings.s3_bucket, error) from None


def unreachable(bucket: str, error: Exception) -> ServiceError:
    """The error for a bucket that cannot be listed, with S3's code and no more of its words."""
    code = error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
    return ServiceError(
        f"cannot list the S3 bucket {bucket} ({code})",
        hint="Are DTX_S3_BUCKET and DTX_S3_ENDPOINT_URL right, and may these AWS credentials list it?",
    )


def _refuse_plain_http(endpoint: str | None) -> None:
    if endpoint is None or endpoint.startswith("https://"):
        return
    host = urlsplit(endpoint).hostname or ""
    try:
        loopback = ip_address(host).is_loopback
    except ValueError:
        loopback = host == "localhost"
    if not loopback:
        raise ConfigurationError(
            "DTX_S3_ENDPOINT_URL is not https and leads to another machine: files would travel in the clear",
            hint="Use https; plain http is for a server on this machine.",
        )
