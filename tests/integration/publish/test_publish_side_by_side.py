"""Batches that are written side by side: the same truth as one after the other (P1, P2, P4, P11, P13, X3)."""

from __future__ import annotations

import signal
from collections.abc import Callable

import psycopg
import pytest
from faults import Hook, everything_published
from publish_rig import Rig, documents
from relay import CommitEater

from loaders.errors import RefusedError
from sandbox.servers.postgres import OWNER

ROWS = 1_000


@pytest.fixture
def long_model(rig: Rig) -> Rig:
    """A model of twenty batches, which is long enough for two writers."""
    rig.use(documents(batch_size=50))
    rig.build_documents(ROWS)
    return rig


def sessions_of(rig: Rig) -> int:
    return int(rig.value("select count(distinct backend) from seen_writer"))


@pytest.fixture
def watched(long_model: Rig) -> Rig:
    """The same, and a table that notes which of the server's sessions inserts."""
    long_model.sql(
        """
        create table seen_writer (backend integer);
        create function note_writer() returns trigger language plpgsql security definer as
        $$ begin insert into seen_writer select pg_backend_pid(); return null; end $$;
        create trigger note_writer after insert on app_document for each statement execute function note_writer();
        """,
        role=OWNER,
    )
    return long_model


def test_two_writers_share_a_long_model(watched: Rig) -> None:
    report = watched.publish_one()

    assert report.published == ROWS
    assert sessions_of(watched) == 2
    everything_published(watched, ROWS)
    ordinals = [ordinal for (ordinal,) in watched.ledger("select ordinal from migration.batch order by ordinal")]
    assert ordinals == list(range(1, 21))


def test_one_writer_where_the_settings_say_so(watched: Rig) -> None:
    watched.settings = watched.settings.model_copy(update={"publish_writers": 1})

    assert watched.publish_one().published == ROWS
    assert sessions_of(watched) == 1


@pytest.mark.parametrize("point", ["batch_started@6", "rows_written@6", "before_commit@6", "after_commit@6"])
def test_p1_a_run_killed_with_two_batches_open_is_finished_by_the_next(long_model: Rig, point: str) -> None:
    killed = long_model.dtx("publish", DTX_FAILPOINT=f"publish.{point}")
    assert killed.returncode == -signal.SIGKILL

    finished = long_model.dtx("publish", "--json")

    assert finished.returncode == 0, finished.stderr
    everything_published(long_model, ROWS)
    assert long_model.value("select sum(rows_published) from migration.batch") == ROWS


@pytest.mark.parametrize("delivers", [True, False], ids=["committed", "not committed"])
def test_p2_a_lost_commit_reply_of_either_writer_is_asked_of_the_ledger(
    long_model: Rig, at: Callable[[str, int, Hook], None], delivers: bool
) -> None:
    relay = CommitEater(long_model.settings.target_host, long_model.settings.target_port)
    long_model.settings = long_model.settings.model_copy(update={"target_port": relay.port})
    at("publish.before_commit", 4, lambda: relay.arm(delivers=delivers))

    report = long_model.publish_one()

    relay.close()
    assert relay.eaten == 1
    assert report.published == ROWS
    everything_published(long_model, ROWS)
    assert long_model.value("select count(*) from migration.batch") == 20


def test_p4_no_writer_goes_on_once_the_lease_is_lost(long_model: Rig, at: Callable[[str, int, Hook], None]) -> None:
    landed = []

    def usurp() -> None:
        # Waits for the batch that the other writer has open.
        long_model.ledger("update migration.writer_lease set fencing_token = fencing_token + 1 where name = 'publish'")
        landed.append(long_model.value("select count(*) from app_document"))

    at("publish.between_batches", 5, usurp)

    with pytest.raises(RefusedError, match="lost its right to write"):
        long_model.publish()

    assert landed[0] < ROWS
    assert long_model.value("select count(*) from app_document") == landed[0]


def test_p11_bad_rows_of_different_batches_are_rejected_alone(long_model: Rig) -> None:
    """A value that only the target refuses."""
    long_model.sql(
        "alter table app_document add weight integer not null default 1, "
        "add constraint light check (pages * weight < 100)",
        role=OWNER,
    )
    heavy = "legacy_key in ('000111', '000555', '000999')"
    long_model.alter_model(f"update migration_publish.pub_document set pages = 100 where {heavy}")

    report = long_model.publish_one()

    assert report.published == ROWS - 3
    assert long_model.ledger("select legacy_key, sqlstate from migration.reject order by 1") == [
        ("000111", "23514"),
        ("000555", "23514"),
        ("000999", "23514"),
    ]


def test_a_fault_of_one_writer_stops_the_other_at_its_batch_s_edge(
    long_model: Rig, at: Callable[[str, int, Hook], None]
) -> None:
    def fail() -> None:
        raise psycopg.errors.InsufficientPrivilege

    at("publish.rows_written", 7, fail)

    with pytest.raises(Exception, match="42501"):
        long_model.publish()

    landed = long_model.value("select count(*) from app_document")
    assert landed < ROWS
    assert landed == long_model.value("select sum(rows_published) from migration.batch")


def test_x3_an_interrupt_ends_both_writers(long_model: Rig) -> None:
    stopped = long_model.dtx("publish", DTX_FAILPOINT="publish.rows_written@4=SIGINT")

    assert stopped.returncode == 2
    landed = long_model.value("select count(*) from app_document")
    assert 150 <= landed < ROWS
    assert long_model.dtx("publish").returncode == 0
    everything_published(long_model, ROWS)


def test_p13_what_two_writers_published_is_taken_back(long_model: Rig) -> None:
    long_model.publish()

    assert long_model.roll_back(run=1).undone.total() == ROWS
    assert long_model.value("select count(*) from app_document") == 0
