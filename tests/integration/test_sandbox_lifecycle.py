"""Starting and ending the sandbox: nothing is left, nothing is lost whoever is killed, nobody's files are touched."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from loaders.database import connect
from loaders.errors import ConfigurationError, RefusedError, ServiceError
from sandbox.servers import env_file, process, stack, state
from sandbox.servers import postgres as postgres_server
from sandbox.servers.mariadb import MariaDB
from sandbox.servers.postgres import Postgres
from sandbox.servers.s3 import PROGRAM as S3_PROGRAM
from sandbox.servers.s3 import S3
from sandbox.servers.stack import BUCKET, PROGRAMS, SOURCE_DATABASE, TARGET_DATABASE, TIME_ZONE, Stack
from sandbox.servers.temporary import server_folder

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A sandbox's folder. As root it is out of the servers' reach, as in a checkout in root's home."""
    home = tmp_path / ".sandbox"
    yield home
    if home.exists():
        stack.remove_data(home)


def processes(home: Path) -> dict[str, int]:
    """The main process of each server that runs for `home`."""
    data = Path(state.load(home).data_folder)
    found = {name: process.main_process(data / name, program) for name, program in PROGRAMS.items()}
    return {name: server.pid for name, server in found.items() if server is not None}


def metabase_client(servers: Stack) -> httpx.Client:
    settings = servers.settings()
    assert settings.metabase_url and settings.metabase_api_key
    key = settings.metabase_api_key.get_secret_value()
    return httpx.Client(base_url=settings.metabase_url, headers={"X-API-KEY": key})


def plant(servers: Stack) -> None:
    with servers.mariadb.connect(SOURCE_DATABASE) as connection, connection.cursor() as cursor:
        cursor.execute("create table kept (a int)")
        cursor.execute("insert into kept values (7)")
    with servers.postgres.connect(TARGET_DATABASE) as connection:
        connection.execute("create table kept as select 7 as a")
    servers.s3.client().put_object(Bucket=BUCKET, Key="kept", Body=b"7")
    with metabase_client(servers) as client:
        client.post("/api/collection", json={"name": "kept"}).raise_for_status()


def planted(servers: Stack) -> tuple[object, ...]:
    with servers.mariadb.connect(SOURCE_DATABASE) as connection, connection.cursor() as cursor:
        cursor.execute("select a from kept")
        source = cursor.fetchall()
    with servers.postgres.connect(TARGET_DATABASE) as connection:
        target = connection.execute("select a from kept").fetchall()
    with metabase_client(servers) as client:
        items = client.get("/api/collection/root/items").raise_for_status().json()["data"]
    body = servers.s3.client().get_object(Bucket=BUCKET, Key="kept")["Body"].read()
    return source, target, body, [item["name"] for item in items]


KEPT = (((7,),), [(7,)], b"7", ["kept"])


