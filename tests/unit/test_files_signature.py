"""The requests of `dtx files`: botocore, which signs by other code, must sign them alike."""

from __future__ import annotations

from datetime import UTC, datetime

import botocore.auth
import pytest
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

from loaders.files.wire import Access, Place, Signer

REGION = "eu-central-1"
MOMENT = datetime(2026, 3, 1, 12, 30, 15, tzinfo=UTC)
HEADERS = {
    "host": "bucket.s3.eu-central-1.amazonaws.com",
    "if-none-match": "*",
    "content-type": "application/pdf",
    "x-amz-storage-class": "STANDARD_IA",
    "x-amz-meta-original-name": "Caf%C3%A9%20%E2%82%AC.pdf",
    "x-amz-checksum-sha256": "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
}


def fields(head: bytes) -> dict[str, str]:
    first, *lines = head.decode().removesuffix("\r\n\r\n").split("\r\n")
    assert first.endswith(" HTTP/1.1")
    return dict(line.split(":", 1) for line in lines)


@pytest.mark.parametrize("token", [None, "session/token=="])
@pytest.mark.parametrize(
    ("method", "length", "query"), [("PUT", 5, ""), ("GET", None, ""), ("GET", None, "list-type=2&max-keys=1")]
)
def test_a_request_is_signed_as_botocore_signs_it(
    token: str | None, method: str, length: int | None, query: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    credentials = Credentials("AKIAEXAMPLE", "secret/key", token)
    path = "/dtx1/repo_file/a-b_c.d/0001"
    signer = Signer(lambda: Access(REGION, "AKIAEXAMPLE", "secret/key", token), clock=MOMENT.timestamp)

    ours = fields(signer.head(method, path, HEADERS, length, query))

    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda **_: MOMENT)
    request = AWSRequest(method, f"https://{HEADERS['host']}{path}?{query}", headers={**HEADERS}, data=b"12345")
    request.context["client_config"] = Config(s3={"payload_signing_enabled": False})
    botocore.auth.S3SigV4Auth(credentials, "s3", REGION).add_auth(request)
    assert ours["authorization"] == request.headers["Authorization"]
    assert ours.get("x-amz-security-token") == token
    assert ours.get("content-length") == (None if length is None else str(length))


def test_renewed_credentials_sign_the_next_request() -> None:
    secrets = iter(["first", "first", "second"])
    signer = Signer(lambda: Access(REGION, "AKIAEXAMPLE", next(secrets), None), clock=MOMENT.timestamp)
    first = fields(signer.head("GET", "/k", HEADERS, None))["authorization"]
    second = fields(signer.head("GET", "/k", HEADERS, None))["authorization"]
    assert first.rpartition("=")[0] == second.rpartition("=")[0]
    assert first != second


def test_where_a_bucket_answers() -> None:
    aws = Place.of("bucket", REGION, None)
    assert (aws.host, aws.address, aws.folder) == (f"bucket.s3.{REGION}.amazonaws.com", (aws.host, 443), "/")
    assert aws.tls is not None
    other = Place.of("bucket", REGION, "http://127.0.0.1:9000/")
    assert other == Place("127.0.0.1:9000", ("127.0.0.1", 9000), "/bucket/", None)
