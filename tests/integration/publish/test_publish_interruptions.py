"""Kills, lost connections, rivals and rebuilds: what is published stays one truth (P1, P2, P4, P9)."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable

import pytest
from faults import Hook, end_publisher_sessions, everything_published, wait_until
from publish_rig import Rig, documents, requirements
from relay import CommitEater

from loaders.errors import RefusedError
from sandbox.servers.postgres import PUBLISHER


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


def test_json_of_a_run_is_one_versioned_document(rig: Rig) -> None:
    rig.use(documents())
    rig.build_documents(20)

    document = json.loads(rig.dtx("publish", "--json").stdout)

    assert document["schema"] == "dtx.publish/1"
    assert document["exit_code"] == 0
    assert document["models"][0]["published"] == 20
    assert rig.ledger("select outcome -> 'models' from migration.run") == [(document["models"],)]