def test_stop_leaves_no_process_and_a_restart_has_the_data_and_the_ports(home: Path) -> None:
    first = stack.start(home, {})
    plant(first)
    with connect(first.settings(), "owner") as owner:
        assert owner.execute("select rolsuper from pg_roles where rolname = current_user").fetchone() == (False,)
    pids = processes(home)
    assert set(pids) == set(PROGRAMS)
    assert {name: record.pid for name, record in state.load(home).servers.items()} == pids
    listening = {
        connection.laddr.ip
        for pid in pids.values()
        for connection in psutil.Process(pid).net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening == {"127.0.0.1"}
    assert stack.start(home, {}) == first
    assert processes(home) == pids, "a second start keeps healthy servers"

    stack.stop(home)
    assert processes(home) == {}
    assert not [pid for pid in pids.values() if psutil.pid_exists(pid)]
    stack.stop(home)

    second = stack.start(home, {})
    assert second == first
    assert planted(second) == KEPT


def test_metabase_forgets_everything_but_its_set_up_when_the_sandbox_is_filled_anew(home: Path) -> None:
    state.save(home, state.load(home))
    ports = set()
    for _ in range(2):
        stack.renew_metabase(home)
        known = state.load(home)
        record = known.servers["metabase"]
        assert record.pid == processes(home)["metabase"]
        ports.add(record.port)
        key = {"X-API-KEY": known.passwords.metabase_api_key}
        with httpx.Client(base_url=f"http://127.0.0.1:{record.port}", headers=key) as client:
            assert client.get("/api/collection/root/items").json()["data"] == []
            assert client.get("/api/setting/report-timezone").json() == TIME_ZONE
            client.post("/api/collection", json={"name": "forgotten"}).raise_for_status()
    assert len(ports) == 1


def test_a_sandbox_removed_by_hand_while_it_ran_is_ended_and_begun_anew(home: Path) -> None:
    removed = stack.start(home, {})
    plant(removed)
    orphans = processes(home)
    shutil.rmtree(home)
    servers = stack.start(home, {})
    assert servers.postgres.port == removed.postgres.port, "to dbt it is the same server, and its parse still holds"
    plant(servers)
    assert planted(servers) == KEPT
    assert not [pid for pid in orphans.values() if psutil.pid_exists(pid)]


def test_servers_killed_by_force_start_again_with_their_data(home: Path) -> None:
    plant(stack.start(home, {}))
    before = processes(home)
    for pid in before.values():
        os.kill(pid, signal.SIGKILL)
    psutil.wait_procs([psutil.Process(pid) for pid in before.values() if psutil.pid_exists(pid)], timeout=10)
    servers = stack.start(home, {})
    assert planted(servers) == KEPT
    after = processes(home)
    assert set(after) == set(PROGRAMS)
    assert not set(after.values()) & set(before.values())


@pytest.mark.parametrize("victim", ["mariadb", "postgres"])
def test_a_starter_killed_in_the_middle_leaves_nothing_that_hinders(home: Path, victim: str) -> None:
    code = "import sys; from pathlib import Path; from sandbox.servers import stack; stack.start(Path(sys.argv[1]), {})"
    starter = subprocess.Popen([sys.executable, "-c", code, str(home)], cwd=ROOT, start_new_session=True)
    deadline = time.monotonic() + 60
    while not (home / "state.json").exists() or victim not in processes(home):
        assert time.monotonic() < deadline
        assert starter.poll() is None
        time.sleep(0.01)
    starter.kill()
    starter.wait()
    assert state.load(home).servers == {}, "killed before it could write down what it had started"

    orphans = processes(home)
    servers = stack.start(home, {})
    plant(servers)
    assert planted(servers) == KEPT
    assert set(processes(home)) == set(PROGRAMS)
    stack.stop(home)
    assert not [pid for pid in orphans.values() if psutil.pid_exists(pid)]


def test_a_stranger_with_a_remembered_pid_is_never_killed(home: Path, tmp_path: Path) -> None:
    stranger = subprocess.Popen(["mariadbd", "600"], executable=shutil.which("sleep"), cwd=tmp_path)
    neighbour = subprocess.Popen(["mariadb", "600"], executable=shutil.which("sleep"), cwd=tmp_path)
    try:
        known = state.load(home)
        for name in PROGRAMS:
            known.servers[name] = state.ServerRecord("127.0.0.1", 1, private=True, pid=stranger.pid, started=0.0)
        state.save(home, known)
        stack.stop(home)
        process.stop(tmp_path / "elsewhere", PROGRAMS["mariadb"])
        assert stranger.poll() is None
        process.stop(tmp_path, PROGRAMS["mariadb"])
        assert stranger.wait(10) is not None, "the folder and the program's name make it ours"
        assert neighbour.poll() is None
    finally:
        for child in (stranger, neighbour):
            child.kill()
            child.wait()


def test_servers_of_a_killed_test_session_are_ended_by_the_next_one() -> None:
    code = (
        "import os, signal\n"
        "from sandbox.servers import s3\n"
        "from sandbox.servers.temporary import server_folder\n"
        "with server_folder() as folder:\n"
        "    s3.start(folder / 's3', access_key='a', secret_key='b')\n"
        "    print(folder, flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert killed.returncode == -signal.SIGKILL
    folder = Path(killed.stdout.strip())
    assert process.main_process(folder / "s3", S3_PROGRAM) is not None
    with server_folder() as own:
        assert own.exists()
        assert process.main_process(folder / "s3", S3_PROGRAM) is None
        assert not folder.exists()
    assert not own.exists()


def test_a_second_command_is_refused_while_one_is_at_work(home: Path) -> None:
    with state.exclusive(home), pytest.raises(RefusedError, match="another sandbox command"), state.exclusive(home):
        pass


def test_servers_named_by_url_are_used_and_left_alone(home: Path, mariadb: MariaDB, postgres: Postgres, s3: S3) -> None:
    urls = {
        "SANDBOX_MARIADB_URL": f"mysql://{mariadb.user}:{mariadb.password}@127.0.0.1:{mariadb.port}",
        "SANDBOX_POSTGRES_URL": f"postgresql://{postgres.user}:{postgres.password}@127.0.0.1:{postgres.port}",
        "SANDBOX_S3_URL": f"http://{s3.access_key}:{s3.secret_key}@127.0.0.1:{s3.port}",
    }
    with pytest.raises(RefusedError, match="its password is not the sandbox's"):
        stack.start(home, urls)
    known = state.load(home)
    known.passwords.mariadb_reader, known.passwords.postgres_roles = mariadb.reader_password, postgres.role_password
    state.save(home, known)
    try:
        plant(stack.start(home, urls))
        assert processes(home).keys() == {"metabase"}
        stack.stop(home)
        assert planted(stack.start(home, urls)) == KEPT

        known = state.load(home)
        known.databases.clear()
        state.save(home, known)
        with pytest.raises(RefusedError, match="the sandbox did not make it"):
            stack.start(home, urls)
    finally:
        mariadb.drop_database(SOURCE_DATABASE)
        postgres.drop_database(TARGET_DATABASE)


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("mysql://127.0.0.1:3306", ConfigurationError),
        ("mysql://user:secret@127.0.0.1:port", ConfigurationError),
        ("mysql://user:secret@127.0.0.1:1", ServiceError),
    ],
)
def test_a_bad_url_is_named_without_its_password(home: Path, url: str, error: type[Exception]) -> None:
    with pytest.raises(error) as caught:
        stack.start(home, {"SANDBOX_MARIADB_URL": url})
    assert "secret" not in str(caught.value)


