"""Two writers, and dbt beside a publisher: one truth, and the other is told (P4, P9)."""

from __future__ import annotations

import pytest
from publish_helpers import At, end_publisher_sessions, everything_published, wait_until
from publish_rig import Rig, documents

from loaders.errors import RefusedError
from sandbox.servers.postgres import PUBLISHER


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


def test_p4_a_publisher_that_lost_its_lease_writes_no_further_batch(rig: Rig, at: At) -> None:
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


def test_p4_the_token_alone_keeps_a_stale_writer_out(rig: Rig, at: At) -> None:
    """Behind a transaction-mode pooler the advisory lock is worth nothing: only the token stops the first writer."""
    rig.use(documents(batch_size=50))
    rig.build_documents(200)

    def usurp() -> None:
        rig.ledger("update migration.writer_lease set fencing_token = fencing_token + 1 where name = 'publish'")

    at("publish.between_batches", 3, usurp)

    with pytest.raises(RefusedError, match="lost its right to write"):
        rig.publish()

    assert rig.value("select count(*) from app_document") == 100


def test_p4_a_run_that_lost_its_lease_leaves_the_rival_s_frozen_input_alone(rig: Rig, at: At) -> None:
    rig.use(documents(batch_size=50))
    rig.build_documents(200)

    def usurp() -> None:
        rig.ledger("update migration.writer_lease set fencing_token = fencing_token + 1 where name = 'publish'")
        rig.sql("create table migration_frozen.run_11_01_pending as select 1 as one", role=PUBLISHER)

    at("publish.between_batches", 2, usurp)

    with pytest.raises(RefusedError, match="lost its right to write"):
        rig.publish()

    assert rig.sql("select tablename from pg_tables where schemaname = 'migration_frozen'") == [("run_11_01_pending",)]


def test_p9_a_rebuild_in_mid_publish_changes_nothing_of_the_run(rig: Rig, at: At) -> None:
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
