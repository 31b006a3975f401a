"""A4: what kills, flipped bytes, wrong keys and a failing storage leave behind, and that the next run heals it."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import psycopg
import pyrage
import pytest
from archive_support import MANIFEST, Rig
from files_proxy import Proxy, fault_proxy

from loaders.archive.catalogue import read_catalogue
from loaders.archive.store import open_store, whole_archives
from loaders.database import connect
from loaders.errors import ConfigurationError, LossError, RefusedError, ServiceError
from loaders.settings import Settings
from sandbox.dtx1.schema import apply
from sandbox.servers.mariadb import MariaDB
from sandbox.servers.s3 import S3

CANARY = "canary@example.com"


@pytest.fixture
def proxy(s3: S3) -> Iterator[Proxy]:
    with fault_proxy(s3.endpoint_url) as proxy:
        yield proxy


@pytest.fixture(params=["folder", "s3"])
def rig(request: pytest.FixtureRequest, ledger: Settings, mariadb: MariaDB, tmp_path: Path) -> Rig:
    """The 22 tables, rows in two of them, and both kinds of storage."""
    url = str(tmp_path / "archives") if request.param == "folder" else ledger.archive_url
    rig = Rig(ledger.model_copy(update={"archive_url": url}), mariadb, read_catalogue())
    with rig.source() as connection:
        apply(connection)
    rig.execute(
        f"insert into work_log (user_id, session_id, customer_id) select seq, '{CANARY}', 7 from seq_1_to_3000",
        f"insert into exemption (exemption_id, item_type, item_name, ExemptReason) values (1, 'COI', 'GL', '{CANARY}')",
    )
    return rig


@pytest.fixture
def relayed(rig: Rig, proxy: Proxy) -> Rig:
    """The same, with a relay before S3 that can break things."""
    rig.settings = rig.settings.model_copy(
        update={"s3_endpoint_url": proxy.url, "s3_attempts": 3, "s3_timeout_seconds": 2.0}
    )
    return rig


on_s3 = pytest.mark.parametrize("rig", ["s3"], indirect=True)
in_folder = pytest.mark.parametrize("rig", ["folder"], indirect=True)


def whole(rig: Rig) -> list[str]:
    return whole_archives(open_store(rig.settings))


def recorded(rig: Rig) -> set[tuple[str, str]]:
    return set(rig.ledger("select archive, state from migration.archive_object"))


def alter(rig: Rig, archive: str, name: str, change: Any) -> None:
    """Change a stored file as nobody should: `change` gets its bytes; None removes it."""
    url = str(rig.settings.archive_url)
    if not url.startswith("s3://"):
        path = rig.folder / archive / name
        new = change(path.read_bytes())
        path.unlink()
        if new is not None:
            path.write_bytes(new)
        return
    bucket, _, prefix = url.removeprefix("s3://").partition("/")
    place = {"Bucket": bucket, "Key": f"{prefix}/{archive}/{name}"}
    client = boto3.client("s3", endpoint_url=rig.settings.s3_endpoint_url)
    new = change(client.get_object(**place)["Body"].read())
    client.delete_object(**place)
    if new is not None:
        client.put_object(Body=new, **place)


def flipped(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


@pytest.mark.parametrize(
    ("rig", "point", "is_whole"),
    [
        ("folder", "archive.block_written", False),
        ("folder", "archive.tables_written", False),
        ("folder", "archive.manifest_written", False),
        ("folder", "archive.finished", True),
        ("s3", "archive.table_written@13", False),
        ("s3", "archive.finished", True),
    ],
    indirect=["rig"],
)
def test_a4_a_killed_run_leaves_nothing_that_looks_done_and_the_next_one_heals(
    rig: Rig, point: str, is_whole: bool
) -> None:
    process = rig.start(DTX_FAILPOINT=point)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL

    assert recorded(rig) == set(), "the ledger promises nothing"
    assert len(whole(rig)) == is_whole, "and what is there says so itself"

    document = rig.run()
    assert document["written"]
    assert len(document["tables"]) == 22
    assert recorded(rig) == {(document["archive"], "verified")}
    assert rig.run("verify")["clean"]
    assert rig.ledger("select state from migration.run order by run_id")[0] == ("interrupted",)
    assert rig.run()["written"] is False


@in_folder
def test_a4_an_unchanged_source_is_not_archived_again_and_any_change_is(rig: Rig) -> None:
    first = rig.run()
    assert first["written"]
    listing, ledger = open_store(rig.settings).listing(), recorded(rig)

    again = rig.run()

    assert (again["written"], again["archive"]) == (False, first["archive"])
    assert (open_store(rig.settings).listing(), recorded(rig)) == (listing, ledger)
    changes = [
        # A count that stays, a definition, a table that was empty.
        "update work_log set session_id = 'another' where user_id = 2999",
        "alter table work_log add key (user_id)",
        "insert into prepay_so_list values (null)",
    ]
    for change in changes:
        rig.execute(change)
        assert rig.run()["written"], change
        assert rig.run()["written"] is False, change
    other = str(pyrage.x25519.Identity.generate().to_public())
    assert rig.run(archive_recipients=f"{rig.settings.archive_recipients}, {other}")["written"]
    assert rig.run("verify")["clean"]


def test_a4_a_flipped_byte_a_missing_and_a_foreign_file_are_named(rig: Rig) -> None:
    archive = rig.run()["archive"]
    alter(rig, archive, "work_log.csv.zst.age", flipped)
    alter(rig, archive, "keyword.csv.zst.age", lambda _: None)
    alter(rig, archive, MANIFEST, lambda data: data.replace(b"work_log", b"work_dog"))

    document = rig.run("verify", code=1)

    found = {file["object_name"]: file["finding"] for file in document["files"] if file["finding"]}
    assert found == {
        "work_log.csv.zst.age": "stored_bytes_differ",
        "keyword.csv.zst.age": "missing",
        MANIFEST: "stored_bytes_differ",
    }
    assert set(rig.ledger("select object_name from migration.archive_object where state = 'damaged'")) == {
        (name,) for name in found
    }
    healed = rig.run()
    assert healed["written"], "a damaged archive holds nothing"
    assert rig.run("restore", "--into", rig.into("archive_faults"))["archive"] == healed["archive"]


@in_folder
def test_a4_a_file_of_nobody_in_an_archive_is_named(rig: Rig) -> None:
    archive = rig.run()["archive"]
    (rig.folder / archive / "notes.txt").write_text("hello")
    assert rig.run("verify", code=1)["not_recorded"] == [f"{archive}/notes.txt"]


@in_folder
def test_a4_a_damaged_file_is_never_restored_as_whole(rig: Rig) -> None:
    archive = rig.run()["archive"]
    alter(rig, archive, "work_log.csv.zst.age", flipped)
    with pytest.raises(LossError, match=r"work_log\.csv\.zst\.age is damaged"):
        rig.run("restore", "--into", rig.into("archive_faults"))
    with pytest.raises(LossError, match=r"work_log\.csv\.zst\.age is damaged"):
        rig.run("export", "--spreadsheet", "--to", str(rig.folder.with_name("sheet")))
    assert not list(rig.folder.parent.glob("sheet*"))


@in_folder
def test_a4_a_wrong_key_is_told_from_damage_and_none_from_both(rig: Rig, tmp_path: Path) -> None:
    rig.run()
    other = tmp_path / "other.txt"
    other.write_text(f"# somebody else's\n{pyrage.x25519.Identity.generate()}\n")
    for arguments in (["verify"], ["restore", "--into", rig.into("archive_faults")]):
        with pytest.raises(ConfigurationError, match="undamaged, and no key of DTX_ARCHIVE_IDENTITY_FILE opens it"):
            rig.run(*arguments, archive_identity_file=other)
    assert {state for _, state in recorded(rig)} == {"verified"}

    document = rig.run("verify", archive_identity_file=None)
    assert (document["clean"], document["is_opened"]) == (True, False)
    assert rig.ledger("select count(opened_at) from migration.archive_object where source_table is not null") == [(0,)]
    assert rig.run("verify")["is_opened"]
    assert rig.ledger("select count(opened_at) from migration.archive_object where source_table is not null") == [(22,)]
    with pytest.raises(ConfigurationError, match="DTX_ARCHIVE_IDENTITY_FILE is not set"):
        rig.run("restore", "--into", rig.into("archive_faults"), archive_identity_file=None)
    other.write_text("hello")
    with pytest.raises(ConfigurationError, match="cannot be used"):
        rig.run("verify", archive_identity_file=other)


@in_folder
def test_a4_unencrypted_only_when_told_so(rig: Rig) -> None:
    with pytest.raises(RefusedError, match="unencrypted"):
        rig.run(archive_recipients=None)
    with pytest.raises(ConfigurationError, match="recipient 2"):
        rig.run(archive_recipients=f"{rig.settings.archive_recipients},nobody")
    assert not rig.folder.exists()

    plain = {"archive_recipients": None, "archive_identity_file": None}
    document = rig.run("--allow-unencrypted", **plain)
    assert document["is_encrypted"] is False
    assert rig.run("verify", **plain)["is_opened"]
    assert rig.run("restore", "--into", rig.into("archive_faults"), **plain)["clean"]
    assert rig.run()["written"], "now that there is a key, what is there in the clear will not do"


@in_folder
def test_a4_what_is_encrypted_shows_nothing_and_is_its_owners_alone(rig: Rig) -> None:
    archive = rig.run()["archive"]
    for path in (rig.folder / archive).iterdir():
        assert CANARY.encode() not in path.read_bytes()
        assert path.stat().st_mode & 0o077 == 0
    assert (rig.folder / archive).stat().st_mode & 0o077 == 0


@in_folder
def test_x1_no_row_value_and_no_secret_is_printed(rig: Rig) -> None:
    outputs = []
    for arguments in ([], ["--json"], ["verify"]):
        process = rig.start(*arguments)
        outputs += process.communicate(timeout=60)
        assert process.returncode == 0
    text = "\n".join(outputs)
    assert "work_log" in text
    assert CANARY not in text
    for name in ("source_password", "publisher_password", "archive_mask_key", "archive_restore_password"):
        assert getattr(rig.settings, name).get_secret_value() not in text
    assert rig.settings.archive_identity_file.read_text().strip() not in text


@in_folder
def test_x3_an_interrupted_run_says_so_and_leaves_nothing_that_looks_done(rig: Rig) -> None:
    process = rig.start(DTX_FAILPOINT="archive.block_written=SIGINT")
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "interrupted" in errors
    assert whole(rig) == []
    assert rig.ledger("select state from migration.run") == [("interrupted",)]


@in_folder
def test_two_archives_at_once_are_refused(rig: Rig) -> None:
    with connect(rig.settings, "publisher") as other:
        other.execute("select pg_advisory_lock(%s, 3)", [0x445458])
        with pytest.raises(RefusedError, match="another dtx archive"):
            rig.run()
        # Whoever was killed holds the lock until the server notices.
        leaving = threading.Timer(0.5, other.close)
        leaving.start()
        assert rig.run()["written"]
        leaving.join()


@in_folder
def test_e4_a_table_outside_the_snapshot_is_locked_or_refused(rig: Rig, mariadb: MariaDB) -> None:
    rig.execute("alter table keyword engine = MyISAM", "insert into keyword values (1, 'A', 'b')")
    assert rig.run()["written"]
    rig.execute("insert into keyword values (2, 'A', 'b')")
    with mariadb.connect() as connection, connection.cursor() as cursor:
        cursor.execute("create or replace user archive_reader@'%' identified by 'readonly'")
        cursor.execute("grant select on *.* to archive_reader@'%'")
    password = rig.settings.source_password.__class__("readonly")
    with pytest.raises(RefusedError, match="keyword"):
        rig.run(source_user="archive_reader", source_password=password)


@in_folder
def test_x2_restore_refuses_a_database_that_is_not_empty_or_the_sources_own(rig: Rig) -> None:
    rig.run()
    url = rig.into("archive_faults")
    rig.run("restore", "--into", url)
    with pytest.raises(RefusedError, match="not empty"):
        rig.run("restore", "--into", url)
    own = f"mysql://{rig.mariadb.user}@{rig.settings.source_host}:{rig.settings.source_port}/"
    with pytest.raises(RefusedError, match=r"DTX 1\.0's own"):
        rig.run("restore", "--into", own + rig.settings.source_database)
    with pytest.raises(ConfigurationError, match="password") as caught:
        rig.run("restore", "--into", url.replace("@", ":hunter2@"))
    assert "hunter2" not in str(caught.value) + caught.value.hint
    with pytest.raises(ServiceError, match="MySQL error"):
        rig.run("restore", "--into", rig.into("archive_faults"), archive_restore_password=rig.settings.archive_mask_key)
    for wrong in ("archive_faults", "mysql://host/db", "mysql://u@host:port/db"):
        with pytest.raises(ConfigurationError, match="--into"):
            rig.run("restore", "--into", wrong)


@in_folder
def test_a_restore_that_loses_a_row_says_so(rig: Rig) -> None:
    """LOAD DATA LOCAL skips what it cannot insert with a warning: only the comparison notices."""
    archive = rig.run()["archive"]
    manifest = rig.folder / archive / MANIFEST
    document = json.loads(manifest.read_text())
    (table,) = [table for table in document["tables"] if table["table"] == "work_log"]
    table["create_statement"] = table["create_statement"].replace("\n) ENGINE", ",\nunique (customer_id)\n) ENGINE", 1)
    manifest.chmod(0o600)
    manifest.write_text(json.dumps(document))
    restored = rig.run("restore", "--into", rig.into("archive_faults"), code=1)
    assert [(each["table"], each["restored_rows"]) for each in restored["tables"] if not each["clean"]] == [
        ("work_log", 1)
    ]


@on_s3
@pytest.mark.parametrize("fault", ["slow_down", "lose_reply", "flip_request"])
def test_f4_a_passing_fault_of_s3_is_overcome(relayed: Rig, proxy: Proxy, fault: str) -> None:
    proxy.rule = lambda request: (
        fault if request.method == "PUT" and "work_log" in request.path and request.count == 1 else None
    )
    assert relayed.run()["written"]
    proxy.rule = lambda _: None
    assert relayed.run("verify")["clean"]


@on_s3
def test_f3_bytes_changed_on_the_way_in_are_found_by_reading_back(relayed: Rig, proxy: Proxy) -> None:
    proxy.rule = lambda request: (
        "flip_request_unnoticed" if request.method == "PUT" and "work_log" in request.path else None
    )
    with pytest.raises(LossError, match=r"work_log\.csv\.zst\.age: what is stored is not what was sent"):
        relayed.run()
    assert (whole(relayed), recorded(relayed)) == ([], set())


@on_s3
def test_f4_an_s3_that_stays_away_ends_the_run(relayed: Rig, proxy: Proxy) -> None:
    proxy.rule = lambda request: "slow_down" if request.method == "PUT" and "work_log" in request.path else None
    with pytest.raises(ServiceError, match=r"S3 failed at .*work_log"):
        relayed.run(s3_attempts=2)
    assert relayed.ledger("select state from migration.run") == [("failed",)]


@on_s3
def test_a4_a_large_table_goes_in_parts_and_a_kill_between_them_shows_no_object(relayed: Rig, proxy: Proxy) -> None:
    with relayed.source() as connection, connection.cursor() as cursor:
        # 36 MB that do not compress below 18.
        cursor.execute(
            "insert into form_field (form_field_id, form_name, model_name, property_name, enabled) values "
            "(1, '', '', '', 1)"
        )
        cursor.execute("alter table form_field modify value longtext character set utf8mb3")
        cursor.execute(
            "insert into form_field (form_field_id, form_name, model_name, property_name, enabled, value) "
            "select seq + 1, '', '', '', 1, concat_ws('', sha2(rand(), 512), sha2(rand(), 512), sha2(rand(), 512), "
            "sha2(rand(), 512), sha2(rand(), 512), sha2(rand(), 512), sha2(rand(), 512)) from seq_1_to_40000"
        )
    process = relayed.start(DTX_FAILPOINT="archive.part_sent")
    process.communicate(timeout=120)
    assert process.returncode == -signal.SIGKILL
    assert not any("form_field" in name for names in open_store(relayed.settings).listing().values() for name in names)

    document = relayed.run()
    sizes = {table["table"]: table["stored_size"] for table in document["tables"]}
    assert sizes["form_field"] > 16 << 20
    parts = [request for request in proxy.seen if request.method == "PUT" and "form_field" in request.path]
    assert len(parts) >= 3
    assert max(len(request.body) for request in parts) <= 16 << 20
    assert relayed.run("verify")["clean"]


@in_folder
def test_a_ledger_that_is_gone_or_a_missing_setting_is_told(rig: Rig) -> None:
    for url in (None, "archives", "ftp://host/x", "s3://"):
        with pytest.raises(ConfigurationError, match="DTX_ARCHIVE_URL"):
            rig.run(archive_url=url)
    with pytest.raises(ServiceError) as caught:
        rig.run(target_port=1)
    assert rig.settings.publisher_password.get_secret_value() not in str(caught.value)
    with psycopg.connect(
        host=rig.settings.target_host,
        port=rig.settings.target_port,
        dbname=rig.settings.target_database,
        user=rig.settings.owner_user,
        password=rig.settings.owner_password.get_secret_value(),
    ) as owner:
        owner.execute("drop table migration.archive_object")
    with pytest.raises(ServiceError, match="SQLSTATE 42P01"):
        rig.run("verify")
