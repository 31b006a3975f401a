"""`dtx files` on a real file tree, a real PostgreSQL and a real S3."""

from __future__ import annotations

import hashlib
import ssl
import subprocess
from pathlib import Path
from typing import Any

import pytest
from files_proxy import fault_proxy
from files_support import Rig, write_manifest

from loaders.errors import ConfigurationError, RefusedError, ServiceError
from loaders.settings import Settings
from sandbox.servers.s3 import S3

LARGE = 20 << 20


@pytest.fixture
def rig(ledger: Settings, s3: S3, tmp_path: Path) -> Rig:
    return Rig(ledger, s3, write_manifest(tmp_path / "manifest.json"))


def bodies(count: int, size: int = 1_000) -> dict[str, bytes]:
    return {
        f"{number % 3}/{number:04d}.pdf": hashlib.sha256(b"%d" % number).digest() * (size // 32)
        for number in range(count)
    }


def head(rig: Rig, key: str) -> dict[str, Any]:
    answer: dict[str, Any] = rig.s3.client().head_object(Bucket=rig.bucket, Key=f"dtx1/repo_file/{key}")
    return answer


@pytest.mark.parametrize(("client", "count"), [("direct", 520), ("boto3", 40)])
def test_verified_objects_hold_the_bytes_and_lead_back_to_their_rows(rig: Rig, client: str, count: int) -> None:
    files = {**bodies(count), "large.pdf": hashlib.sha256(b"large").digest() * (LARGE // 32) + b"tail"}
    rig.write(files)

    document = rig.run(s3_client=client)

    assert document["schema"] == "dtx.files/1"
    assert document["transfer"]["verified"] == document["transfer"]["sent_files"] == len(files)
    assert document["transfer"]["sent_bytes"] == sum(map(len, files.values()))
    assert rig.objects() == files
    assert set(rig.ledger().values()) == {"verified"}
    assert {row[1]: (row[7], row[9]) for row in rig.rows()} == {
        key: (len(body), hashlib.sha256(body).digest()) for key, body in files.items()
    }
    for key in ("1/0001.pdf", "large.pdf"):
        described = head(rig, key)
        assert described["ContentType"] == "application/pdf"
        assert described["Metadata"] == {
            "sha256": hashlib.sha256(files[key]).hexdigest(),
            "entity": "repo_file",
            "legacy-key": key,
            "original-name": key.replace("/", "%2F") + "%20%C3%A9.pdf",
        }


@pytest.mark.parametrize("client", ["direct", "boto3"])
def test_over_tls_the_server_must_be_one_that_boto3_would_trust(
    rig: Rig, client: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    request = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=test"
    subprocess.run(
        [*request.split(), "-addext", "subjectAltName=IP:127.0.0.1", "-out", certificate, "-keyout", key],
        check=True,
        stderr=subprocess.DEVNULL,
    )
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    files = {**bodies(3), "longer.pdf": hashlib.sha256(b"longer").digest() * 100_000}
    rig.write(files)
    with fault_proxy(rig.s3.endpoint_url, tls) as proxy:
        with pytest.raises(ServiceError, match="SSLError"):
            rig.run(s3_endpoint_url=proxy.url, s3_client=client)
        monkeypatch.setenv("AWS_CA_BUNDLE", str(certificate))
        rig.run(s3_endpoint_url=proxy.url, s3_client=client)

    assert set(rig.ledger().values()) == {"verified"}
    assert rig.objects() == files


def test_a_proxy_that_the_direct_client_does_not_know_is_refused(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    rig.write({"a": b"a"})
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "localhost")
    with pytest.raises(ConfigurationError, match="http_proxy"):
        rig.run()
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    rig.run()
    assert rig.ledger() == {"a": "verified"}


def test_a_source_of_credentials_that_fails_is_named(rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config").write_text("[profile broken]\ncredential_process = false\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_PROFILE", "broken")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    rig.write({"a": b"a"})

    with pytest.raises(ServiceError, match="CredentialRetrievalError"):
        rig.run()
    monkeypatch.setenv("AWS_PROFILE", "absent")
    with pytest.raises(ServiceError, match="ProfileNotFound"):
        rig.run()

    assert rig.rows() == []


def test_f5_a_second_run_sends_nothing_and_changes_nothing(rig: Rig) -> None:
    rig.write(bodies(30))
    rig.run()
    before = rig.rows()

    document = rig.run()

    assert document["transfer"]["sent_files"] == document["transfer"]["verified"] == 0
    assert document["plan"]["verified"] == 30
    assert rig.rows() == before


def test_f5_same_bytes_under_two_names_are_two_objects_and_told(rig: Rig) -> None:
    rig.write({"a": b"same", "b": b"same", "c": b"other", "d": b"same"})

    document = rig.run()

    assert document["duplicates"] == {"groups": 1, "files": 3, "bytes": 8}
    assert rig.objects() == {"a": b"same", "b": b"same", "c": b"other", "d": b"same"}


@pytest.mark.parametrize(
    ("size", "foreign", "client"),
    [
        (100, b"", "direct"),
        (100, b"x" * 100, "direct"),
        (100, b"o" * 101, "direct"),
        (100, b"o" * 101, "boto3"),
        (LARGE, b"foreign", "direct"),
    ],
    ids=["empty", "other", "longer", "longer by boto3", "multipart"],
)
def test_f5_a_foreign_object_under_our_key_is_never_overwritten(
    rig: Rig, size: int, foreign: bytes, client: str
) -> None:
    rig.write({"ours": b"o" * size, "other": b"x"})
    rig.s3.client().put_object(Bucket=rig.bucket, Key="dtx1/repo_file/ours", Body=foreign)

    rig.run(s3_client=client)
    rig.run(s3_client=client)

    assert rig.ledger() == {"ours": "file_conflict", "other": "verified"}
    assert rig.objects() == {"ours": foreign, "other": b"x"}
    uploads = rig.s3.client().list_multipart_uploads(Bucket=rig.bucket)
    assert uploads.get("Uploads", []) == []


def test_an_object_that_is_there_already_with_our_bytes_is_proven_not_sent(rig: Rig) -> None:
    rig.write({"a": b"there"})
    rig.s3.client().put_object(Bucket=rig.bucket, Key="dtx1/repo_file/a", Body=b"there")

    document = rig.run()

    assert document["transfer"]["verified"] == 1
    assert document["transfer"]["sent_bytes"] == 0


def test_encryption_and_storage_class_are_settings(rig: Rig) -> None:
    rig.write({"small": b"s", "large": b"l" * LARGE})

    rig.run(s3_storage_class="STANDARD_IA", s3_server_side_encryption="aws:kms", s3_kms_key_id="alias/files")

    for key in ("small", "large"):
        described = head(rig, key)
        assert described["StorageClass"] == "STANDARD_IA"
        assert described["ServerSideEncryption"] == "aws:kms"
        assert described["SSEKMSKeyId"] == "alias/files"


def test_p12_a_dry_run_counts_files_and_bytes_and_writes_nothing(rig: Rig) -> None:
    rig.write({"done": b"12345"})
    rig.run()
    rig.write({"done": b"12345", "next": b"1234567", "empty": b""})
    rig.list_files({"done": "done", "next": "next", "empty": "empty", "gone": "gone", "bad": "../bad"})
    everything = "select * from migration.file_transfer order by 1, 2"
    runs = "select * from migration.run order by 1"
    before = rig.query(everything), rig.query(runs), rig.objects()

    document = rig.run("preview")

    assert document["plan"]["new"] == 4
    assert document["plan"]["verified"] == 1
    assert {line["outcome"]: (line["files"], line["bytes"]) for line in document["files"]} == {
        "ready": (1, 7),
        "file_empty": (1, 0),
        "file_missing": (1, 0),
        "file_unsafe_path": (1, 0),
    }
    assert (rig.query(everything), rig.query(runs), rig.objects()) == before


def test_a_changed_path_is_planned_again_but_a_verified_row_is_only_reported(rig: Rig) -> None:
    rig.write({"a": b"a", "b": b"b", "moved": b"m"})
    rig.list_files({"a": "a", "b": "nowhere", "c": "c"})
    rig.run()
    assert rig.ledger() == {"a": "verified", "b": "file_missing", "c": "file_missing"}

    rig.list_files({"a": "moved", "b": "b"})
    document = rig.run(code=1)

    assert document["drifted"] == ["repo_file a"]
    assert document["plan"]["retried"] == 1
    assert document["plan"]["vanished"] == 1
    assert rig.ledger() == {"a": "verified", "b": "verified", "c": "file_missing"}
    assert rig.objects() == {"a": b"a", "b": b"b"}


def test_rejects_are_tried_again_by_the_next_run(rig: Rig) -> None:
    rig.list_files({"late": "late.pdf"})
    (rig.efs / "else").touch()
    rig.run()
    assert rig.ledger() == {"late": "file_missing"}

    (rig.efs / "late.pdf").write_bytes(b"restored")
    rig.run()

    assert rig.ledger() == {"late": "verified"}


@pytest.mark.parametrize(
    ("row", "finding"),
    [
        (("k", "p", "x/1", "n"), "object keys that two rows share"),
        (("1", "p", "x/2", "n"), "keys that occur twice"),
        (("k", None, "x/2", "n"), "rows without"),
        (("k", "p", "x//2", "n"), "object keys outside"),
        (("k", "p", "x/../2", "n"), "object keys outside"),
        (("k", "p", "x/é", "n"), "object keys outside"),
        (("k", "p", "old/key", "n"), "belong to another row"),
    ],
)
def test_a_list_that_breaks_its_contract_is_refused_before_anything_is_planned(
    rig: Rig, row: tuple[str | None, ...], finding: str
) -> None:
    (rig.efs / "p").write_bytes(b"p")
    rig.list_rows([("old", "p", "old/key", "n")])
    rig.run()
    before = rig.rows()
    rig.list_rows([("1", "p", "x/1", "n"), row])

    with pytest.raises(RefusedError, match=finding):
        rig.run()

    assert rig.rows() == before
