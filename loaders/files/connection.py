"""Opens S3 from the settings and the standard AWS chain, and says what is wrong before anything starts."""

from __future__ import annotations

import threading
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from loaders.errors import ConfigurationError, ServiceError
from loaders.files.options import Options
from loaders.files.store import Boto3Store, DirectStore, Store
from loaders.files.wire import Access


class S3:
    """One process's ways to the bucket.

    Args:
        options: the bucket, and how requests to it are made.
        access: gives region and credentials, in a process whose parent looked at the endpoint; None for the standard
            AWS chain.

    Attributes:
        store: for objects small enough for memory.
        access: as given, or of the chain.

    Raises:
        ConfigurationError: no credentials, an endpoint without TLS on another machine, or a proxy before it.
        ServiceError: whoever gives the credentials fails.
    """

    store: Store

    def __init__(self, options: Options, access: Callable[[], Access] | None = None) -> None:
        self._options, self._lock, self._client = options, threading.Lock(), None
        if access is None:
            _refuse_plain_http(options.endpoint_url)
            if options.client == "direct":
                _refuse_proxy(options.endpoint_url)
        self.access = access or _aws_chain()
        if options.client == "boto3":
            self.store = Boto3Store(options, self.client)
        else:
            self.store = DirectStore(options, self.access)

    def client(self) -> Any:
        """boto3's client, for all that `store` cannot do; made when first asked for, which takes 0.15 s."""
        with self._lock:
            if self._client is None:
                self._client = _client(self._options, self.access().region)
            return self._client

    def check_bucket(self) -> None:
        """List the bucket.

        Raises:
            ServiceError: it cannot be listed.
        """
        if isinstance(self.store, DirectStore) and self.store.can_list():
            return
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - see _aws_chain

        try:
            self.client().list_objects_v2(Bucket=self._options.bucket, MaxKeys=1)
        except (BotoCoreError, ClientError) as error:
            raise unreachable(self._options.bucket, error) from None


def _aws_chain() -> Callable[[], Access]:
    # A worker process of a long list needs none of botocore, whose import is most of its start. boto3's own session
    # loads what nobody here uses, and takes as long again.
    import botocore.session  # noqa: PLC0415
    from botocore.exceptions import BotoCoreError  # noqa: PLC0415

    def given(ask: Callable[[], Any]) -> Any:
        try:
            return ask()
        except BotoCoreError as error:
            raise ServiceError(
                f"AWS gave no credentials ({type(error).__name__})",
                hint="See whether the profile, role or process that gives them works; then run the same command again.",
            ) from None

    session = botocore.session.Session()
    region = given(lambda: session.get_config_variable("region")) or "us-east-1"
    credentials = given(session.get_credentials)
    if credentials is None:
        raise ConfigurationError(
            "no AWS credentials were found",
            hint="Give them by the standard AWS chain: environment, profile, or the machine's role.",
        )

    def access() -> Access:
        frozen = given(credentials.get_frozen_credentials)  # renewed in time
        return Access(region, frozen.access_key, frozen.secret_key, frozen.token)

    return access


def _client(options: Options, region: str) -> Any:
    import botocore.session  # noqa: PLC0415 - see _aws_chain
    from botocore.config import Config  # noqa: PLC0415

    return botocore.session.Session().create_client(
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
    from botocore.exceptions import ClientError  # noqa: PLC0415 - see _aws_chain

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
    from urllib.request import getproxies, proxy_bypass  # noqa: PLC0415 - see _aws_chain

    parts = urlsplit(endpoint or "https://s3.amazonaws.com")
    if parts.scheme in getproxies() and not proxy_bypass(parts.hostname or ""):
        raise ConfigurationError(
            f"{parts.scheme}_proxy names a proxy, and the direct S3 client knows none",
            hint="Set DTX_S3_CLIENT=boto3, or name the S3 server's host in no_proxy.",
        )
