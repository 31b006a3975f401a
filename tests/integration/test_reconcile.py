"""Reconcile on real servers: each kind of loss is named by key (reliability R1, R4, R6)."""

from __future__ import annotations

import json
import time
from pathlib import Path

import psycopg
import pytest
from psycopg.pq import TransactionStatus
from typer.testing import CliRunner

from loaders.cli import app
from loaders.database import connect, fetch_value
from loaders.errors import ExitCode, ServiceError
from loaders.reconcile import command
from loaders.reconcile.snapshot import one_snapshot, working_beside
from loaders.reconcile.source_tables import read_source_tables
from loaders.settings import Settings
from sandbox.servers.mariadb import MariaDB
from sandbox.servers.postgres import Postgres

ROWS = 6  # source rows 1..3 published, 4 skipped, 5 already there, 6 rejected


@pytest.fixture
def migrated(ledger: Settings, mariadb: MariaDB, postgres: Postgres) -> Settings:
    """Six exemptions, all accounted for; three of them are rows of `public.override`."""
    with mariadb.connect(ledger.source_database) as source, source.cursor() as cursor:
        cursor.execute("create table exemption (exemption_id int primary key, reason varchar(20))")
        cursor.executemany("insert into exemption values (%s, %s)", [(n, f"r{n}") for n in range(1, ROWS + 1)])
        source.commit()
    with connect(ledger, "transform") as target:
        target.execute("create table raw_dtx1.exemption (exemption_id text, reason text)")
        target.execute(
            "insert into raw_dtx1.exemption select n::text, 'r' || n from generate_series(1, %s) as n", (ROWS,)
        )
        target.execute(
            "create table raw_dtx1._loads "
            "(source_table text, loaded_at timestamptz, as_of timestamptz, row_count bigint)"
        )
        # Of two loads the last one counts.
        target.execute(
            "insert into raw_dtx1._loads values "
            "('exemption', '2026-01-02', '2026-01-01 00:00:00+00', %s), ('exemption', '2025-01-02', '2025-01-01', 1)",
            (ROWS,),
        )
    with postgres.connect(ledger.target_database) as superuser:
        superuser.execute("create table public.override (id bigint primary key, reason text)")
        superuser.execute("grant select on public.override to public")
        superuser.execute("insert into public.override select 100 + n, 'r' || n from generate_series(1, 3) as n")
        superuser.execute("insert into public.override values (1, 'made in the application')")
    with connect(ledger, "publisher") as publisher:
        publisher.execute("""
            insert into migration.run (command, state, code_version, host, process_id)
            values ('publish', 'succeeded', 'test', 'test', 1)
        """)
        publisher.execute("""
            insert into migration.batch (
                run_id, model, entity, target_table, mode, columns, ordinal, state, input_fingerprint, fencing_token,
                rows_in, rows_published, rows_present, rows_rejected, code_version, started_at
            )
            values (1, 'pub', 'exemption', 'public.override', 'insert', array['reason'], 1, 'committed', '', 1,
                3, 3, 0, 0, 'test', now())
        """)
        publisher.execute("""
            insert into migration.id_map (
                entity, source_key, legacy_key, target_table, target_id, area, state, batch_id, published_hash
            )
            select 'exemption', n::text, n::text, 'public.override', (100 + n)::text, '11', 'migrated', 1,
                sha256(convert_to('6:reasont2:r' || n, 'UTF8'))
            from generate_series(1, 3) as n
        """)
        publisher.execute("""
            insert into migration.disposition (
                system, source_table, source_key, disposition, reason_code, decision_id, run_id
            )
            values
                ('dtx1', 'exemption', '1', 'publish', 'mapped', 'D11-7', 1),
                ('dtx1', 'exemption', '2', 'publish', 'expired', 'D11-7', 1),
                ('dtx1', 'exemption', '3', 'publish', 'mapped', 'D11-7', 1),
                ('dtx1', 'exemption', '4', 'skip', 'superseded', 'D11-7', 1),
                ('dtx1', 'exemption', '5', 'already_present', 'already_exempted', 'D11-7', 1),
                ('dtx1', 'exemption', '6', 'reject', 'item_name_unmapped', 'D11-7', 1)
        """)
        publisher.execute("""
            insert into migration.reject (system, source_table, source_key, legacy_key, stage, reason_code, run_id)
            values ('dtx1', 'exemption', '6', '6', 'transform', 'item_name_unmapped', 1)
        """)
        publisher.execute(
            """
            insert into migration.archive_object (
                archive, object_name, location, system, source_table, run_id, as_of, keep_until, is_encrypted, state,
                row_count, stored_bytes, stored_sha256
            )
            values ('a', 'exemption.csv.zst.age', '/a', 'dtx1', 'exemption', 1, '2026-01-01', '2036-01-01', true,
                'verified', %s, 1, '')
            """,
            [ROWS],
        )
    return ledger


