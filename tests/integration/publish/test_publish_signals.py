"""Ctrl-C ends a run at a batch's edge, within ten seconds (X3)."""

from __future__ import annotations

import signal
import time

import pytest
from faults import everything_published, wait_until
from publish_rig import Finished, Rig, documents


@pytest.mark.parametrize("point", ["publish.rows_written@2=SIGINT", "publish.between_batches@3=SIGINT"])
def test_x3_ctrl_c_ends_at_a_batch_s_edge_and_says_how_to_go_on(rig: Rig, point: str) -> None:
    rig.use(documents(batch_size=50))
    rig.build_documents(300)

    done = rig.dtx("publish", DTX_FAILPOINT=point)

    stopped_after_two_batches(rig, done)
    assert rig.dtx("publish").returncode == 0
    everything_published(rig, 300)


def test_x3_a_second_ctrl_c_changes_nothing(rig: Rig) -> None:
    """Both come while the second batch waits for a lock; it is still finished."""
    rig.use(documents(batch_size=50))
    rig.build_documents(300)
    with rig.connect() as rival:
        process = rig.start("publish", DTX_FAILPOINT="publish.between_batches@2=SIGSTOP")
        wait_until(process.is_stopped)
        assert rig.value("select count(*) from app_document") == 50
        rival.execute("lock table app_document in exclusive mode")
        process.signal(signal.SIGCONT)
        wait_until(lambda: rig.value("select count(*) from pg_locks where not granted") == 1)
        process.signal(signal.SIGINT)
        wait_until(lambda: "stopping at the end of this batch" in process.errors())
        process.signal(signal.SIGINT)
        time.sleep(0.2)
        assert not process.has_ended()
    started = time.monotonic()
    done = process.finish()

    assert time.monotonic() - started < 10
    stopped_after_two_batches(rig, done)


def stopped_after_two_batches(rig: Rig, done: Finished) -> None:
    assert done.returncode == 2, done.stderr
    assert "run the same command again" in done.stderr
    assert rig.value("select count(*) from app_document") == 100
    assert rig.ledger("select state from migration.run") == [("interrupted",)]


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
