"""Several `dtx files` plan the same list at the same moment."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
from files_support import Rig, write_manifest

from loaders.database import connect
from loaders.files.model import load_models
from loaders.files.plan import freeze, write_plan
from loaders.settings import Settings
from sandbox.servers.s3 import S3


@pytest.fixture
def rig(ledger: Settings, s3: S3, tmp_path: Path) -> Rig:
    return Rig(ledger, s3, write_manifest(tmp_path / "manifest.json"))


def test_a_second_planner_inserts_nothing_before_the_first_one_is_done(rig: Rig) -> None:
    # Both at once would meet each other's object keys: a unique violation that ON CONFLICT does not arbitrate.
    rig.list_files({str(number): str(number) for number in range(5)})
    with ExitStack() as stack:
        first, second = (stack.enter_context(connect(rig.settings, "publisher", autocommit=True)) for _ in range(2))
        for planner in (first, second):
            freeze(planner, load_models(rig.manifest))
        aside = stack.enter_context(ThreadPoolExecutor(1))
        with first.transaction():
            write_plan(first)
            planning = aside.submit(write_plan, second)
            waits_for = f"select wait_event from pg_stat_activity where pid = {second.info.backend_pid}"
            deadline = time.monotonic() + 10
            while rig.query(waits_for) not in ([("advisory",)], [("transactionid",)]) and time.monotonic() < deadline:
                time.sleep(0.02)
            assert rig.query(waits_for) == [("advisory",)]
        planning.result(timeout=10)
    assert set(rig.ledger().values()) == {"planned"}
