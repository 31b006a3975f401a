"""Kills, lost connections, rivals, locks and Ctrl-C: what is published stays one truth (P1, P2, P4, P9, P10, X3)."""

from __future__ import annotations

import json
import os
import resource
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from publish_databases import WITH_LEDGER, make_templates, new_rig
from publish_rig import Rig, documents, requirements
from relay import CommitEater

from loaders.errors import RefusedError, ServiceError
from loaders.publish import batch as batch_module
from loaders.publish import publisher as publisher_module
from loaders.publish import session as session_module
from sandbox.servers import postgres as postgres_server
from sandbox.servers.postgres import PUBLISHER

Hook = Callable[[], None]


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, int, Hook], None]:
    """Call a hook when the publisher passes a failpoint of this process for the n-th time."""

    def plan(name: str, occurrence: int, hook: Hook) -> None:
        passed = 0

        def reached(point: str) -> None:
            nonlocal passed
            passed += point == name
            if point == name and passed == occurrence:
                hook()

        monkeypatch.setattr(batch_module, "failpoint", reached)
        monkeypatch.setattr(publisher_module, "failpoint", reached)

    return plan


def end_publisher_sessions(rig: Rig) -> None:
    with rig.connect() as connection:
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where usename = %s and datname = current_database()",
            [PUBLISHER],
        )


def everything_published(rig: Rig, rows: int) -> None:
    assert rig.value("select count(*) from app_document") == rows
    assert rig.value("select count(distinct file) from app_document") == rows
    assert rig.value("select count(*) from migration.id_map where state = 'migrated'") == rows
    assert (
        rig.value(
            "select count(*) from migration.id_map join app_document on id = target_id::bigint "
            "and file = 'documents/' || source_key"
        )
        == rows
    )
    assert rig.value("select sum(rows_published) from migration.batch") == rows


@pytest.mark.parametrize(
    "point",
    [
        "publish.lease_taken",
        "publish.frozen",
        "publish.between_batches@4",
        "publish.batch_started@4",
        "publish.rows_written@4",
        "publish.before_commit@4",
        "publish.after_commit@3",
    ],
)
def test_p1_a_killed_run_is_finished_by_the_next(rig: Rig, point: str) -> None:
    rig.use(documents(batch_size=50))
    rig.build_documents(300)

    killed = rig.dtx("publish", DTX_FAILPOINT=point)
    assert killed.returncode == -signal.SIGKILL
    landed = rig.sql("select id, file from app_document")
    assert len(landed) == rig.value("select count(*) from migration.id_map where state = 'migrated'")
    assert len(landed) == (150 if "@" in point else 0)

    finished = rig.dtx("publish", "--json")

    assert finished.returncode == 0, finished.stderr
    everything_published(rig, 300)
    assert set(landed) <= set(rig.sql("select id, file from app_document"))
    assert rig.ledger("select state from migration.run order by run_id") == [("interrupted",), ("succeeded",)]
    assert rig.value("select count(*) from pg_tables where schemaname = 'migration_frozen'") == 0


def test_p1_three_kills_leave_the_same_ledger_as_one_run(rig: Rig) -> None:
    rig.use(documents(batch_size=50), requirements(batch_size=50))
    rig.build_documents(300)
    rig.build_requirements(150)

    for point in ("publish.before_commit@2", "publish.after_commit@2", "publish.rows_written@4"):
        assert rig.dtx("publish", DTX_FAILPOINT=point).returncode == -signal.SIGKILL
    assert rig.dtx("publish").returncode == 0

    everything = "select entity, source_key, legacy_key, target_table, state, published_hash from migration.id_map"
    assert rig.value(f"select count(*) from ({everything}) as map") == 450
    assert rig.value("select count(*) from migration.before_image") == 150
    assert (
        rig.value("select count(*) from migration.before_image where column_values ->> 'note' like 'before %'") == 150
    )


@pytest.mark.parametrize("delivers", [True, False], ids=["committed", "not committed"])
def test_p2_a_lost_commit_reply_is_asked_of_the_ledger(
    rig: Rig, at: Callable[[str, int, Hook], None], delivers: bool
) -> None:
    rig.use(documents(batch_size=50))
    rig.build_documents(200)
    relay = CommitEater(rig.settings.target_host, rig.settings.target_port)
    rig.settings = rig.settings.model_copy(update={"target_port": relay.port})
    at("publish.before_commit", 2, lambda: relay.arm(delivers=delivers))

    report = rig.publish_one()

    relay.close()
    assert relay.eaten == 1
    assert report.published == 200
    everything_published(rig, 200)
    assert rig.value("select count(*) from migration.batch") == 4


