"""Opens S3 from the settings and the standard AWS chain, and says what is wrong before anything starts."""

from __future__ import annotations

import threading
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from loaders.errors import ConfigurationError, ServiceError
from loaders.files.options import Options
from loaders.files.store import Boto3Store, DirectStore, Store


class S3:
    """One process's ways to the bucket.

    Attributes:
        store: for objects small enough for memory.

    Raises:
        ConfigurationError: no credentials, an endpoint without TLS on another machine, or a proxy before it.
    """

    store: Store

    def __init__(self, options: Options) -> None:
        _refuse_plain_http(options.endpoint_url)
        self._options, self._lock, self._client = options, threading.Lock(), None
        # boto3's own session loads what nobody here uses, and takes as long again to import.
        self._session = botocore.session.Session()
        self._region = self._session.get_config_variable("region") or "us-east-1"
        credentials = self._session.get_credentials()
        if credentials is None:
            raise ConfigurationError(
                "no AWS credentials were found",
                hint="Give them by the standard AWS chain: environment, profile, or the machine's role.",
            )
        if options.client == "boto3":
            self.store = Boto3Store(options, self.client)
        else:
            _refuse_proxy(options.endpoint_url)
            self.store = DirectStore(options, self._region, credentials)

    def client(self) -> Any:
        """boto3's client, for all that `store` cannot do; made when first asked for, which takes 0.15 s."""
        with self._lock:
            if self._client is None:
                self._client = _client(self._options, self._session, self._region)
            return self._client

    def check_bucket(self) -> None:
        """List the bucket.

        Raises:
            ServiceError: it cannot be listed.
        """
        try:
            self.client().list_objects_v2(Bucket=self._options.bucket, MaxKeys=1)
        except (BotoCoreError, ClientError) as error:
            raise unreachable(self._options.bucket, error) from None


def _client(options: Options, session: botocore.session.Session, region: str) -> Any:
    return session.create_client(
        "s3",
        region_name=region,
        endpoint_url=options.endpoint_url,
        config=Config(
            connect_timeout=min(10.0, options.timeout_seconds),
            read_timeout=options.timeout_seconds,
            # Retries are ours, so that every SlowDown is seen.
            retries={"mode": "standard", "total_max_attempts": 1},
            max_pool_connections=options.workers,
            # Checksums are ours as well: each request carries a SHA-256 of its body.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            s3={"addressing_style": "path"} if options.endpoint_url else {},
        ),
    )


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


def _refuse_proxy(endpoint: str | None) -> None:
    parts = urlsplit(endpoint or "https://s3.amazonaws.com")
    if parts.scheme in getproxies() and not proxy_bypass(parts.hostname or ""):
        raise ConfigurationError(
            f"{parts.scheme}_proxy names a proxy, and the direct S3 client knows none",
            hint="Set DTX_S3_CLIENT=boto3, or name the S3 server's host in no_proxy.",
        )
