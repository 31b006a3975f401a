"""Failures and lost answers: the next run goes on, and nothing is made twice."""

from __future__ import annotations

import pytest
from metabase_rig import CREATED, MetabaseRig

from loaders.errors import LossError, RefusedError, ServiceError

ENDPOINTS = (
    "database.create",
    "field.update",
    "collection.create",
    "collection.graph.put",
    "card.create",
    "dashboard.create",
    "dashboard.update",
    "pulse.create",
)


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_after_a_failure_the_next_run_goes_on_and_makes_nothing_twice(rig: MetabaseRig, endpoint: str) -> None:
    rig.server.fail(endpoint, 500)
    with pytest.raises(ServiceError, match="500"):
        rig.apply()

    rig.apply()

    assert rig.counts() == CREATED
    assert rig.plan() == []


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_a_lost_answer_is_looked_up_and_nothing_is_made_twice(rig: MetabaseRig, endpoint: str) -> None:
    rig.server.drop(endpoint)

    rig.apply()

    assert rig.counts() == CREATED
    assert rig.plan() == []
    assert [each.endpoint for each in rig.server.writes].count("pulse.create") == 1


def test_a_creation_that_did_not_happen_is_not_taken_for_one(rig: MetabaseRig) -> None:
    rig.server.drop("card.create", when="before")

    with pytest.raises(ServiceError, match="was not created"):
        rig.apply()
    rig.apply()

    assert rig.counts() == CREATED


def test_a_process_that_ends_right_behind_a_creation_leaves_an_object_that_the_next_one_knows(
    rig: MetabaseRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def end(name: str) -> None:
        if name == "metabase.created_dashboard":
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("loaders.metabase.apply.failpoint", end)
        with pytest.raises(KeyboardInterrupt):
            rig.apply()
    assert rig.server.store.all("dashcard") == []

    rig.apply()

    assert rig.counts() == CREATED
    assert rig.plan() == []


def test_transient_failures_of_reads_are_waited_out(rig: MetabaseRig) -> None:
    rig.server.fail("card.get", 503, times=2, retry_after=0)
    rig.server.fail("collection.list", 429, times=1, retry_after=0)
    rig.apply()
    assert rig.counts() == CREATED


@pytest.mark.parametrize("endpoint", ["collection.graph.put", "data_graph.put"])
def test_a_stale_revision_is_read_again(rig: MetabaseRig, endpoint: str) -> None:
    rig.server.fail(endpoint, 409)
    rig.apply()
    assert rig.plan() == []


def test_permissions_that_somebody_keeps_changing_are_left_to_them(rig: MetabaseRig) -> None:
    rig.server.fail("collection.graph.put", 409, times=3)
    with pytest.raises(RefusedError, match="right now"):
        rig.apply()


def test_a_query_that_metabase_empties_is_an_error(rig: MetabaseRig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("loaders.metabase.kinds.questions.from_metabase", lambda *_: {})
    with pytest.raises(LossError, match="emptied the query"):
        rig.apply()


def test_a_change_that_metabase_did_not_keep_is_told(applied: MetabaseRig) -> None:
    with applied.connect() as superuser:
        superuser.execute("update migration_seeds.display_formats set metabase_settings = '{\"decimals\": 2}'")
    applied.server.drop("card.update", when="before")

    with pytest.raises(LossError, match="kept question:report:1 otherwise than it was sent"):
        applied.apply()
    applied.apply()

    assert applied.plan() == []
