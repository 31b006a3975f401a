"""Rollback takes back exactly what nobody has touched, says what it left, and publishing works again (P13)."""

from __future__ import annotations

import json
import signal

import pytest
from publish_rig import Rig, documents, requirements

from loaders.errors import RefusedError
from loaders.publish.undo import Undo
from sandbox.servers.postgres import OWNER, PUBLISHER, ROLLBACK


def publish_both(rig: Rig, rows: int = 120, **options: bool) -> None:
    rig.use(documents(batch_size=50), requirements(batch_size=50), **options)
    rig.build_documents(rows)
    rig.build_requirements(rows)
    assert rig.publish().exit_code == 0


def table_rows(rig: Rig) -> dict[str, object]:
    return {name: state for name, state in rig.fingerprint("public").items() if name != "sequences"}


def test_p13_a_rolled_back_run_leaves_the_application_as_it_was(rig: Rig) -> None:
    rig.use(documents(), requirements())
    rig.sql(
        "insert into app_document (account_id, file, title, status, created, metadata) "
        "values (1, 'own', 'own', 'new', now(), '{}')"
    )
    before = table_rows(rig)
    publish_both(rig)
    assert table_rows(rig) != before

    done = rig.dtx("rollback", "--run", "1", "--json")

    assert done.returncode == 0, done.stderr
    assert table_rows(rig) == before
    assert json.loads(done.stdout) == {
        "schema": "dtx.rollback/1",
        "run_id": 2,
        "dry_run": False,
        "batches": 6,
        "undone": [
            {"target_table": "public.app_document", "mode": "insert", "rows": 120},
            {"target_table": "public.app_requirement", "mode": "update", "rows": 120},
        ],
        "refused": [],
    }
    assert rig.ledger("select distinct state, rolled_back_by from migration.batch") == [("rolled_back", 2)]
    assert rig.ledger("select distinct state from migration.id_map") == [("undone",)]


def test_p13_twice_is_a_no_op_and_publishing_again_draws_new_ids(rig: Rig) -> None:
    publish_both(rig)
    rig.roll_back(run=1)
    before = rig.fingerprint("public")

    again = rig.roll_back(run=1)

    assert (again.batches, again.undone.total(), again.refused.total()) == (0, 0, 0)
    assert rig.fingerprint("public") == before

    report = rig.publish()
    assert [(m.published, m.updated, m.drift) for m in report.models] == [(120, 0, {}), (0, 120, {})]
    assert rig.value("select min(id) from app_document") == 121
    assert rig.ledger("select state, count(*) from migration.id_map group by 1 order by 1") == [
        ("migrated", 240),
        ("undone", 240),
    ]
    assert rig.roll_back(run=report.run_id).undone.total() == 240


def test_p13_one_batch_can_be_taken_back_alone(rig: Rig) -> None:
    publish_both(rig)

    report = rig.roll_back(batch=2)

    assert report.undone == {("public.app_document", "insert"): 50}
    assert rig.value("select count(*) from app_document") == 70
    assert rig.value("select count(*) from app_document where file between 'documents/51' and 'documents/99'") < 50
    assert rig.publish().models[0].published == 50


def test_p13_edited_deleted_and_referenced_rows_are_left_and_listed(rig: Rig) -> None:
    publish_both(rig, rows=20)
    rig.sql("update app_document set title = 'edited in 2.0' where id = 3")
    rig.sql("delete from app_document where id = 4")
    rig.sql("insert into app_page (document_id) values (5)")
    rig.sql(
        "insert into app_document (account_id, parent_id, file, title, status, created, metadata) "
        "values (1, 6, 'own', 'own child', 'new', now(), '{}')"
    )
    rig.sql(
        "insert into app_comment (content_type_id, object_id) "
        "select id, '7' from django_content_type where model = 'document'"
    )
    rig.sql(
        "insert into app_comment (content_type_id, object_id) "
        "select id, '8' from django_content_type where model = 'account'"
    )
    rig.sql("update app_requirement set note = 'edited in 2.0' where id = 9")
    rig.sql("update app_requirement set updated = now() where id = 10")
    rig.sql("delete from app_requirement where id = 11")

    done = rig.dtx("rollback", "--run", "1", "--json")

    assert done.returncode == 1
    document = json.loads(done.stdout)
    assert {(row["target_table"], row["rows"]) for row in document["undone"]} == {
        ("public.app_document", 15),
        ("public.app_requirement", 18),
    }
    assert rig.sql("select id from app_document order by 1") == [(3,), (5,), (6,), (7,), (21,)]
    assert rig.sql("select id from app_requirement where is_exempted") == [(9,)]
    assert rig.ledger(
        "select target_table, target_id, reason, referenced_by from migration.rollback_refusal order by 1, 2"
    ) == [
        ("public.app_document", "3", "edited", None),
        ("public.app_document", "4", "deleted", None),
        ("public.app_document", "5", "referenced", "public.app_page.document_id"),
        ("public.app_document", "6", "referenced", "public.app_document.parent_id"),
        ("public.app_document", "7", "referenced", "public.app_comment.object_id"),
        ("public.app_requirement", "11", "deleted", None),
        ("public.app_requirement", "9", "edited", None),
    ]

    rig.sql("delete from app_page; delete from app_comment; delete from app_document where id = 21")
    second = rig.roll_back(run=1)
    assert second.undone == {("public.app_document", "insert"): 3, ("public.app_requirement", "update"): 0}
    assert rig.sql("select id from app_document") == [(3,)]


