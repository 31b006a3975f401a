"""F1: whatever a path names, nothing outside the root is read, nothing hangs, and each case has its own reason."""

from __future__ import annotations

import os
import socket
import tempfile
import threading
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from files_support import Rig, write_manifest

from loaders.errors import ConfigurationError
from loaders.files.source import FileFault, open_source
from loaders.settings import Settings
from sandbox.servers.s3 import S3

NOBODY = 65534
COMPOSED, DECOMPOSED = unicodedata.normalize("NFC", "Zoë.pdf"), unicodedata.normalize("NFD", "Zoë.pdf")


@pytest.fixture
def rig(ledger: Settings, s3: S3, tmp_path: Path) -> Rig:
    return Rig(ledger, s3, write_manifest(tmp_path / "manifest.json"))


@pytest.fixture
def root(tmp_path: Path) -> Iterator[int]:
    descriptor = os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY)
    yield descriptor
    os.close(descriptor)


def outcome(root: int, path: str) -> bytes | str:
    try:
        with open_source(root, path) as source:
            return source.read()
    except FileFault as fault:
        return fault.reason_code


def test_f1_every_hazard_has_its_reason_and_the_rest_is_moved(rig: Rig, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"outside")
    efs = rig.efs
    (efs / "folder").mkdir()
    (efs / "good.pdf").write_bytes(b"good")
    (efs / "folder" / "nested ünï.pdf").write_bytes(b"nested")
    (efs / "empty").touch()
    (efs / "Upper.PDF").write_bytes(b"u")
    (efs / "Folder2").mkdir()
    (efs / "Folder2" / "x").write_bytes(b"x")
    (efs / DECOMPOSED).write_bytes(b"z")
    (efs / "link").symlink_to(tmp_path / "secret")
    (efs / "inner-link").symlink_to("good.pdf")
    (efs / "folder-link").symlink_to(tmp_path)
    (efs / "loop").symlink_to("loop")
    os.mkfifo(efs / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        descriptor = os.open(efs, os.O_RDONLY)
        listener.bind(f"/proc/self/fd/{descriptor}/socket")
        os.close(descriptor)
        expected = {
            "good.pdf": "verified",
            "folder/nested ünï.pdf": "verified",
            "../secret": "file_unsafe_path",
            "folder/../good.pdf": "file_unsafe_path",
            "./good.pdf": "file_unsafe_path",
            "/etc/passwd": "file_unsafe_path",
            "folder//good.pdf": "file_unsafe_path",
            "good.pdf/": "file_unsafe_path",
            "": "file_unsafe_path",
            "fol\\der": "file_unsafe_path",
            "line\nbreak": "file_unsafe_path",
            "del\x7f": "file_unsafe_path",
            "link": "file_unsafe_path",
            "inner-link": "file_unsafe_path",
            "folder-link/secret": "file_unsafe_path",
            "loop": "file_unsafe_path",
            "nowhere": "file_missing",
            "nowhere/at/all": "file_missing",
            "good.pdf/below": "file_missing",
            "n" * 300: "file_missing",
            "upper.pdf": "file_case_mismatch",
            "folder2/x": "file_case_mismatch",
            COMPOSED: "file_normalization_mismatch",
            "empty": "file_empty",
            "folder": "file_not_regular",
            "pipe": "file_not_regular",
            "socket": "file_not_regular",
        }
        paths = {f"{number:02d}": path for number, path in enumerate(expected)}
        rig.list_files(paths)
        document = rig.run()

    assert {paths[key]: reason for key, reason in rig.ledger().items()} == expected
    assert sorted(rig.objects().values()) == [b"good", b"nested"]
    assert {line["reason_code"]: line["files"] for line in document["files"]}["file_unsafe_path"] == 14


def test_f2_a_file_of_an_impossible_time_is_moved_and_its_time_left_out(
    ledger: Settings, s3: S3, tmp_path: Path
) -> None:
    """A file system in memory keeps any time, as EFS may; PostgreSQL's timestamps do not."""
    if not Path("/dev/shm").is_dir():
        pytest.skip("no file system in memory")
    times = {"past": -(10**18), "present": 1_000_000_000, "future": 10**18}
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        rig = Rig(ledger.model_copy(update={"efs_root": Path(folder)}), s3, write_manifest(tmp_path / "manifest.json"))
        rig.write({key: key.encode() for key in times})
        for key, seconds in times.items():
            os.utime(rig.efs / key, (seconds, seconds))
        rig.run()
    assert set(rig.ledger().values()) == {"verified"}
    dated = "select legacy_key, extract(epoch from modified_at)::bigint from migration.file_transfer order by 1"
    assert rig.query(dated) == [("future", None), ("past", None), ("present", 1_000_000_000)]


def test_f1_a_nul_is_refused_where_it_could_reach_the_system(root: int) -> None:
    assert outcome(root, "good\x00.pdf") == "file_unsafe_path"


def test_f1_a_device_is_not_opened_for_reading(root: int, tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root makes devices")
    os.mknod(tmp_path / "zero", 0o666 | 0o020000, os.makedev(1, 5))
    assert outcome(root, "zero") == "file_not_regular"


def test_f1_a_file_without_read_permission_is_unreadable(root: int, tmp_path: Path) -> None:
    (tmp_path / "closed").write_bytes(b"x")
    (tmp_path / "closed").chmod(0)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "x").write_bytes(b"x")
    (tmp_path / "folder").chmod(0)
    tmp_path.chmod(0o755)
    user = os.geteuid()
    if user == 0:
        os.seteuid(NOBODY)  # root reads everything
    try:
        assert outcome(root, "closed") == "file_unreadable"
        assert outcome(root, "folder/x") == "file_unreadable"
    finally:
        os.seteuid(user)
        (tmp_path / "folder").chmod(0o755)


def test_f1_a_folder_swapped_for_a_link_while_we_open_never_leads_outside(root: int, tmp_path: Path) -> None:
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    for folder, body in ((inside, b"inside"), (outside, b"outside")):
        folder.mkdir()
        (folder / "file").write_bytes(body)
    (tmp_path / "to-outside").symlink_to(outside)
    swapping = threading.Event()

    def swap() -> None:
        while not swapping.is_set():
            # Rename is atomic: `door` is the real folder or the link, at any moment.
            inside.rename(tmp_path / "door")
            (tmp_path / "door").rename(inside)
            (tmp_path / "to-outside").rename(tmp_path / "door")
            (tmp_path / "door").rename(tmp_path / "to-outside")

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        seen = {outcome(root, "door/file") for _ in range(20_000)}
    finally:
        swapping.set()
        thread.join()

    assert b"outside" not in seen
    assert seen <= {b"inside", "file_unsafe_path", "file_missing", "file_changed"}
    assert {b"inside", "file_unsafe_path"} <= seen, "the swap was never met in both states"


def test_an_efs_that_is_not_mounted_stops_the_run_before_everything_is_missing(rig: Rig) -> None:
    rig.list_files({"a": "a"})
    with pytest.raises(ConfigurationError, match="empty"):
        rig.run()
    assert rig.ledger() == {}
    with pytest.raises(ConfigurationError, match="DTX_EFS_ROOT"):
        rig.run(efs_root=rig.efs / "nowhere")
