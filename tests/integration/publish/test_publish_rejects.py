"""Rows that the target refuses: found, named, counted, and nobody else's loss (P5, P11, M5, M6, M7, F6)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from publish_manifest import model_node
from publish_rig import Rig, documents, requirements

from loaders.publish import batch as batch_module
from sandbox.servers.postgres import OWNER, TRANSFORM

REJECTS = "select legacy_key, stage, reason_code, column_name, sqlstate from migration.reject order by legacy_key"


def refuse(rig: Rig, condition: str, value: str) -> None:
    rig.alter_model(f"update migration_publish.pub_document set {value} where {condition}")


@pytest.mark.parametrize(
    ("value", "column", "sqlstate"),
    [
        ("title = null", "title", "23502"),
        ("title = repeat('x', 51)", "title", "22001"),
        ("title = 'short' || repeat(' ', 50)", "title", "22001"),
        ("price = 1234567.5", "price", "22003"),
        ("price = 1.005", "price", "22003"),
        ("pages = -1", "pages", "23514"),
    ],
)
def test_p11_m6_a_value_that_does_not_fit_is_rejected_with_its_column(
    rig: Rig, value: str, column: str, sqlstate: str
) -> None:
    rig.use(documents(batch_size=50))
    rig.build_documents(200)
    refuse(rig, "legacy_key = '000123'", value)

    report = rig.publish_one()

    assert report.published == 199
    assert rig.ledger(REJECTS) == [("000123", "publish", "constraint_violation", column, sqlstate)]
    assert rig.value("select payload ->> 'file' from migration.reject") == "documents/123"


@pytest.mark.parametrize(
    ("ddl", "value", "column", "sqlstate"),
    [
        (
            "create extension if not exists btree_gist; alter table app_document "
            "add constraint apart exclude using gist (file with =)",
            "file = 'documents/1'",
            "file",
            "23P01",
        ),
        (
            "alter table app_document add weight integer not null default 1, "
            "add constraint light check (pages * weight < 100)",
            "pages = 100",
            "pages, weight",
            "23514",
        ),
        (
            "create function guard() returns trigger language plpgsql as "
            "'begin if new.title = ''poison'' then raise exception ''no''; end if; return new; end'; "
            "create trigger guard before insert on app_document for each row execute function guard()",
            "title = 'poison'",
            None,
            "P0001",
        ),
        (
            "create function divide() returns trigger language plpgsql as "
            "'begin perform 1 / new.pages; return new; end'; "
            "create trigger divide before insert on app_document for each row when (new.title = 'poison') "
            "execute function divide()",
            "title = 'poison', pages = 0",
            None,
            "22012",
        ),
        (
            "alter table app_document add constraint quotient check (1 / (pages - 100) >= -1)",
            "pages = 100",
            None,
            "22012",
        ),
        (
            "create function claim() returns trigger language plpgsql as "
            "'begin new.title = case when new.title = ''poison'' then ''Title 1'' else new.title end; "
            "return new; end'; "
            "create trigger claim before insert on app_document for each row execute function claim()",
            "title = 'poison', account_id = 2",
            "account_id, title",
            "23505",
        ),
    ],
    ids=["exclusion", "check with a default", "trigger", "division", "raising check", "unique by trigger"],
)
def test_p11_one_poison_row_is_found_by_halving(
    rig: Rig, ddl: str, value: str, column: str | None, sqlstate: str
) -> None:
    rig.use(documents(batch_size=500))
    rig.build_documents(1000)
    with rig.connect() as superuser:
        superuser.execute(ddl)
    refuse(rig, "legacy_key = '000777'", value)

    report = rig.publish_one()

    assert (report.published, report.rejected.total(), report.left) == (999, 1, 0)
    assert rig.value("select count(*) from app_document") == 999
    assert rig.ledger(REJECTS) == [("000777", "publish", "constraint_violation", column, sqlstate)]
    # Halving a batch of 500 takes nine steps, not five hundred.
    assert rig.value("select count(*) from migration.batch") <= 12
    assert rig.value("select sum(rows_in) from migration.batch") == 1000


def test_p11_a_reject_that_was_put_right_is_published_and_forgotten(rig: Rig) -> None:
    rig.use(documents())
    rig.build_documents(50)
    refuse(rig, "legacy_key = '000007'", "title = null")
    assert rig.publish_one().rejected.total() == 1
    recorded = rig.ledger("select run_id, recorded_at from migration.reject")

    assert rig.publish_one().rejected.total() == 1
    assert rig.ledger("select run_id, recorded_at from migration.reject") == recorded

    refuse(rig, "legacy_key = '000007'", "title = 'put right'")
    report = rig.publish_one()
    assert (report.published, report.already_there) == (1, 49)
    assert rig.value("select count(*) from migration.reject") == 0


def test_p11_rejects_of_rows_that_left_the_model_go_with_them(rig: Rig) -> None:
    rig.use(documents())
    rig.build_documents(50)
    refuse(rig, "legacy_key = '000050'", "title = null")
    rig.publish()
    rig.build_documents(49)

    rig.publish()

    assert rig.value("select count(*) from migration.reject") == 0


def test_m5_rows_that_claim_one_key_are_all_rejected(rig: Rig) -> None:
    rig.use(documents())
    rig.build_documents(50)
    rig.sql(
        "insert into app_document (account_id, file, title, status, created, metadata) "
        "values (2, 'own', 'TITLE 31', 'new', now(), '{}')"
    )
    refuse(rig, "legacy_key in ('000003', '000013')", "title = 'Twin', account_id = 1")

    report = rig.publish_one()

    assert report.published == 47
    assert rig.ledger("select legacy_key, column_name, sqlstate from migration.reject order by 1") == [
        ("000003", "account_id, title", "23505"),
        ("000013", "account_id, title", "23505"),
        ("000031", "account_id, title", "23505"),
    ]


@pytest.mark.parametrize(
    ("index", "changes", "rejected"),
    [
        (
            "create unique index once on app_document (file) where status = 'draft'",
            {"'000003', '000004'": "file = 'same', status = 'draft'", "'000005', '000006'": "file = 'other'"},
            ["000003", "000004"],
        ),
        (
            "create unique index once on app_document (account_id, pages) nulls not distinct",
            {"'000001'": "pages = null", "'000002'": "pages = null, account_id = 2"},
            ["000001", "000002"],
        ),
        (
            "create unique index once on app_document (pages, file)",
            {"'000001', '000002'": "pages = null, file = 'same'"},
            [],
        ),
    ],
    ids=["partial", "nulls not distinct", "nulls distinct"],
)
def test_m5_every_kind_of_unique_index_is_read_as_the_database_reads_it(
    rig: Rig, index: str, changes: dict[str, str], rejected: list[str]
) -> None:
    rig.use(documents())
    rig.build_documents(7)
    rig.sql(index)
    for keys, change in changes.items():
        refuse(rig, f"legacy_key in ({keys})", change)

    assert rig.publish_one().published == 7 - len(rejected)
    assert [key for (key,) in rig.ledger("select legacy_key from migration.reject order by 1")] == rejected
    # The gates saw them all: nothing was left for halving to find.
    assert rig.value("select count(*) from migration.batch") == 1


def test_m5_a_value_too_long_for_an_index_hides_no_clash_of_other_rows(rig: Rig) -> None:
    rig.use(documents())
    rig.build_documents(20)
    rig.sql("create unique index once on app_document ((metadata ->> 'n'))")
    refuse(rig, "legacy_key in ('000003', '000004')", 'metadata = \'{"n": "same"}\'')
    long = "select string_agg(md5(n::text), '') from generate_series(1, 400) as n"
    refuse(rig, "legacy_key = '000005'", f"metadata = jsonb_build_object('n', ({long}))")

    assert rig.publish_one().published == 17
    assert rig.ledger("select legacy_key, sqlstate from migration.reject order by 1") == [
        ("000003", "23505"),
        ("000004", "23505"),
        ("000005", "54000"),
    ]


def test_m5_two_sources_for_one_target_row_are_both_rejected(rig: Rig) -> None:
    rig.use(requirements())
    rig.build_requirements(20)
    rig.alter_model("update migration_publish.pub_requirement set target_id = 5 where legacy_key in ('5', '6')")
    rig.alter_model("update migration_publish.pub_requirement set target_id = 9999 where legacy_key = '7'")

    report = rig.publish_one()

    assert report.updated == 17
    assert rig.ledger(REJECTS) == [
        ("5", "publish", "constraint_violation", "target_id", "23505"),
        ("6", "publish", "constraint_violation", "target_id", "23505"),
        ("7", "publish", "parent_vanished", "target_id", None),
    ]
    assert rig.value("select count(*) from app_requirement where is_exempted") == 17


def test_m7_a_value_outside_the_choices_is_rejected_though_the_database_would_take_it(rig: Rig) -> None:
    rig.use(documents(choices={"status": ["new", "it's"]}))
    rig.build_documents(20)
    refuse(rig, "legacy_key = '000003'", "status = 'ZZZ'")
    refuse(rig, "legacy_key = '000004'", "status = 'it''s'")

    assert rig.publish_one().published == 19
    assert rig.ledger(REJECTS) == [("000003", "publish", "value_not_in_choices", "status", None)]


def test_p5_an_orphan_is_rejected_alone_though_its_foreign_key_is_deferred(rig: Rig) -> None:
    rig.use(documents())
    rig.build_documents(200)
    refuse(rig, "legacy_key = '000042'", "account_id = 4711")

    assert rig.publish_one().published == 199
    assert rig.ledger(REJECTS) == [("000042", "publish", "parent_vanished", "account_id", None)]


@pytest.mark.parametrize("point", ["publish.batch_started", "publish.rows_written"])
def test_p5_a_parent_that_vanishes_in_mid_run_costs_its_children_only(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    """Deleted by a second session: before the batch looks at its parents, and after it has written its rows."""
    rig.use(documents(batch_size=100))
    rig.build_documents(200)
    refuse(rig, "legacy_key <= '000100' and account_id = 4", "account_id = 5")
    hook = on_second_pass(point, lambda: rig.sql("delete from app_account where id = 4"))
    monkeypatch.setattr(batch_module, "failpoint", hook)

    report = rig.publish_one()

    assert rig.value("select count(*) from app_account where id = 4") == 0
    assert rig.value("select count(*) from app_document") == 190
    assert report.published == 190
    assert report.rejected == {("publish", "parent_vanished"): 10}
    assert set(rig.ledger("select reason_code, column_name from migration.reject")) == {
        ("parent_vanished", "account_id")
    }


def on_second_pass(point: str, action: Callable[[], Any]) -> Callable[[str], None]:
    passed = 0

    def reached(name: str) -> None:
        nonlocal passed
        passed += name == point
        if name == point and passed == 2:
            action()

    return reached


def test_f6_a_document_lands_only_for_a_verified_file(rig: Rig) -> None:
    rig.use(documents(requires_verified_file="file"))
    rig.build_documents(5)
    with rig.connect(OWNER) as owner:
        owner.execute("""
            insert into migration.file_transfer (
                entity, legacy_key, source_key, source_path, object_key, state, reason_code, size_bytes, sha256,
                verified_at
            ) values
                ('document', '000001', '1', 'a', 'documents/1', 'verified', null, 1, 'x', now()),
                ('document', '000002', '2', 'b', 'documents/2', 'rejected', 'file_missing', null, null, null),
                ('document', '000003', '3', 'c', 'documents/3', 'claimed', null, null, null, null),
                ('document', '000004', '4', 'd', 'documents/other', 'verified', null, 1, 'x', now())
        """)

    report = rig.publish_one()

    assert report.published == 1
    assert rig.sql("select file from app_document") == [("documents/1",)]
    assert rig.ledger(REJECTS) == [
        ("000002", "files", "file_missing", "file", None),
        ("000003", "files", "file_not_transferred", "file", None),
        ("000004", "files", "file_not_transferred", "file", None),
        ("000005", "files", "file_not_transferred", "file", None),
    ]


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

    # The preflight could not ask the legacy server, which is not running; the publish failed on purpose.
    assert [done.returncode for done in outputs] == [2, 0, 2]
    for done in outputs:
        printed = (done.stdout + done.stderr).replace("canary_free", "")
        assert "canary" not in printed
        assert rig.server.role_password not in printed
    assert "SQLSTATE 23514 on migration.batch constraint canary_free" in " ".join(outputs[2].stderr.split())


def test_the_transform_role_cannot_touch_the_ledger(rig: Rig) -> None:
    rig.use(documents())
    with rig.connect(TRANSFORM) as connection, pytest.raises(Exception, match="permission denied"):
        connection.execute("delete from migration.id_map")
