"""`dtx setup` lets Metabase's role see the reporting schema, what dbt makes there later, and nothing else (P15)."""

from __future__ import annotations

import json
from pathlib import Path

import psycopg
import pytest
from publish_manifest import manifest

from loaders.database import connect
from loaders.errors import RefusedError
from loaders.metabase.role import connect_as_reader, readable_columns
from loaders.settings import Settings
from loaders.setup.commands import run_setup
from sandbox.servers.postgres import APPLICATION, Postgres


@pytest.fixture
def set_up(database: Settings, postgres: Postgres, tmp_path: Path) -> Settings:
    """A target with an application's table, set up; a reporting table that came afterwards."""
    document = tmp_path / "manifest.json"
    document.write_text(json.dumps(manifest()), encoding="utf-8")
    with postgres.connect(database.target_database, role=APPLICATION) as application:
        application.execute("create table public.app_account (id integer, name text)")
    run_setup(database, document)
    with connect(database, "transform") as transform:
        transform.execute("create table reporting.rpt_account as select 1 as account_id")
    return database


def test_p15_it_reads_what_dbt_makes_later(set_up: Settings) -> None:
    assert readable_columns(set_up) == {"rpt_account.account_id"}
    with connect_as_reader(set_up) as reader:
        assert reader.execute("select account_id from reporting.rpt_account").fetchall() == [(1,)]


@pytest.mark.parametrize(
    "statement",
    [
        "select * from public.app_account",
        "select * from migration.id_map",
        "select * from migration.metabase_object",
        "select * from migration_seeds.decisions",
        "create table reporting.mine (id integer)",
        "set default_transaction_read_only = off; delete from reporting.rpt_account",
        "set default_transaction_read_only = off; create table public.mine (id integer)",
    ],
)
def test_p15_it_sees_and_changes_nothing_else(set_up: Settings, statement: str) -> None:
    with connect_as_reader(set_up) as reader, pytest.raises(psycopg.errors.Error) as refused:
        reader.execute(statement)
    assert refused.type in (psycopg.errors.InsufficientPrivilege, psycopg.errors.ReadOnlySqlTransaction)


def test_its_sessions_begin_read_only_and_its_queries_end(set_up: Settings) -> None:
    with connect_as_reader(set_up) as reader:
        shown = [reader.execute(f"show {name}").fetchone() for name in ("transaction_read_only", "statement_timeout")]
    assert shown == [("on",), ("2min",)]


def test_a_privilege_that_somebody_gave_it_elsewhere_is_refused_and_withdrawn(
    set_up: Settings, postgres: Postgres, tmp_path: Path
) -> None:
    with postgres.connect(set_up.target_database, autocommit=True) as superuser:
        superuser.execute(f"grant update (name) on public.app_account to {set_up.reporting_user}")
    with pytest.raises(RefusedError, match=r"public\.app_account"):
        readable_columns(set_up)

    run_setup(set_up, tmp_path / "manifest.json")

    assert readable_columns(set_up) == {"rpt_account.account_id"}


def test_a_role_that_dtx_setup_never_saw_is_refused(database: Settings) -> None:
    with pytest.raises(RefusedError, match="cannot read anything"):
        readable_columns(database)
