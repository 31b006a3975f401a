"""Several `dtx files` plan the same list at the same moment."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from threading import Barrier

import psycopg
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


def test_planners_that_insert_the_same_rows_at_once_all_succeed(rig: Rig) -> None:
    rig.list_files({f"{number}": f"{number}" for number in range(5)})
    together = Barrier(2)

    def plan(connection: psycopg.Connection) -> None:
        together.wait()
        write_plan(connection)

    with ExitStack() as stack:
        owner = stack.enter_context(connect(rig.settings, "owner", autocommit=True))
        planners = [stack.enter_context(connect(rig.settings, "publisher", autocommit=True)) for _ in range(2)]
        threads = stack.enter_context(ThreadPoolExecutor(2))
        for planner in planners:
            freeze(planner, load_models(rig.manifest))
        for _ in range(100):  # without taking turns, four of a hundred planners failed
            owner.execute("truncate migration.file_transfer")
            list(threads.map(plan, planners))
            assert set(rig.ledger().values()) == {"planned"}