def test_p13_a_dry_run_tells_the_same_and_changes_nothing(rig: Rig) -> None:
    publish_both(rig, rows=20)
    rig.sql("update app_document set title = 'edited in 2.0' where id = 3")
    rig.sql("insert into app_page (document_id) values (5)")
    before = rig.fingerprint("public", "migration")

    rehearsed = rig.roll_back(run=1, dry_run=True)

    assert rig.fingerprint("public", "migration") == before
    real = rig.roll_back(run=1)
    assert (rehearsed.undone, rehearsed.refused) == (real.undone, real.refused)
    assert real.refused == {
        ("public.app_document", "edited", ""): 1,
        ("public.app_document", "referenced", "public.app_page.document_id"): 1,
    }


def test_p13_a_child_of_the_same_run_does_not_hold_its_parent(rig: Rig) -> None:
    """Parents are published first and go last; a rehearsal knows that too."""
    rig.use(documents())
    rig.build_documents(10)
    rig.publish()
    with rig.connect(OWNER) as owner:
        owner.execute("insert into app_page (document_id) select id from app_document")
        owner.execute(
            "insert into migration.batch (run_id, model, entity, target_table, mode, ordinal, columns, state, "
            "input_fingerprint, fencing_token, rows_in, rows_published, rows_present, rows_rejected, code_version, "
            "started_at) select 1, 'pub_page', 'page', 'public.app_page', 'insert', 1, '{document_id}', 'committed', "
            "'', 1, 10, 10, 0, 0, '', now()"
        )
        owner.execute(
            "insert into migration.id_map (entity, source_key, legacy_key, target_table, target_id, area, state, "
            "batch_id, published_hash) select 'page', id::text, id::text, 'public.app_page', id::text, '11', "
            "'migrated', 2, sha256(convert_to('11:document_idi' || length(document_id::text) || ':' || document_id, "
            "'UTF8')) from app_page"
        )
    rig.sql(f"grant select, delete on app_page to {ROLLBACK}")

    rehearsed = rig.roll_back(run=1, dry_run=True)
    real = rig.roll_back(run=1)

    assert rehearsed.undone == real.undone == {("public.app_page", "insert"): 10, ("public.app_document", "insert"): 10}
    assert real.refused == {}


def test_p13_before_images_restore_every_value_exactly(rig: Rig) -> None:
    """JSON null and SQL NULL, odd text, microseconds: what the update replaced comes back as it was."""
    rig.use(requirements())
    rig.sql("update app_requirement set metadata = null where id = 1")
    rig.sql("update app_requirement set metadata = '\"a string\"', note = E'\\\\x \"quoted\" \\n é' where id = 2")
    rig.sql("update app_requirement set metadata = '{\"n\": 1.50, \"e\": 1e3}', note = '' where id = 3")
    before = table_rows(rig)
    rig.build_requirements(10)
    rig.publish()

    rig.roll_back(run=1)

    assert table_rows(rig) == before
    assert rig.value("select metadata is null from app_requirement where id = 1")
    assert rig.value("select jsonb_typeof(metadata) from app_requirement where id = 4") == "null"


