"""Locks, lost backends, crashes and full disks cost a batch, never the truth (P10, P14)."""

from __future__ import annotations

import os
import resource
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from faults import Hook, end_publisher_sessions, everything_published, is_alive, wait_until
from publish_databases import WITH_LEDGER, make_templates, new_rig
from publish_rig import Rig, documents, requirements

from loaders.errors import ServiceError
from loaders.publish import session as session_module
from sandbox.servers import postgres as postgres_server


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
