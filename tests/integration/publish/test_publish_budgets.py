"""A spent reject budget and a trigger that interferes stop a model before harm is done (P11)."""

from __future__ import annotations

from typing import Any

import pytest
from publish_rig import Rig, documents, requirements
from test_publish_rejects import refuse


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


def test_a_trigger_that_changes_values_stops_the_run(rig: Rig) -> None:
    rig.use(documents(batch_size=50))
    rig.build_documents(100)
    rig.sql(
        "create function shout() returns trigger language plpgsql as "
        "'begin new.title = upper(new.title); return new; end'; "
        "create trigger shout before insert on app_document for each row execute function shout()"
    )

    done = rig.dtx("publish")

    assert done.returncode == 1
    assert "public.app_document.title: 50 of 50 rows read back with other values" in " ".join(done.stderr.split())
    assert rig.value("select count(*) from app_document") == 0
    assert rig.value("select count(*) from migration.id_map") == 0


def test_a_trigger_that_drops_rows_stops_the_run(rig: Rig) -> None:
    rig.use(documents())
    rig.build_documents(100)
    rig.sql(
        "create function swallow() returns trigger language plpgsql as "
        "'begin if new.pages = 3 then return null; end if; return new; end'; "
        "create trigger swallow before insert on app_document for each row execute function swallow()"
    )

    done = rig.dtx("publish")

    assert done.returncode == 1
    assert "86 rows were written where 100 should be" in " ".join(done.stderr.split())
    assert rig.value("select count(*) from app_document") == 0
