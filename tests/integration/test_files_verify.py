"""`dtx files verify`: what S3 holds against what the ledger says (F3, F6)."""

from __future__ import annotations

from pathlib import Path

import pytest
from files_support import Rig, write_manifest

from loaders.settings import Settings
from sandbox.servers.s3 import S3

LARGE = 20 << 20


@pytest.fixture
def rig(ledger: Settings, s3: S3, tmp_path: Path) -> Rig:
    return Rig(ledger, s3, write_manifest(tmp_path / "manifest.json"))


def test_objects_that_are_what_the_ledger_says_are_clean(rig: Rig) -> None:
    rig.write({"a": b"a", "b": b"bb", "large": b"l" * LARGE})
    rig.run()
    before = rig.rows()

    document = rig.run("verify")

    assert document["objects"][0] == {"finding": "same", "files": 3, "bytes": 3 + LARGE}
    assert document["prefixes"] == ["dtx1/repo_file/"]
    assert document["stored_under_prefixes"] == 3
    assert document["without_row"] == []
    assert rig.rows() == before


def test_f3_vanished_and_changed_objects_are_found_and_no_longer_count_as_verified(rig: Rig) -> None:
    rig.write({"kept": b"kept", "vanishes": b"v", "changes": b"before", "grows": b"l" * LARGE})
    rig.run()
    client = rig.s3.client()
    client.delete_object(Bucket=rig.bucket, Key="dtx1/repo_file/vanishes")
    client.put_object(Bucket=rig.bucket, Key="dtx1/repo_file/changes", Body=b"after!")
    client.put_object(Bucket=rig.bucket, Key="dtx1/repo_file/grows", Body=b"l" * (LARGE - 1) + b"!")

    document = rig.run("verify", code=1)

    assert document["keys"] == {
        "changed": ["dtx1/repo_file/changes", "dtx1/repo_file/grows"],
        "vanished": ["dtx1/repo_file/vanishes"],
    }
    assert rig.ledger() == {
        "kept": "verified",
        "vanishes": "planned",
        "changes": "file_conflict",
        "grows": "file_conflict",
    }
    rig.run()
    assert rig.ledger()["vanishes"] == "verified"
    assert rig.objects()["vanishes"] == b"v"


def test_f6_an_object_without_a_row_is_listed_and_never_deleted(rig: Rig) -> None:
    rig.write({"1": b"1", "2": b"2"})
    rig.run()
    client = rig.s3.client()
    client.put_object(Bucket=rig.bucket, Key="dtx1/repo_file/stranger", Body=b"12345")
    client.put_object(Bucket=rig.bucket, Key="documents/of-the-application.pdf", Body=b"not ours to list")

    document = rig.run("verify", code=1)

    assert document["without_row"] == [{"object_key": "dtx1/repo_file/stranger", "bytes": 5}]
    assert rig.objects()["stranger"] == b"12345"
    assert rig.ledger() == {"1": "verified", "2": "verified"}
