"""`dtx files` on a real file tree, a real PostgreSQL and a real S3."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from loaders.settings import Settings
from sandbox.servers.s3 import S3
from files_support import Rig, write_manifest


@pytest.fixture
def rig(ledger: Settings, s3: S3, tmp_path: Path) -> Rig:
    return Rig(ledger, s3, write_manifest(tmp_path / "manifest.json"))


def test_verified_objects_hold_the_bytes_and_lead_back_to_their_rows(rig: Rig) -> None:
    (rig.efs / "a").mkdir()
    bodies = {str(number): bytes([number]) * (number * 1000) for number in range(1, 40)}
    for key, body in bodies.items():
        (rig.efs / "a" / f"{key}.pdf").write_bytes(body)
    rig.list_files((key, f"a/{key}.pdf") for key in bodies)

    document = rig.document()

    assert document["schema"] == "dtx.files/1"
    assert document["transfer"]["verified"] == len(bodies)
    assert rig.objects() == {f"dtx1/repo_file/{key}.pdf": body for key, body in bodies.items()}
    assert set(rig.ledger().values()) == {("verified", None)}
    for row in rig.rows():
        assert row[9] == hashlib.sha256(bodies[row[1]]).digest()
    head = rig.s3.client().head_object(Bucket=rig.settings.s3_bucket, Key="dtx1/repo_file/7.pdf")
    assert head["ContentType"] == "application/pdf"
    assert head["Metadata"] == {
        "sha256": hashlib.sha256(bodies["7"]).hexdigest(),
        "entity": "repo_file",
        "legacy-key": "7",
        "original-name": "7%20%C3%A9.pdf",
    }
