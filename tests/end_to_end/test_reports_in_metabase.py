"""Every report that the catalogue has, as Metabase gets it: plan, apply, plan, and each question's own query."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any

import pytest
from migration import Migration

from loaders.metabase.client import Metabase
from sandbox.metabase.server import LocalMetabase, serve_here


@pytest.fixture(scope="module")
def server(migration: Migration) -> Iterator[LocalMetabase]:
    folder = migration.folder / "metabase"
    folder.mkdir()
    with serve_here(folder, api_key=f"mb_{secrets.token_hex(20)}") as server:
        yield server
    assert server.application.broken == []


def dtx(migration: Migration, server: LocalMetabase, *command: str) -> Any:
    variables = {"DTX_METABASE_URL": server.url, "DTX_METABASE_API_KEY": server.api_key}
    return migration.run("dtx", "metabase", *command, **variables)


def test_all_reports_are_planned_applied_and_then_nothing_is_left_to_do(
    migration: Migration, server: LocalMetabase
) -> None:
    planned = dtx(migration, server, "plan")
    assert planned.returncode == 1, planned.stderr
    assert server.writes == []

    applied = dtx(migration, server, "apply")
    assert applied.returncode == 0, applied.stderr
    server.forget()

    assert dtx(migration, server, "plan").returncode == 0
    assert dtx(migration, server, "check").returncode == 0
    assert server.writes == []
    assert server.refusals == []


def test_metabase_holds_what_the_catalogue_says(migration: Migration, server: LocalMetabase) -> None:
    for kind, table, where in (
        ("card", "question", "coverage <> 'none'"),
        ("dashboard", "dashboard", "true"),
        ("dashcard", "dashboard_card", "true"),
        ("pulse", "subscription", "true"),
    ):
        ((expected,),) = migration.query(f"select count(*) from migration_catalogue.cat_dtx1__{table} where {where}")
        assert len(server.store.all(kind)) == expected > 0, kind


def test_every_question_runs_as_the_read_only_role(server: LocalMetabase) -> None:
    with Metabase(server.url, server.api_key) as person:
        failed = {
            card["name"]: result.get("error")
            for card in server.store.all("card")
            if (result := person.post(f"card/{card['id']}/query", {}))["status"] != "completed"
        }
    assert failed == {}


def test_no_recipient_was_mailed_and_none_is_named(migration: Migration, server: LocalMetabase) -> None:
    assert server.mails == []
    recipients = migration.query(
        "select distinct jsonb_array_elements_text(recipients) from migration_catalogue.cat_dtx1__subscription"
    )
    text = "".join(migration.outputs)
    assert [address for (address,) in recipients if address in text] == []
    assert server.api_key not in text