def test_nobodys_own_env_file_is_overwritten(tmp_path: Path, mariadb: MariaDB, postgres: Postgres, s3: S3) -> None:
    path = tmp_path / ".env"
    servers = Stack(mariadb, postgres, s3, tmp_path / "a folder" / "efs")
    env_file.write(path, servers)
    env_file.write(path, servers)
    assert path.stat().st_mode & 0o077 == 0
    shell = subprocess.run(
        ["sh", "-c", f'set -a; . "{path}"; printf "%s" "$DTX_EFS_ROOT"'], capture_output=True, text=True, check=True
    )
    assert shell.stdout == str(servers.efs_root)

    path.write_text(path.read_text() + "DTX_TARGET_HOST=db.example.com\n")
    own = path.read_bytes()
    with pytest.raises(RefusedError, match="was not written by the sandbox"):
        env_file.write(path, servers)
    env_file.remove(path)
    assert path.read_bytes() == own


def test_env_file_gives_back_the_settings(
    tmp_path: Path, mariadb: MariaDB, postgres: Postgres, s3: S3, monkeypatch: pytest.MonkeyPatch
) -> None:
    servers = Stack(mariadb, postgres, s3, tmp_path / "efs")
    env_file.write(tmp_path / ".env", servers)
    for name in os.environ:
        if name.startswith("DTX_"):
            monkeypatch.delenv(name)
    expected = servers.settings()
    assert type(expected)(_env_file=tmp_path / ".env") == expected


def test_postgres_of_the_wheel_serves_where_the_system_has_none() -> None:
    binaries = postgres_server.wheel_binaries()[0]
    account = process.unprivileged_account(postgres_server.PROGRAM)
    if account and not process.can_reach(binaries.folder / "initdb", account):
        pytest.skip(f"user {account.pw_name} cannot reach the environment's folder; root needs the system's PostgreSQL")
    with server_folder() as folder:
        server = postgres_server.start(folder / "postgres", password="a", role_password="b", binaries=binaries)
        server.create_database("x")
        with server.connect("x", role=postgres_server.APPLICATION) as connection:
            connection.execute("create table t as select 'é' as a")
            assert connection.execute("select a, current_setting('server_encoding') from t").fetchone() == ("é", "UTF8")
            assert connection.info.server_version // 10000 == binaries.major


def test_a_normal_user_can_run_it(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        return  # every other test of this file was just run by a normal user
    nobody = pwd.getpwnam("nobody")
    packages = Path(psutil.__file__).parents[1]
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    interpreters = [Path(sys.executable), Path(shutil.which(version, path="/usr/bin:/usr/local/bin") or "/nowhere")]
    usable = [path for path in interpreters if path.exists() and process.can_reach(path.resolve(), nobody)]
    if not usable or not process.can_reach(ROOT / "sandbox", nobody):
        pytest.skip("nobody can reach neither an interpreter nor the checkout")
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from loaders.database import connect\n"
        "from sandbox.servers import process, stack\n"
        "from sandbox.servers.temporary import server_folder\n"
        "with server_folder() as folder:\n"
        "    servers = stack.start(folder / 'home', {})\n"
        "    connect(servers.settings(), 'owner').close()\n"
        "    with servers.mariadb.connect('dtx1') as connection: pass\n"
        "    servers.s3.client().put_object(Bucket=servers.bucket, Key='a', Body=b'b')\n"
        "    owners = {process.main_process(folder, p).uids().effective for p in stack.PROGRAMS.values()}\n"
        "    stack.stop(folder / 'home')\n"
        "    left = [p for program in stack.PROGRAMS.values() for p in process.running_in(folder, program)]\n"
        "print(owners, left)\n"
    )
    result = subprocess.run(
        [usable[0], "-c", code],
        cwd=ROOT,
        env={"PYTHONPATH": f"{ROOT}:{packages}", "PATH": os.environ["PATH"], "HOME": "/nonexistent"},
        user=nobody.pw_uid,
        group=nobody.pw_gid,
        extra_groups=[],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.stdout == f"{{{nobody.pw_uid}}} []\n", result.stderr