def test_p4_a_second_publisher_is_refused_and_told_who_writes(rig: Rig) -> None:
    rig.use(documents())
    rig.build_documents(100)
    with rig.connect(PUBLISHER, autocommit=True) as rival:
        # The first publisher stands still in its batch because somebody holds the table.
        with rig.connect() as blocker:
            blocker.execute("lock table app_document in exclusive mode")
            first = rig.start("publish")
            wait_until(lambda: rig.value("select count(*) from migration.run where state = 'running'") == 1)
            wait_until(lambda: rig.value("select count(*) from pg_locks where locktype = 'advisory'") == 1)
            second = rig.dtx("publish")
            session = rival.execute("select pid from pg_locks where locktype = 'advisory'").fetchone()
        finished = first.finish()

    assert second.returncode == 3
    assert f"process {first.pid}" in second.stderr
    assert session is not None
    assert f"PostgreSQL session {session[0]}" in second.stderr
    assert "run 1 (dtx publish)" in second.stderr
    assert finished.returncode == 0, finished.stderr
    everything_published(rig, 100)


def test_p4_a_publisher_that_lost_its_lease_writes_no_further_batch(
    rig: Rig, at: Callable[[str, int, Hook], None]
) -> None:
    """The lock's session is killed and a rival publishes everything; then the first would go on."""
    rig.use(documents(batch_size=50))
    rig.build_documents(200)

    def rival() -> None:
        end_publisher_sessions(rig)
        finished = rig.dtx("publish")
        assert finished.returncode == 0, finished.stderr

    at("publish.between_batches", 3, rival)

    with pytest.raises(RefusedError, match="run 1 lost its right to write to run 2"):
        rig.publish()

    everything_published(rig, 200)
    assert rig.ledger("select distinct fencing_token from migration.batch order by 1") == [(1,), (2,)]


def test_p4_the_token_alone_keeps_a_stale_writer_out(rig: Rig, at: Callable[[str, int, Hook], None]) -> None:
    """Behind a transaction-mode pooler the advisory lock is worth nothing: only the token stops the first writer."""
    rig.use(documents(batch_size=50))
    rig.build_documents(200)

    def usurp() -> None:
        rig.ledger("update migration.writer_lease set fencing_token = fencing_token + 1 where name = 'publish'")

    at("publish.between_batches", 3, usurp)

    with pytest.raises(RefusedError, match="lost its right to write"):
        rig.publish()

    assert rig.value("select count(*) from app_document") == 100


def test_p4_a_run_that_lost_its_lease_leaves_the_rival_s_frozen_input_alone(
    rig: Rig, at: Callable[[str, int, Hook], None]
) -> None:
    rig.use(documents(batch_size=50))
    rig.build_documents(200)

    def usurp() -> None:
        rig.ledger("update migration.writer_lease set fencing_token = fencing_token + 1 where name = 'publish'")
        rig.sql("create table migration_frozen.run_11_01_pending as select 1 as one", role=PUBLISHER)

    at("publish.between_batches", 2, usurp)

    with pytest.raises(RefusedError, match="lost its right to write"):
        rig.publish()

    assert rig.sql("select tablename from pg_tables where schemaname = 'migration_frozen'") == [("run_11_01_pending",)]


def test_p9_a_rebuild_in_mid_publish_changes_nothing_of_the_run(rig: Rig, at: Callable[[str, int, Hook], None]) -> None:
    rig.use(documents(batch_size=50))
    rig.build_documents(200)

    def rebuild() -> None:
        rig.build_documents(400)
        rig.alter_model("update migration_publish.pub_document set title = 'Changed ' || title")

    at("publish.between_batches", 3, rebuild)

    report = rig.publish_one()

    assert report.published == 200
    assert rig.value("select count(*) from app_document where title like 'Title %'") == 200
    assert rig.value("select count(*) from app_document") == 200
    assert rig.value("select count(distinct input_fingerprint) from migration.batch") == 4


