"""A private S3-compatible server that refuses wrong checksums; its objects lie in its folder."""

from __future__ import annotations

import sys
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from sandbox.servers import process

PROGRAM = process.Program("ministack")
REGION = "eu-west-1"


@dataclass(frozen=True)
class S3:
    """How to reach an S3: endpoint and credentials."""

    endpoint_url: str
    access_key: str
    secret_key: str
    region: str = REGION

    @property
    def port(self) -> int:
        """The port of the endpoint."""
        port = urllib.parse.urlsplit(self.endpoint_url).port
        assert port is not None
        return port

    @property
    def environment(self) -> dict[str, str]:
        """The standard AWS variables that lead a client here with these credentials."""
        return {
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_REGION": self.region,
        }

    def client(self) -> Any:
        """A boto3 S3 client with path-style addresses."""
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint_url,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            region_name=self.region,
            config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 2}),
        )

    def create_bucket(self, name: str) -> None:
        """Create a bucket unless it is ours already."""
        client = self.client()
        if name not in {bucket["Name"] for bucket in client.list_buckets()["Buckets"]}:
            client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": self.region})


def start(folder: Path, *, access_key: str, secret_key: str, port: int | None = None) -> S3:
    """Start the S3 server whose objects lie in `folder`.

    Args:
        folder: private to this server.
        access_key: handed to clients.
        secret_key: handed to clients.
        port: taken when free.

    Raises:
        ServiceError: the server does not start.
    """
    process.private_folder(folder, None)

    def environment(on_port: int) -> dict[str, str]:
        return {
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(on_port),
            "MINISTACK_HOST": "127.0.0.1",
            "MINISTACK_REGION": REGION,
            "SERVICES": "s3",
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str(folder / "data"),
            "STATE_DIR": str(folder / "state"),
            "TMPDIR": str(folder),
            "SFTP_ENABLED": "0",
            "IOT_MTLS_ENABLED": "0",
            "LOG_LEVEL": "WARNING",
        }

    def is_ready(on_port: int) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{on_port}/_ministack/health", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    chosen = process.start(
        PROGRAM,
        folder,
        lambda _: [sys.executable, "-m", "ministack"],
        is_ready,
        environment=environment,
        preferred_port=port,
    )
    return S3(f"http://127.0.0.1:{chosen}", access_key, secret_key)


def stop(folder: Path) -> None:
    """Stop the S3 server in `folder`; harmless when none runs."""
    process.stop(folder, PROGRAM)
