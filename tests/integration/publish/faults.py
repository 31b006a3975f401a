"""What the tests of faults share: hooks at failpoints, ended sessions, and the check of a finished run."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from publish_rig import Rig

from sandbox.servers.postgres import PUBLISHER

Hook = Callable[[], None]


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


def is_alive(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    return True


def wait_until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)