def test_p10_a_locked_table_is_waited_for_and_then_given_up_cleanly(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_module, "_BATCH_SETTINGS", "set local lock_timeout = '100ms'")
    monkeypatch.setattr(session_module, "_ATTEMPTS", 2)
    rig.use(documents())
    rig.build_documents(100)

    with rig.connect() as rival:
        rival.execute("lock table app_document in exclusive mode")
        with pytest.raises(ServiceError, match="SQLSTATE 55P03"):
            rig.publish()
        assert rival.execute("select count(*) from app_document").fetchone() == (0,)
    assert rig.ledger("select state from migration.run") == [("failed",)]
    assert rig.value("select count(*) from migration.batch") == 0

    assert rig.publish_one().published == 100


def test_p10_a_lock_that_is_freed_in_time_costs_a_retry_only(
    rig: Rig, at: Callable[[str, int, Hook], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_module, "_BATCH_SETTINGS", "set local lock_timeout = '200ms'")
    rig.use(documents(batch_size=50))
    rig.build_documents(100)
    rival = rig.connect()
    releaser = threading.Timer(1.0, rival.rollback)

    def lock() -> None:
        rival.execute("lock table app_document in exclusive mode")
        releaser.start()

    at("publish.between_batches", 2, lock)
    report = rig.publish_one()
    releaser.join()
    rival.close()

    assert report.published == 100
    everything_published(rig, 100)


def test_p10_a_batch_whose_backend_is_ended_shows_no_rows_and_is_done_again(
    rig: Rig, at: Callable[[str, int, Hook], None]
) -> None:
    rig.use(documents(batch_size=50))
    rig.build_documents(200)
    at("publish.rows_written", 2, lambda: end_publisher_sessions(rig))

    report = rig.publish_one()

    assert report.published == 200
    everything_published(rig, 200)


def test_p10_a_statement_timeout_is_no_row_s_fault(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_module, "_BATCH_SETTINGS", "set local statement_timeout = '150ms'")
    monkeypatch.setattr(session_module, "_ATTEMPTS", 2)
    rig.use(documents())
    rig.build_documents(10)
    rig.sql(
        "create function slow() returns trigger language plpgsql as 'begin perform pg_sleep(0.1); return new; end'; "
        "create trigger slow before insert on app_document for each row execute function slow()"
    )

    with pytest.raises(ServiceError, match="SQLSTATE 57014"):
        rig.publish()

    assert rig.value("select count(*) from app_document") == 0
    assert rig.value("select count(*) from migration.reject") == 0


def test_p10_serializable_writers_beside_the_publisher_lose_nothing(
    rig: Rig, at: Callable[[str, int, Hook], None]
) -> None:
    rig.use(requirements(batch_size=50))
    rig.build_requirements(150)
    failed: list[str | None] = []

    def serializable_writer() -> None:
        with rig.connect() as rival:
            rival.isolation_level = psycopg.IsolationLevel.SERIALIZABLE
            try:
                rival.execute("update app_requirement set metadata = '{}' where id between 200 and 300")
                rival.commit()
            except psycopg.Error as error:
                failed.append(error.sqlstate)

    at("publish.rows_written", 2, serializable_writer)
    assert rig.publish_one().updated == 150
    assert failed == []
    assert rig.value("select count(*) from app_requirement where metadata = '{}'") == 101


@pytest.mark.parametrize("signals", [1, 2], ids=["one Ctrl-C", "two"])
@pytest.mark.parametrize("point", ["publish.rows_written@2=SIGINT", "publish.between_batches@3=SIGINT"])
def test_x3_ctrl_c_ends_at_a_batch_s_edge_and_says_how_to_go_on(rig: Rig, point: str, signals: int) -> None:
    rig.use(documents(batch_size=50))
    rig.build_documents(300)
    process = rig.start("publish", DTX_FAILPOINT=point)
    if signals == 2:
        wait_until(lambda: process.has_ended() or bool(rig.value("select count(*) from app_document")))
        process.signal(signal.SIGINT)
    started = time.monotonic()
    finished = process.finish()

    assert time.monotonic() - started < 10
    assert finished.returncode == 2
    assert "run the same command again" in finished.stderr
    assert rig.value("select count(*) from app_document") % 50 == 0
    assert rig.value("select count(*) from app_document") < 300
    assert rig.ledger("select state from migration.run") == [("interrupted",)]

    assert rig.dtx("publish").returncode == 0
    everything_published(rig, 300)


def test_x3_ctrl_c_while_freezing_leaves_nothing(rig: Rig) -> None:
    rig.use(documents())
    rig.build_documents(100)

    done = rig.dtx("publish", DTX_FAILPOINT="publish.lease_taken=SIGINT")

    assert done.returncode == 2
    assert rig.value("select count(*) from app_document") == 0
    assert rig.value("select count(*) from pg_tables where schemaname = 'migration_frozen'") == 0
    assert rig.ledger("select state from migration.run") == [("interrupted",)]


def test_x3_a_statement_that_outlasts_the_grace_is_cancelled(rig: Rig) -> None:
    rig.use(documents())
    rig.build_documents(100)
    rig.sql(
        "create function slow() returns trigger language plpgsql as 'begin perform pg_sleep(60); return new; end'; "
        "create trigger slow before insert on app_document for each row execute function slow()"
    )
    process = rig.start("publish")
    wait_until(lambda: rig.value("select count(*) from pg_stat_activity where wait_event = 'PgSleep'") == 1)
    process.signal(signal.SIGINT)
    started = time.monotonic()
    finished = process.finish()

    assert time.monotonic() - started < 10
    assert finished.returncode == 2, finished.stderr
    assert rig.value("select count(*) from app_document") == 0
    assert rig.ledger("select state from migration.run") == [("interrupted",)]


def test_p10_a_server_crash_empties_the_frozen_input_and_the_next_run_goes_on(
    servers_folder: Path, tmp_path: Path, at: Callable[[str, int, Hook], None]
) -> None:
    """Immediate stop and restart between two batches: an emptied frozen input is not taken for a finished one."""
    folder = servers_folder / "postgres-to-crash"
    passwords = {"password": "superuser", "role_password": "role"}
    server = postgres_server.start(folder, **passwords)
    make_templates(server)
    with new_rig(server, WITH_LEDGER, tmp_path) as rig:
        rig.use(documents(batch_size=50))
        rig.build_documents(200)

        def crash() -> None:
            postmaster = int((folder / "data" / "postmaster.pid").read_text().split()[0])
            os.kill(postmaster, signal.SIGQUIT)
            wait_until(lambda: not (folder / "data" / "postmaster.pid").exists() or not is_alive(postmaster))
            assert postgres_server.start(folder, **passwords, port=server.port).port == server.port

        at("publish.between_batches", 3, crash)

        with pytest.raises(ServiceError, match="the server crashed"):
            rig.publish()
        assert rig.value("select count(*) from app_document") == 100

        assert rig.publish_one().published == 100
        everything_published(rig, 200)
    postgres_server.stop(folder)


def is_alive(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    return True


def test_p10_a_full_disk_stops_the_run_at_once_and_shows_no_rows(rig: Rig) -> None:
    """The server's own error for it, raised where a table would grow."""
    rig.use(documents(batch_size=50))
    rig.build_documents(200)
    rig.sql(
        "create function full_disk() returns trigger language plpgsql as "
        "'begin if new.title = ''Title 60'' then raise exception using errcode = ''53100''; end if; return new; end'; "
        "create trigger full_disk before insert on app_document for each row execute function full_disk()"
    )

    done = rig.dtx("publish")

    assert done.returncode == 2
    assert "a batch failed with SQLSTATE 53100; it was rolled back" in " ".join(done.stderr.split())
    assert rig.value("select count(*) from app_document") == 50
    assert rig.value("select count(*) from migration.reject") == 0

    rig.sql("drop trigger full_disk on app_document")
    assert rig.publish_one().published == 150
    everything_published(rig, 200)


def test_p14_memory_does_not_grow_with_the_rows(rig: Rig) -> None:
    """Rows stay in the server: forty times the rows, the same process memory."""
    rig.use(documents(batch_size=500))
    rig.build_documents(1000)
    rig.publish()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    rig.build_documents(41_000)

    report = rig.publish_one()

    assert report.published == 40_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 4 * 1024  # kilobytes


def test_json_of_a_run_is_one_versioned_document(rig: Rig) -> None:
    rig.use(documents())
    rig.build_documents(20)

    document = json.loads(rig.dtx("publish", "--json").stdout)

    assert document["schema"] == "dtx.publish/1"
    assert document["exit_code"] == 0
    assert document["models"][0]["published"] == 20
    assert rig.ledger("select outcome -> 'models' from migration.run") == [(document["models"],)]


def wait_until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)