def test_p13_applied_source_changes_go_back_to_what_was_published_first(rig: Rig) -> None:
    publish_both(rig, rows=10, allows_source_changes=True)
    after_first = table_rows(rig)
    rig.alter_model("update migration_publish.pub_document set pages = 99 where source_key in ('4', '5')")
    rig.alter_model("update migration_publish.pub_requirement set note = 'better' where source_key = '4'")
    rig.publish(applies_source_changes=True)
    rig.sql("update app_document set title = 'edited' where id = 5")

    report = rig.roll_back(run=2)

    assert report.undone == {("public.app_document", "update"): 1, ("public.app_requirement", "update"): 1}
    assert report.refused == {("public.app_document", "edited", ""): 1}
    rig.sql("update app_document set title = 'Title 5', pages = 5 where id = 5")
    assert table_rows(rig) == after_first
    assert rig.ledger("select distinct state from migration.id_map") == [("migrated",)]


@pytest.mark.parametrize(
    ("meanwhile", "refusal"),
    [
        ("insert into app_page (document_id) values (5)", ("referenced", "public.app_page.document_id")),
        ("update app_document set title = 'edited meanwhile' where id = 5", ("edited", "")),
    ],
)
def test_p13_whoever_comes_while_a_batch_is_taken_back_wins(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, meanwhile: str, refusal: tuple[str, str]
) -> None:
    """After the batch was found untouched and before it is deleted."""
    rig.use(documents())
    rig.build_documents(10)
    rig.publish()
    take_back, pending = Undo._take_back, [meanwhile]

    def come_first(undo: Undo) -> None:
        if pending:
            rig.sql(pending.pop())
        take_back(undo)

    monkeypatch.setattr(Undo, "_take_back", come_first)
    report = rig.roll_back(run=1)

    assert report.undone == {("public.app_document", "insert"): 9}
    assert report.refused == {("public.app_document", *refusal): 1}
    assert rig.sql("select id from app_document") == [(5,)]


@pytest.mark.parametrize("point", ["rollback.before_commit@2", "rollback.between_batches@3"])
def test_p13_a_killed_rollback_is_finished_by_the_next(rig: Rig, point: str) -> None:
    rig.use(documents(), requirements())
    before = table_rows(rig)
    publish_both(rig)

    assert rig.dtx("rollback", "--run", "1", DTX_FAILPOINT=point).returncode == -signal.SIGKILL
    assert 0 < rig.value("select count(*) from migration.id_map where state = 'undone'") < 240
    assert rig.dtx("rollback", "--run", "1").returncode == 0

    assert table_rows(rig) == before


def test_x3_a_rollback_too_stops_at_a_batch_s_edge(rig: Rig) -> None:
    publish_both(rig)

    done = rig.dtx("rollback", "--run", "1", DTX_FAILPOINT="rollback.before_commit@2=SIGINT")

    assert done.returncode == 2
    assert "run the same command again" in done.stderr
    assert rig.value("select count(*) from migration.batch where state = 'rolled_back'") == 2
    assert rig.ledger("select state from migration.run order by 1") == [("interrupted",), ("succeeded",)]


def test_p4_a_rollback_and_a_publish_exclude_each_other(rig: Rig) -> None:
    publish_both(rig, rows=5)
    with rig.connect(PUBLISHER, autocommit=True) as publisher:
        publisher.execute("select pg_advisory_lock(%s, 1)", [0x445458])

        with pytest.raises(RefusedError, match="another publish or rollback is writing"):
            rig.roll_back(run=1)

    assert rig.value("select count(*) from app_document") == 5


def test_an_unknown_run_is_refused(rig: Rig) -> None:
    publish_both(rig, rows=1)

    for arguments, code, message in (
        (("--run", "77"), 3, "the ledger knows no run 77"),
        (("--batch", "77"), 3, "the ledger knows no batch 77"),
        ((), 2, "give either --run or --batch"),
        (("--run", "1", "--batch", "1"), 2, "give either --run or --batch"),
    ):
        done = rig.dtx("rollback", *arguments)
        assert (done.returncode, message in done.stderr) == (code, True), done.stderr


def test_p15_the_rollback_role_can_do_nothing_else(rig: Rig) -> None:
    publish_both(rig, rows=1)
    for forbidden in (
        "insert into app_document (account_id) values (1)",
        "update app_document set title = ''",
        "delete from app_requirement",
        "delete from app_account",
        "truncate app_document",
        "select * from migration.reject",
        "delete from migration.id_map",
    ):
        with rig.connect(ROLLBACK) as connection, pytest.raises(Exception, match="permission denied"):
            connection.execute(forbidden)