def run(settings: Settings, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> tuple[int, dict]:
    monkeypatch.setattr(command, "load_settings", lambda: settings)
    monkeypatch.setattr(command, "read_source_tables", lambda of: {"exemption": read_source_tables(of)["exemption"]})
    result = CliRunner().invoke(app, ["reconcile", "--json", *arguments], catch_exceptions=False)
    return result.exit_code, json.loads(result.stdout)


def execute(postgres: Postgres, settings: Settings, statement: str) -> None:
    with postgres.connect(settings.target_database) as connection:
        connection.execute(statement)


def test_r1_all_rows_accounted_for(migrated: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    outcomes = tmp_path / "outcomes.csv"
    code, document = run(migrated, monkeypatch, "--rows", str(outcomes))
    (table,) = document["tables"]
    assert table["findings"] == []
    assert (code, document["clean"], table["source_rows"], table["unexplained"]) == (0, True, ROWS, 0)
    assert table["checked_target_rows"] == 3
    assert sum(each["rows"] for each in table["dispositions"]) == ROWS
    assert {(each["disposition"], each["reason_code"]): each["rows"] for each in table["dispositions"]} == {
        ("publish", "mapped"): 2,
        ("publish", "expired"): 1,
        ("skip", "superseded"): 1,
        ("already_present", "already_exempted"): 1,
        ("reject", "item_name_unmapped"): 1,
    }
    lines = outcomes.read_text().splitlines()
    assert lines[0] == "source_table,source_key,disposition,reason_code"
    assert sorted(lines[1:])[1] == "exemption,2,publish,expired"
    assert len(lines) == ROWS + 1


def test_r6_same_ledger_same_bytes(migrated: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(migrated, monkeypatch) == run(migrated, monkeypatch)


@pytest.mark.parametrize(
    ("statement", "finding", "keys"),
    [
        pytest.param(
            "delete from migration.id_map where legacy_key = '2'", "not_published", ["2"], id="a lost map row"
        ),
        pytest.param("delete from public.override where id = 103", "target_row_missing", ["3"], id="a lost target row"),
        pytest.param(
            "update public.override set reason = 'edited' where id = 101", "target_row_changed", ["1"], id="an edit"
        ),
        pytest.param(
            "insert into public.override values (999, 'r2')",
            "twin_of_a_published_row",
            ["public.override 999"],
            id="a doubled target row",
        ),
        pytest.param(
            "delete from public.override where id = 102; insert into public.override values (999, 'r2')",
            "twin_of_a_published_row",
            ["public.override 999"],
            id="a target row that was made anew",
        ),
        pytest.param(
            "update public.override set reason = 'r9' where id = 102; insert into public.override values (999, 'r9')",
            "twin_of_a_published_row",
            ["public.override 999"],
            id="an edit that was doubled",
        ),
        pytest.param(
            "update migration.id_map set published_hash = null where legacy_key = '3'; "
            "delete from public.override where id = 103",
            "target_row_missing",
            ["3"],
            id="a lost target row without a hash",
        ),
        pytest.param(
            "update migration.id_map set target_id = '101', published_hash = (select published_hash from "
            "migration.id_map where legacy_key = '1') where legacy_key = '2'",
            "target_row_claimed_twice",
            ["1", "2"],
            id="one target row for two source rows",
        ),
        pytest.param(
            "delete from migration.disposition where source_key = '4'", "no_disposition", ["4"], id="no disposition"
        ),
        pytest.param("delete from migration.reject", "reject_not_recorded", ["6"], id="a reject without its record"),
        pytest.param(
            "update migration.disposition set disposition = 'skip', reason_code = 'superseded' where source_key = '1'",
            "published_against_its_disposition",
            ["1"],
            id="published against its disposition",
        ),
        pytest.param(
            "delete from raw_dtx1.exemption where exemption_id = '5'",
            "disposition_but_not_in_source",
            ["5"],
            id="a row that the raw table lost",
        ),
        pytest.param(
            "insert into raw_dtx1.exemption values ('4', 'again')", "key_not_unique", ["4"], id="a key that is none"
        ),
        pytest.param(
            "alter table migration.id_map drop constraint if exists id_map_batch_id_fkey; delete from migration.batch",
            "batch_not_recorded",
            ["batch 1"],
            id="a batch that the ledger lost",
        ),
        pytest.param(
            "update migration.disposition set decision_id = null where source_key = '4'",
            "skipped_without_decision",
            ["4"],
            id="a skip that nobody decided",
        ),
    ],
)
def test_r1_each_loss_is_named(
    migrated: Settings,
    postgres: Postgres,
    monkeypatch: pytest.MonkeyPatch,
    statement: str,
    finding: str,
    keys: list[str],
) -> None:
    execute(postgres, migrated, statement)
    code, document = run(migrated, monkeypatch)
    findings = {each["what"]: each["keys"] for each in document["tables"][0]["findings"]}
    assert code == 1
    assert findings[finding] == keys


def test_r1_losses_are_counted_and_the_first_are_named(
    migrated: Settings, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    execute(
        postgres,
        migrated,
        "insert into public.override select 200 + n, 'r1' from generate_series(1, 12) as n; "
        "update public.override set reason = 'edited' where id in (102, 103)",
    )
    code, document = run(migrated, monkeypatch)
    findings = {each["what"]: each for each in document["tables"][0]["findings"]}
    assert code == 1
    assert findings["twin_of_a_published_row"]["rows"] == 12
    assert findings["twin_of_a_published_row"]["keys"] == [f"public.override {200 + n}" for n in range(1, 11)]
    assert (findings["target_row_changed"]["rows"], findings["target_row_changed"]["keys"]) == (2, ["2", "3"])


def test_r1_a_row_of_another_map_row_is_no_twin(
    migrated: Settings, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever moved it, the id map names it: an earlier phase's row, or one that was rolled back and edited since."""
    execute(
        postgres,
        migrated,
        "insert into public.override values (999, 'r2'); "
        "insert into migration.id_map (entity, source_key, legacy_key, target_table, target_id, area, state) "
        "values ('elsewhere', '1', '1', 'public.override', '999', '4', 'undone')",
    )
    code, document = run(migrated, monkeypatch)
    assert (code, document["tables"][0]["findings"]) == (0, [])


def test_r1_one_snapshot_for_both_connections(migrated: Settings, postgres: Postgres) -> None:
    with one_snapshot(migrated) as (first, second):
        execute(postgres, migrated, "delete from public.override")
        for connection in (first, second):
            assert fetch_value(connection, "select count(*) from public.override") == 4


def test_x3_what_ends_early_ends_the_work_beside_it(migrated: Settings) -> None:
    started = time.monotonic()
    with (
        pytest.raises(KeyboardInterrupt),
        one_snapshot(migrated) as (_, second),
        working_beside(second) as worker,
    ):
        sleeping = worker.submit(second.execute, "select pg_sleep(60)")
        while not sleeping.running() or second.info.transaction_status != TransactionStatus.ACTIVE:
            time.sleep(0.01)
        raise KeyboardInterrupt
    assert isinstance(sleeping.exception(), psycopg.errors.QueryCanceled)
    assert time.monotonic() - started < 10


def test_r4_target_that_fails_is_exit_code_2(
    migrated: Settings, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    execute(postgres, migrated, "revoke select on public.override from public")
    with pytest.raises(ServiceError, match="SQLSTATE 42501") as caught:
        run(migrated, monkeypatch)
    assert caught.value.exit_code == ExitCode.COULD_NOT_RUN


def test_r1_live_source_is_compared_by_key(
    migrated: Settings, mariadb: MariaDB, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One row deleted and one added: the count is the same, the sets are not."""
    with mariadb.connect(migrated.source_database) as source, source.cursor() as cursor:
        cursor.execute("delete from exemption where exemption_id = 2")
        cursor.execute("insert into exemption values (77, 'late')")
        source.commit()
    code, document = run(migrated, monkeypatch)
    findings = {each["what"]: each for each in document["tables"][0]["findings"]}
    assert code == 1
    assert findings["in_source_but_not_replicated"]["keys"] == ["77"]
    assert findings["replicated_but_gone_from_source"]["keys"] == ["2"]


def test_r6_nothing_replicated_is_no_pass(
    migrated: Settings, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    execute(postgres, migrated, "delete from raw_dtx1._loads")
    code, document = run(migrated, monkeypatch)
    (table,) = document["tables"]
    assert (code, document["clean"], table["source_rows"]) == (1, False, 0)
    assert [each["what"] for each in table["findings"]] == ["not_replicated"]


def test_r4_source_out_of_reach_is_exit_code_2(migrated: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    unreachable = migrated.model_copy(update={"source_port": 1})
    with pytest.raises(ServiceError) as caught:
        run(unreachable, monkeypatch)
    assert caught.value.exit_code == ExitCode.COULD_NOT_RUN
    assert migrated.source_password.get_secret_value() not in str(caught.value)


def test_reading_needs_no_more_than_the_transform_role(migrated: Settings) -> None:
    """The judge cannot write what it judges."""
    with connect(migrated, "transform") as target, pytest.raises(psycopg.errors.InsufficientPrivilege):
        target.execute("delete from migration.id_map")
