"""F2 to F6, X1 and X3: files that change, an S3 that fails, processes that are killed or interrupted."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from files_proxy import Proxy, Request, fault_proxy
from files_support import Rig, write_manifest

from loaders.database import connect
from loaders.errors import ServiceError
from loaders.settings import Settings
from sandbox.servers.s3 import S3

LARGE = 20 << 20
PROMPT = {"s3_attempts": 3, "s3_timeout_seconds": 2.0}


@pytest.fixture
def proxy(s3: S3) -> Iterator[Proxy]:
    with fault_proxy(s3.endpoint_url) as proxy:
        yield proxy


@pytest.fixture
def rig(ledger: Settings, s3: S3, proxy: Proxy, tmp_path: Path) -> Rig:
    settings = ledger.model_copy(update={"s3_endpoint_url": proxy.url, **PROMPT})
    return Rig(settings, s3, write_manifest(tmp_path / "manifest.json"))


def on(method: str, name: str, fault: str, *, times: int = 1_000) -> Any:
    """A rule: the first `times` requests of this method for this object meet the fault."""
    return lambda request: (
        fault if request.method == method and request.path.endswith(name) and request.count <= times else None
    )


def wait_until(condition: Any, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("method", "fault", "client"),
    [
        ("PUT", "slow_down", "direct"),
        ("PUT", "refuse", "direct"),
        ("PUT", "lose_reply", "direct"),
        ("PUT", "flip_request", "direct"),
        ("GET", "slow_down", "direct"),
        ("GET", "cut_reply", "direct"),
        ("GET", "flip_reply", "direct"),
        ("PUT", "slow_down", "boto3"),
        ("PUT", "lose_reply", "boto3"),
        ("PUT", "flip_request", "boto3"),
        ("GET", "cut_reply", "boto3"),
    ],
)
def test_f4_a_passing_fault_of_s3_is_overcome(rig: Rig, proxy: Proxy, method: str, fault: str, client: str) -> None:
    rig.write({"a": b"a" * 100_000, "b": b"b" * 100_000})
    proxy.rule = on(method, "/a", fault, times=1)

    rig.run(s3_client=client)

    assert rig.ledger() == {"a": "verified", "b": "verified"}
    assert rig.objects() == {"a": b"a" * 100_000, "b": b"b" * 100_000}
    assert sum(request.path.endswith("/a") for request in proxy.seen) >= 3


@pytest.mark.parametrize("fault", ["slow_down", "refuse", "hang", "cut_request"])
def test_f4_a_lasting_fault_rejects_its_file_and_the_run_goes_on(rig: Rig, proxy: Proxy, fault: str) -> None:
    rig.write({name: name.encode() * 10_000 for name in ("a", "b", "c")})
    proxy.rule = lambda request: fault if request.method.startswith("PUT") and request.path.endswith("/b") else None

    document = rig.run(code=1)

    assert rig.ledger() == {"a": "verified", "b": "file_failed", "c": "verified"}
    assert document["state"] == "succeeded"
    proxy.rule = lambda _: None
    rig.run()
    assert set(rig.ledger().values()) == {"verified"}


def test_f4_an_s3_that_fails_for_every_file_ends_the_run_and_gives_the_files_back(rig: Rig, proxy: Proxy) -> None:
    rig.write({f"{number:03d}": b"x" for number in range(200)})
    proxy.rule = lambda request: "refuse" if request.method == "PUT" else None

    with pytest.raises(ServiceError, match="in a row"):
        rig.run(s3_attempts=1)

    states = rig.ledger().values()
    assert set(states) == {"file_failed", "planned"}
    assert rig.query("select state from migration.run order by run_id desc limit 1") == [("failed",)]


def test_f3_bytes_changed_on_the_way_in_unnoticed_by_the_server_are_found_by_reading_back(
    rig: Rig, proxy: Proxy
) -> None:
    rig.write({"a": b"a" * 5_000})
    proxy.rule = on("PUT", "/a", "flip_request_unnoticed")

    rig.run()

    assert rig.objects()["a"] != b"a" * 5_000, "the server took the flipped bytes"
    assert rig.ledger() == {"a": "file_conflict"}


@pytest.mark.parametrize(
    ("method", "fault", "reason"),
    [("GET", "flip_reply", "verified"), ("PUT", "flip_request", "verified"), ("PUT", "slow_down", "verified")],
)
def test_f3_a_multipart_object_is_read_back_whole(rig: Rig, proxy: Proxy, method: str, fault: str, reason: str) -> None:
    rig.write({"large": b"0123456789abcdef" * (LARGE // 16)})
    proxy.rule = on(method, "/large", fault, times=1)

    rig.run(s3_timeout_seconds=20)

    assert rig.ledger() == {"large": reason}
    assert rig.objects() == {"large": b"0123456789abcdef" * (LARGE // 16)}
    assert len(rig.rows()[0][9]) == 32


def test_f3_a_multipart_object_that_never_reads_back_the_same_is_a_conflict(rig: Rig, proxy: Proxy) -> None:
    rig.write({"large": b"x" * LARGE})
    proxy.rule = on("GET", "/large", "flip_reply")
    rig.run(s3_timeout_seconds=20)
    assert rig.ledger() == {"large": "file_conflict"}


def test_f2_a_file_that_keeps_changing_is_rejected_and_one_that_stops_is_moved(rig: Rig, proxy: Proxy) -> None:
    rig.write({"growing": b"x" * 1_000, "settling": b"y", "still": b"z"})
    stop = threading.Event()

    def write() -> None:
        while not stop.wait(0.01):
            with (rig.efs / "growing").open("ab") as file:
                file.write(b"more")

    writer = threading.Thread(target=write)
    writer.start()
    (rig.efs / "settling").write_bytes(b"settled")
    try:
        rig.run()
    finally:
        stop.set()
        writer.join()

    assert rig.ledger() == {"growing": "file_changed", "settling": "verified", "still": "verified"}
    assert rig.objects() == {"settling": b"settled", "still": b"z"}


def test_f2_a_large_file_that_changes_between_its_parts_leaves_no_object(rig: Rig, proxy: Proxy) -> None:
    rig.write({"large": b"x" * LARGE})
    path = rig.efs / "large"

    def touch_at_first_part(request: Request) -> None:
        if request.method == "PUT":
            with path.open("r+b") as file:
                file.seek(LARGE - 1)
                file.write(b"%d" % (request.count % 10))

    proxy.rule = touch_at_first_part
    rig.run(s3_timeout_seconds=20)

    assert rig.ledger() == {"large": "file_changed"}
    assert rig.objects() == {}
    assert rig.s3.client().list_multipart_uploads(Bucket=rig.bucket).get("Uploads", []) == []


@pytest.mark.parametrize("point", ["files.after_put@5", "files.before_record"])
def test_f5_killed_between_put_and_ledger_the_next_run_sends_nothing_twice(rig: Rig, proxy: Proxy, point: str) -> None:
    files = {f"{number:03d}": b"%d" % number * 100 for number in range(40)}
    rig.write(files)

    killed = rig.start(DTX_FAILPOINT=point)
    killed.communicate(timeout=60)
    assert killed.returncode == -signal.SIGKILL
    assert rig.objects(), "nothing was put before the kill"
    assert "verified" not in rig.ledger().values()
    there = rig.objects()
    proxy.seen.clear()

    document = rig.run()

    assert rig.objects() == files
    assert set(rig.ledger().values()) == {"verified"}
    assert (
        proxy.bytes_put()
        == document["transfer"]["sent_bytes"]
        == sum(len(body) for key, body in files.items() if key not in there)
    )
    assert all(row[10] is None for row in rig.rows())
    assert rig.query("select state from migration.run order by run_id") == [("interrupted",), ("succeeded",)]


def test_x2_a_production_database_is_written_to_only_when_named(rig: Rig) -> None:
    rig.write({"a": b"a"})

    for command in ((), ("verify",)):
        refused = rig.start(*command, DTX_ENVIRONMENT="production")
        _, said = refused.communicate(timeout=60)
        assert refused.returncode == 3, said
        assert f"--confirm-database {rig.settings.target_database}" in said
    assert rig.rows() == []
    looked = rig.start("--dry-run", DTX_ENVIRONMENT="production")
    confirmed = rig.start("--confirm-database", rig.settings.target_database, DTX_ENVIRONMENT="production")
    for process in (looked, confirmed):
        _, said = process.communicate(timeout=60)
        assert process.returncode == 0, said
    assert rig.ledger() == {"a": "verified"}


def test_f6_killed_and_run_again_ends_as_one_run_would(rig: Rig) -> None:
    rig.write({f"{number:03d}": b"%d" % number for number in range(30)})
    rig.list_files({**{f"{number:03d}": f"{number:03d}" for number in range(30)}, "gone": "gone"})
    killed = rig.start(DTX_FAILPOINT="files.before_record")
    killed.communicate(timeout=60)
    rig.run()
    after_kill = rig.rows()
    rig.query("delete from migration.file_transfer")
    client = rig.s3.client()
    for key in rig.objects():
        client.delete_object(Bucket=rig.bucket, Key=f"dtx1/repo_file/{key}")

    rig.run()

    assert rig.rows() == after_kill


def test_x3_an_interrupt_ends_within_ten_seconds_even_while_s3_hangs(rig: Rig, proxy: Proxy) -> None:
    rig.write({f"{key:03d}": b"x" for key in range(60)})
    proxy.rule = lambda request: "hang" if request.method == "PUT" and "/05" in request.path else None
    running = rig.start(DTX_S3_TIMEOUT_SECONDS="60")
    wait_until(lambda: sum("/05" in request.path for request in proxy.seen) >= 8)
    started = time.monotonic()
    running.send_signal(signal.SIGINT)
    time.sleep(0.3)
    running.send_signal(signal.SIGTERM)
    _, said = running.communicate(timeout=60)

    assert running.returncode == 2
    assert time.monotonic() - started < 10
    assert "again" in said
    assert list(rig.ledger().values()).count("verified") == 50
    assert set(rig.ledger().values()) == {"verified", "planned"}
    proxy.rule = lambda _: None
    proxy.released.set()
    rig.run()
    assert set(rig.ledger().values()) == {"verified"}


def test_x3_interrupted_after_a_put_the_verdicts_so_far_are_kept_and_the_next_run_goes_on(rig: Rig) -> None:
    rig.write({f"{number:03d}": b"%d" % number for number in range(300)})

    running = rig.start(DTX_FAILPOINT="files.after_put@20=SIGINT")
    _, said = running.communicate(timeout=60)

    assert running.returncode == 2, said
    assert set(rig.ledger().values()) == {"verified", "planned"}
    assert rig.query("select state from migration.run") == [("interrupted",)]
    document = rig.run()
    assert document["plan"]["verified"] + document["transfer"]["sent_files"] == 300
    assert set(rig.ledger().values()) == {"verified"}


def test_x3_interrupted_while_planning_nothing_is_planned(rig: Rig) -> None:
    rig.list_files({"a": "a"})
    (rig.efs / "a").write_bytes(b"a")
    with connect(rig.settings, "transform") as rival:
        rival.execute("lock table migration_intermediate.listed")  # the plan's first statement waits here
        running = rig.start()
        waiting = "select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
        wait_until(lambda: rig.query(waiting))
        started = time.monotonic()
        running.send_signal(signal.SIGINT)
        _, said = running.communicate(timeout=60)
    assert running.returncode == 2
    assert time.monotonic() - started < 10
    assert "again" in said
    assert rig.rows() == []


def test_a_lost_connection_to_the_ledger_ends_the_run_and_the_next_one_goes_on(rig: Rig, proxy: Proxy) -> None:
    rig.write({f"{number:03d}": b"%d" % number for number in range(60)})
    ended: list[Any] = []

    def end_backend_once(request: Request) -> None:
        if request.method == "PUT" and not ended:
            ended.append(True)
            with connect(rig.settings, "publisher", autocommit=True) as connection:
                connection.execute(
                    "select pg_terminate_backend(pid) from pg_stat_activity "
                    "where datname = current_database() and pid <> pg_backend_pid() and usename = current_user"
                )

    proxy.rule = end_backend_once
    with pytest.raises(ServiceError, match="SQLSTATE"):
        rig.run()

    rig.run()
    assert set(rig.ledger().values()) == {"verified"}


def test_two_processes_share_one_ledger_and_each_file_is_sent_once(rig: Rig, s3: S3) -> None:
    # More than the one that starts first may hold: two worker processes' tasks, and as many again.
    files = {f"{number:04d}": b"%d" % number for number in range(3_060)}
    rig.write(files)

    patient = {"DTX_S3_ENDPOINT_URL": s3.endpoint_url, "DTX_S3_ATTEMPTS": "8", "DTX_S3_TIMEOUT_SECONDS": "60"}
    both = [rig.start("--json", **patient) for _ in range(2)]
    sent = []
    for process in both:
        printed, said = process.communicate(timeout=120)
        assert process.returncode == 0, said + printed
        sent.append(json.loads(printed)["transfer"]["sent_files"])

    assert set(rig.ledger().values()) == {"verified"}
    assert sum(sent) == len(files)
    assert min(sent) > 0


def test_a_rate_limit_holds(rig: Rig) -> None:
    rig.write({f"{number:02d}": b"x" * 1_000 for number in range(20)})
    assert rig.run(files_per_second=20.0)["transfer"]["seconds"] > 0.9
    rig.write({f"{number:02d}": b"x" * 1_000 for number in range(20, 40)})
    assert rig.run(megabytes_per_second=0.02)["transfer"]["seconds"] > 0.9


def test_x1_no_secret_and_no_file_name_is_printed(rig: Rig, proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = rig.s3.secret_key
    (rig.efs / "canary-name.pdf").write_bytes(b"canary-bytes")
    rig.list_rows([("1", "canary-name.pdf", "dtx1/1", "canary-original"), ("2", "canary-gone", "dtx1/2", "canary-2")])
    proxy.rule = lambda request: "refuse" if request.method == "PUT" else None

    running = rig.start(DTX_S3_ATTEMPTS="1")
    said = "".join(running.communicate(timeout=60))

    assert running.returncode == 1
    assert "file_failed" in said
    for canary in (secret, rig.settings.publisher_password.get_secret_value(), "canary"):
        assert canary not in said
