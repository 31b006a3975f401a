"""Long lists are moved by worker processes: what happens when they, or their parent, are killed or interrupted."""

from __future__ import annotations

import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from files_proxy import Proxy, Request, fault_proxy
from files_support import Rig, write_manifest

from loaders.errors import ServiceError
from loaders.files import crew
from loaders.settings import Settings
from sandbox.servers.s3 import S3

BODIES = {f"{number:03d}": b"%d" % number * 50 for number in range(120)}
# Enough rows for worker processes; most of them name no file, which costs nothing. Each process gets some that do.
LONG = {
    **{key: key for key in BODIES},
    **{f"{number % 120:03d}-gone-{number}": f"gone-{number}" for number in range(900)},
}


@pytest.fixture(autouse=True)
def two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs in this process take two worker processes for 100 files already."""
    monkeypatch.setattr(crew, "_WORTH_A_PROCESS", 50)
    monkeypatch.setattr(crew.os, "sched_getaffinity", lambda _: {0, 1})


@pytest.fixture
def proxy(s3: S3) -> Iterator[Proxy]:
    with fault_proxy(s3.endpoint_url) as proxy:
        yield proxy


@pytest.fixture
def rig(ledger: Settings, s3: S3, proxy: Proxy, tmp_path: Path) -> Rig:
    settings = ledger.model_copy(update={"s3_endpoint_url": proxy.url, "s3_attempts": 3, "s3_timeout_seconds": 20.0})
    rig = Rig(settings, s3, write_manifest(tmp_path / "manifest.json"))
    rig.write(BODIES)
    return rig


def worker_processes(parent: int | None = None) -> list[psutil.Process]:
    return [one for one in psutil.Process(parent).children() if "loaders.files.helper" in one.cmdline()]


def wait_until(condition: Callable[[], object], running: subprocess.Popen[str], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert running.poll() is None, running.communicate()
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def test_worker_processes_share_the_list_and_send_each_file_once(rig: Rig, proxy: Proxy) -> None:
    seen: set[int] = set()

    def watch(_: Request) -> None:
        seen.update(one.pid for one in worker_processes())

    proxy.rule = watch
    document = rig.run()

    assert len(seen) == 2
    assert rig.objects() == BODIES
    assert document["transfer"]["verified"] == document["transfer"]["sent_files"] == len(BODIES)
    assert set(Counter(one.path for one in proxy.seen if one.method == "PUT").values()) == {1}
    assert worker_processes() == []


def test_f5_a_killed_worker_process_loses_nothing_and_the_others_finish(
    rig: Rig, proxy: Proxy, capfd: pytest.CaptureFixture[str]
) -> None:
    killed: list[psutil.Process] = []

    def kill_once(request: Request) -> None:
        if request.method == "PUT" and len(proxy.seen) > 30 and not killed:
            killed.extend(worker_processes()[:1])
            killed[0].kill()

    proxy.rule = kill_once
    document = rig.run()

    assert killed
    assert set(rig.ledger().values()) == {"verified"}
    assert rig.objects() == BODIES
    assert document["transfer"]["verified"] == len(BODIES)
    assert "exit code -9" in capfd.readouterr().err
    assert rig.query("select count(*) from migration.file_transfer where attempts > 1") != [(0,)]
    assert worker_processes() == []


def test_without_any_worker_process_left_the_run_fails_and_gives_its_files_back(rig: Rig, proxy: Proxy) -> None:
    def kill_all(request: Request) -> None:
        if request.method == "PUT":
            for one in worker_processes():
                one.kill()

    proxy.rule = kill_all
    with pytest.raises(ServiceError, match="every worker process"):
        rig.run()

    assert set(rig.ledger().values()) == {"planned"}
    assert rig.query("select state from migration.run") == [("failed",)]
    proxy.rule = lambda _: None
    rig.run()
    assert set(rig.ledger().values()) == {"verified"}
    assert rig.objects() == BODIES


def test_f6_a_killed_parent_leaves_no_worker_process_and_the_next_run_closes_its_row(rig: Rig, proxy: Proxy) -> None:
    rig.list_files(LONG)
    proxy.rule = lambda request: "hang" if request.method == "PUT" else None
    running = rig.start()
    wait_until(lambda: any(request.method == "PUT" for request in proxy.seen), running)
    workers = worker_processes(running.pid)
    assert workers
    running.kill()
    running.communicate(timeout=60)

    _, left = psutil.wait_procs(workers, timeout=5)
    assert left == []
    proxy.rule = lambda _: None
    proxy.released.set()
    rig.run()
    assert Counter(rig.ledger().values()) == {"verified": len(BODIES), "file_missing": len(LONG) - len(BODIES)}
    assert rig.query("select state from migration.run order by run_id") == [("interrupted",), ("succeeded",)]


def test_x3_an_interrupt_of_the_whole_process_group_ends_within_ten_seconds_even_while_s3_hangs(
    rig: Rig, proxy: Proxy
) -> None:
    rig.list_files(LONG)
    proxy.rule = lambda request: "hang" if request.method == "PUT" and request.path.endswith("5") else None
    running = rig.start()
    wait_until(lambda: sum(request.path.endswith("5") for request in proxy.seen) >= 8, running)
    workers = worker_processes(running.pid)
    started = time.monotonic()
    for process in (running, *workers):
        process.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=60)

    assert running.returncode == 2
    assert time.monotonic() - started < 10
    assert "run `dtx files` again" in said
    assert "worker process ended" not in said
    assert psutil.wait_procs(workers, timeout=5)[1] == []
    assert set(rig.ledger().values()) <= {"verified", "file_missing", "planned"}
    assert rig.query("select state from migration.run") == [("interrupted",)]
    claimed = "select count(*) from migration.file_transfer where state = 'claimed' or lease_owner is not null"
    assert rig.query(claimed) == [(0,)]
