"""Several `dtx files` plan and claim the same list at the same moment, or one after the other with another list."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
from files_support import Rig, write_manifest

from loaders.database import connect
from loaders.files.ledger import Ledger
from loaders.files.model import load_models
from loaders.files.plan import freeze
from loaders.files.transfer import Verdict
from loaders.settings import Settings
from sandbox.servers.s3 import S3


@pytest.fixture
def rig(ledger: Settings, s3: S3, tmp_path: Path) -> Rig:
    return Rig(ledger, s3, write_manifest(tmp_path / "manifest.json"))


def planner(rig: Rig, stack: ExitStack) -> Ledger:
    """A run that has looked at the list and claimed nothing yet."""
    connection = stack.enter_context(connect(rig.settings, "publisher", autocommit=True))
    freeze(connection, load_models(rig.manifest))
    return Ledger(connection)


def test_a_second_run_inserts_nothing_before_the_first_one_is_done(rig: Rig) -> None:
    # Both at once would meet each other's object keys: a unique violation that ON CONFLICT does not arbitrate.
    rig.list_files({str(number): str(number) for number in range(5)})
    with ExitStack() as stack:
        first, second = planner(rig, stack), planner(rig, stack)
        aside = stack.enter_context(ThreadPoolExecutor(1))
        with first._connection.transaction():
            assert len(first.claim()) == 5
            claiming = aside.submit(second.claim)
            waits_for = f"select wait_event from pg_stat_activity where pid = {second._connection.info.backend_pid}"
            deadline = time.monotonic() + 10
            while rig.query(waits_for) not in ([("advisory",)], [("transactionid",)]) and time.monotonic() < deadline:
                time.sleep(0.02)
            assert rig.query(waits_for) == [("advisory",)]
        assert claiming.result(timeout=10) == []
    assert set(rig.ledger().values()) == {"claimed"}


def test_of_two_runs_with_different_lists_the_later_one_counts(rig: Rig) -> None:
    with ExitStack() as stack:
        rig.list_files({"moved": "old", "same": "same"})
        earlier = planner(rig, stack)
        held = earlier.claim()
        rig.list_files({"moved": "new", "same": "same"})
        later = planner(rig, stack)
        taken = later.claim()
        assert [(file.legacy_key, file.source_path) for file in taken] == [("moved", "new")]

        earlier.record([Verdict(file, None, 1, 0.0, bytes(32), 1) for file in held])
        assert rig.ledger() == {"moved": "claimed", "same": "verified"}
        assert earlier.claim() == []
        assert earlier.is_open()

        later.release(taken, untouched=True)
        (again,) = earlier.claim() or earlier.claim()
        assert (again.legacy_key, again.source_path) == ("moved", "new")


def test_what_one_of_two_runs_rejects_the_other_does_not_try_again(rig: Rig) -> None:
    with ExitStack() as stack:
        rig.list_files({"a": "a", "b": "b"})
        before = planner(rig, stack)
        before.record([Verdict(file, "file_missing") for file in before.claim()])
        first, second = planner(rig, stack), planner(rig, stack)
        again = first.claim()
        assert {file.legacy_key for file in again} == {"a", "b"}
        first.record([Verdict(file, "file_missing") for file in again])
        assert second.claim() == []
        assert not second.is_open()
        assert not first.is_open()


def test_what_a_later_run_rejected_before_this_one_looked_is_tried_again(rig: Rig) -> None:
    # A run has its number before it looks; one that numbered itself later may have rejected a file in between.
    with ExitStack() as stack:
        rig.list_files({"a": "a"})
        before = planner(rig, stack)
        before.record([Verdict(file, "file_missing") for file in before.claim()])
        rig.query("update migration.file_transfer set run_id = run_id + 1000")
        (again,) = planner(rig, stack).claim()
        assert again.legacy_key == "a"
