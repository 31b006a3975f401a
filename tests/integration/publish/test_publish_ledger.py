"""Reject budgets, dispositions and rejects in the ledger, and nothing of them in any output (X1)."""

from __future__ import annotations

from typing import Any

import pytest
from publish_helpers import refuse
from publish_manifest import model_node
from publish_rig import Rig, documents, requirements

from sandbox.servers.postgres import TRANSFORM

REJECTS = "select legacy_key, stage, reason_code, column_name, sqlstate from migration.reject order by legacy_key"


@pytest.mark.parametrize("budget", [{"rows": 4, "share": 1.0}, {"rows": 1000, "share": 0.049}])
def test_past_its_reject_budget_a_model_is_not_started(rig: Rig, budget: dict[str, Any]) -> None:
    rig.use(documents(reject_budget=budget), requirements())
    rig.build_documents(100)
    rig.build_requirements(10)
    refuse(rig, "legacy_key <= '000005'", "account_id = 4711")

    report = rig.publish()

    assert report.exit_code == 1
    assert [(m.state, m.published, m.updated) for m in report.models] == [
        ("held: reject budget spent", 0, 0),
        ("published", 0, 10),
    ]
    assert rig.value("select count(*) from app_document") == 0
    assert rig.value("select count(*) from migration.reject") == 5

    refuse(rig, "legacy_key = '000005'", "account_id = 1")
    assert rig.publish().models[0].published == 96


def test_a_budget_spent_by_halving_stops_the_model_there(rig: Rig) -> None:
    rig.use(documents(batch_size=50, reject_budget={"rows": 2, "share": 1.0}))
    rig.build_documents(200)
    rig.sql(
        "create function guard() returns trigger language plpgsql as "
        "'begin if new.pages = 3 then raise exception ''no''; end if; return new; end'; "
        "create trigger guard before insert on app_document for each row execute function guard()"
    )

    report = rig.publish()

    assert report.exit_code == 1
    (model,) = report.models
    assert model.state == "stopped: reject budget spent"
    assert model.rejected.total() == 3
    assert model.left > 100


def test_dispositions_and_transform_rejects_become_equal_to_the_models(rig: Rig) -> None:
    ledger = {"ledger": {"system": "dtx1", "source_table": "document"}}
    rig.use(
        documents(),
        model_node("dsp_document", "migration_dispositions", {}, ledger),
        model_node("rej_document", "migration_rejects", {}, ledger),
    )
    rig.build_documents(3)
    dispositions = "select n::text as source_key, {} as disposition, 'r' as reason_code, 'D-1' as decision_id from {}"
    rejects = (
        "select n::text as source_key, n::text as legacy_key, 'r' as reason_code, 'c' as column_name, "
        "jsonb_build_object('n', n) as payload from {}"
    )
    rig.build("migration_dispositions.dsp_document", dispositions.format("'publish'", "generate_series(1, 5) as n"))
    rig.build("migration_rejects.rej_document", rejects.format("generate_series(4, 5) as n"))
    rig.publish()
    rig.ledger(
        "insert into migration.disposition values ('dtx1', 'other', '1', 'skip', 'r', null, 1); "
        "insert into migration.reject (system, source_table, source_key, legacy_key, stage, reason_code, run_id) "
        "values ('dtx1', 'document', '9', '9', 'files', 'file_missing', 1)"
    )

    rig.build(
        "migration_dispositions.dsp_document",
        dispositions.format("case when n = 2 then 'skip' else 'publish' end", "generate_series(2, 6) as n"),
    )
    rig.build("migration_rejects.rej_document", rejects.format("generate_series(5, 6) as n"))
    rig.publish()

    assert rig.ledger(
        "select source_key, disposition, run_id from migration.disposition where source_table = 'document' order by 1"
    ) == [("2", "skip", 2), ("3", "publish", 1), ("4", "publish", 1), ("5", "publish", 1), ("6", "publish", 2)]
    assert rig.ledger("select legacy_key, stage, run_id from migration.reject order by 1") == [
        ("5", "transform", 1),
        ("6", "transform", 2),
    ]
    assert rig.value("select count(*) from migration.disposition where source_table = 'other'") == 1


def test_x1_no_row_value_or_secret_is_printed(rig: Rig) -> None:
    """Canaries in a value that violates, in the legacy key's row and in the passwords; every output is searched."""
    rig.use(documents(choices={"status": ["new"]}))
    rig.build_documents(30)
    refuse(rig, "legacy_key = '000001'", "title = 'canary-title' || repeat('x', 60)")
    refuse(rig, "legacy_key = '000002'", "status = 'canary-status'")
    refuse(rig, "legacy_key = '000003'", "title = 'canary-poison'")
    rig.sql(
        "create function guard() returns trigger language plpgsql as 'begin if new.title like ''canary%'' then "
        "raise exception ''canary in %'', new.title; end if; return new; end'; "
        "create trigger guard before insert on app_document for each row execute function guard()"
    )
    rig.ledger("alter table migration.batch add constraint canary_free check (rows_rejected = 0)")

    outputs = [rig.dtx("preflight"), rig.dtx("publish", "--dry-run"), rig.dtx("publish")]

    assert [done.returncode for done in outputs] == [0, 0, 1 + 1]
    for done in outputs:
        printed = (done.stdout + done.stderr).replace("canary_free", "")
        assert "canary" not in printed
        assert rig.server.role_password not in printed
    assert "SQLSTATE 23514 on migration.batch constraint canary_free" in " ".join(outputs[2].stderr.split())


def test_the_transform_role_cannot_touch_the_ledger(rig: Rig) -> None:
    rig.use(documents())
    with rig.connect(TRANSFORM) as connection, pytest.raises(Exception, match="permission denied"):
        connection.execute("delete from migration.id_map")
