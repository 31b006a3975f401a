"""Dispositions are written on a connection of their own, in the freeze's snapshot, and with it or not at all (P9)."""

from __future__ import annotations

import threading
import time

import pytest
from publish_manifest import model_node
from publish_rig import Rig, documents

from loaders.errors import RefusedError
from loaders.publish import engine
from loaders.publish.session import WriterSession
from sandbox.servers.postgres import TRANSFORM

DISPOSITIONS = "select source_key, disposition from migration.disposition order by 1"
FIVE = [(str(number), "publish") for number in range(1, 6)]


@pytest.fixture
def ready(rig: Rig) -> Rig:
    """Three documents to publish, and five dispositions."""
    ledger = {"ledger": {"system": "dtx1", "source_table": "document"}}
    rig.use(documents(), model_node("dsp_document", "migration_dispositions", {}, ledger))
    rig.build_documents(3)
    build(rig, "publish", 5)
    return rig


def build(rig: Rig, disposition: str, rows: int) -> None:
    rig.build(
        "migration_dispositions.dsp_document",
        f"select n::text as source_key, '{disposition}'::text as disposition, 'r' as reason_code, 'D-1' as decision_id "
        f"from generate_series(1, {rows}) as n",
    )


def test_p9_a_dbt_run_that_queues_up_for_a_model_neither_stops_nor_mixes_in(
    ready: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It waits for the freeze's lock; our second connection, if it asked for its own, would wait behind it."""
    another = WriterSession.another
    rebuilt = threading.Event()

    def rebuild() -> None:
        with ready.connect(TRANSFORM) as dbt:
            dbt.execute("lock table migration_dispositions.dsp_document in access exclusive mode")
            dbt.execute("update migration_dispositions.dsp_document set disposition = 'skip'")
        rebuilt.set()

    dbt = threading.Thread(target=rebuild)

    def after_dbt_has_queued_up(session: WriterSession) -> WriterSession:
        if not dbt.ident:
            dbt.start()
            while not ready.value("select count(*) from pg_locks where not granted and mode = 'AccessExclusiveLock'"):
                time.sleep(0.01)
        return another(session)

    monkeypatch.setattr(WriterSession, "another", after_dbt_has_queued_up)
    report = ready.publish_one()
    dbt.join(10)

    assert report.published == 3
    assert rebuilt.is_set()
    assert ready.ledger(DISPOSITIONS) == FIVE


def test_p9_a_freeze_that_is_refused_leaves_the_dispositions_as_they_were(ready: Rig) -> None:
    ready.publish()
    build(ready, "skip", 9)
    ready.alter_model("update migration_publish.pub_document set legacy_key = '000002'")

    with pytest.raises(RefusedError):
        ready.publish()

    assert ready.ledger(DISPOSITIONS) == FIVE


def test_p9_a_freeze_that_fails_ends_the_recording(ready: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(engine, "freeze", fail)
    with pytest.raises(KeyboardInterrupt):
        ready.publish()

    assert ready.ledger(DISPOSITIONS) == []
    assert ready.value("select count(*) from pg_stat_activity where application_name = 'dtx publisher'") == 0
