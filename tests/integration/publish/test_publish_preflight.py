"""The preflight names every mismatch before anything is written, and refuses wrong databases (P3, P12, P15, X2)."""

from __future__ import annotations

import json

import pytest
from publish_rig import DOCUMENT_COLUMNS, DOCUMENT_SELECT, Rig, documents, requirements

from loaders.errors import RefusedError
from loaders.publish.findings import Finding
from sandbox.servers.postgres import OWNER, PUBLISHER, TRANSFORM


def blocking(findings: list[Finding]) -> set[str]:
    return {finding.where for finding in findings if finding.effect == "blocks"}


@pytest.mark.parametrize(
    ("change", "where", "problem"),
    [
        ("alter table app_document add legal_name varchar(20) not null", "legal_name", "is NOT NULL without a default"),
        ("alter table app_document alter pages type smallint", "pages", "is smallint"),
        ("alter table app_document rename title to heading", "title", "no such column"),
        ("alter table app_document drop column price", "price", "no such column"),
        ("alter table app_document alter created type date", "created", "is date"),
        ("alter table app_document alter price type integer", "price", "is integer"),
        (
            "alter table app_document drop pages, add pages integer generated always as (1) stored",
            "pages",
            "is generated",
        ),
    ],
)
def test_p3_a_target_migration_is_named_and_nothing_is_written(rig: Rig, change: str, where: str, problem: str) -> None:
    rig.use(documents(), requirements())
    rig.build_documents(20)
    rig.build_requirements(20)
    rig.sql(change)
    before = rig.fingerprint("public", "migration", "migration_frozen")

    done = rig.dtx("publish")

    assert done.returncode == 3
    assert f"public.app_document.{where}: {problem}" in " ".join(done.stderr.split())
    assert rig.fingerprint("public", "migration", "migration_frozen") == before


def test_p3_all_findings_come_in_one_pass(rig: Rig) -> None:
    rig.use(documents(decision_id="D-9"), requirements())
    rig.build_documents(5)
    rig.sql("alter table app_document add one text not null, add two text not null")
    rig.sql(f"revoke all on app_requirement from {PUBLISHER}")
    rig.sql("alter table app_requirement drop note")

    findings, _ = rig.examine()

    assert blocking(findings) == {
        "D-9",
        "public.app_document.one",
        "public.app_document.two",
        "migration_publish.pub_requirement",
        "public.app_requirement.is_exempted",
        "public.app_requirement.metadata",
        "public.app_requirement",
        "public.app_requirement.note",
    }


def test_p3_a_dropped_mapping_is_named(rig: Rig) -> None:
    node = documents()
    del node["columns"]["status"]
    rig.use(node)
    rig.build("migration_publish.pub_document", DOCUMENT_SELECT.replace("'new'::text as status,", "").format(rows=5))

    findings, _ = rig.examine()

    assert blocking(findings) == {"public.app_document.status"}


def test_p3_a_model_that_is_not_what_the_manifest_says_is_named(rig: Rig) -> None:
    rig.use(documents())
    rig.build_documents(5)
    rig.alter_model("alter table migration_publish.pub_document drop column pages, add column extra text")

    findings, _ = rig.examine()

    assert blocking(findings) == {"pub_document.pages", "pub_document.extra"}


def test_p3_a_model_built_before_its_code_changed_is_refused(rig: Rig) -> None:
    rig.use(documents())
    rig.build_documents(5)
    rig.manifest_path.with_name("run_results.json").write_text(
        json.dumps(
            {
                "metadata": {"invocation_id": "build"},
                "results": [
                    {
                        "unique_id": "model.dtx.pub_document",
                        "status": "success",
                        "timing": [{"name": "execute", "completed_at": "1970-01-01T00:00:10Z"}],
                    }
                ],
            }
        )
    )

    findings, _ = rig.examine()

    assert [finding.problem for finding in findings if finding.effect == "blocks"] == [
        "it was built before pub_document was changed"
    ]


def test_p3_a_narrowed_column_blocks_only_where_rows_are_too_long(rig: Rig) -> None:
    rig.use(documents())
    select = DOCUMENT_SELECT.format(rows=20)
    rig.build("migration_publish.pub_document", f"select *, title::varchar(50) as t from ({select}) as s")
    rig.alter_model(
        "alter table migration_publish.pub_document drop column title; "
        "alter table migration_publish.pub_document rename t to title"
    )
    rig.sql("alter table app_document alter title type varchar(7)")

    findings, _ = rig.examine()
    found = [(f.effect, f.where, f.rows) for f in findings if "the model declares" in f.problem]
    assert found == [("blocks", "public.app_document.title", 11)]
    with pytest.raises(RefusedError, match=r"app_document\.title: is character varying\(7\)"):
        rig.publish()
    assert rig.value("select count(*) from app_document") == 0

    rig.sql("alter table app_document alter title type varchar(10)")
    findings, _ = rig.examine()
    assert [(f.effect, f.rows) for f in findings if "the model declares" in f.problem] == [("note", 0)]


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ("update migration_publish.pub_document set legacy_key = '000001' where pages < 3", "pub_document.legacy_key"),
        ("update migration_publish.pub_document set legacy_key = null where pages = 1", "pub_document.legacy_key"),
        ("update migration_publish.pub_document set source_key = null where pages = 1", "pub_document.source_key"),
    ],
)
def test_p3_keys_that_are_null_or_doubled_block(rig: Rig, change: str, where: str) -> None:
    rig.use(documents())
    rig.build_documents(20)
    rig.alter_model(change)

    findings, _ = rig.examine()
    assert blocking(findings) == {where}
    with pytest.raises(RefusedError, match=where):
        rig.publish()
    assert rig.value("select count(*) from app_document") == 0
    assert rig.value("select count(*) from migration.reject") == 0


def test_p3_a_key_of_a_published_row_that_came_twice_blocks(rig: Rig) -> None:
    rig.use(documents())
    rig.build_documents(20)
    rig.publish()
    twin = "select * from migration_publish.pub_document where legacy_key = '000001'"
    rig.alter_model(f"insert into migration_publish.pub_document {twin}")

    findings, _ = rig.examine()
    assert blocking(findings) == {"pub_document.legacy_key"}


def test_p3_triggers_and_row_security_are_reported(rig: Rig) -> None:
    rig.use(documents())
    rig.build_documents(5)
    rig.sql(
        "create function nothing() returns trigger language plpgsql as 'begin return new; end'; "
        "create trigger audit before insert on app_document for each row execute function nothing()"
    )
    findings, _ = rig.examine()
    assert [(f.effect, f.problem) for f in findings] == [("note", "trigger audit fires for each row")]

    rig.sql("alter table app_document enable row level security")
    findings, _ = rig.examine()
    assert blocking(findings) == {"public.app_document"}


def test_p3_expected_rejects_are_counted_before_anything_is_written(rig: Rig) -> None:
    rig.use(documents(choices={"status": ["new"]}))
    rig.build_documents(20)
    rig.alter_model("update migration_publish.pub_document set status = 'ZZZ' where pages = 1")
    rig.alter_model("update migration_publish.pub_document set account_id = 99 where pages = 2")
    rig.alter_model("update migration_publish.pub_document set title = repeat('x', 51) where pages = 3")

    findings, rehearsal = rig.examine()

    assert sorted((f.where, f.problem, f.rows) for f in findings if f.effect == "rejects") == [
        ("public.app_document.account_id", "parent_vanished (publish)", 3),
        ("public.app_document.status", "value_not_in_choices (publish)", 3),
        ("public.app_document.title", "constraint_violation (publish, SQLSTATE 22001)", 3),
    ]
    assert rehearsal is not None
    assert (rehearsal.models[0].published, rehearsal.models[0].rejected.total()) == (11, 9)


def test_p12_a_dry_run_changes_no_row_no_sequence_and_no_ledger(rig: Rig) -> None:
    rig.use(documents(choices={"status": ["new"]}), requirements())
    rig.build_documents(60)
    rig.build_requirements(40)
    rig.publish()
    rig.build_documents(80)
    rig.alter_model("update migration_publish.pub_document set status = 'ZZZ' where legacy_key > '000075'")
    rig.sql("update app_requirement set note = 'edited' where id = 7")
    schemas = ("public", "migration", "migration_publish", "migration_seeds", "migration_frozen")
    before = rig.fingerprint(*schemas)

    done = rig.dtx("publish", "--dry-run", "--json")

    assert rig.fingerprint(*schemas) == before
    document = json.loads(done.stdout)
    assert document["dry_run"] is True
    assert document["run_id"] is None
    published, updated = document["models"]
    assert (published["published"], published["already_there"]) == (15, 60)
    assert published["rejected"] == [{"stage": "publish", "reason_code": "value_not_in_choices", "rows": 5}]
    assert (updated["updated"], updated["already_there"], updated["drift"]) == (0, 40, {"changed_in_target": 1})
    assert done.returncode == 1

    real = rig.publish()
    assert [model.as_json() for model in real.models] == [
        {**published, "state": "published"},
        {**updated, "state": "nothing to do"},
    ]


def test_p15_the_publisher_cannot_delete_truncate_or_disable_triggers(rig: Rig) -> None:
    rig.use(documents(), requirements())
    rig.build_documents(5)
    rig.build_requirements(5)
    assert rig.publish().exit_code == 0

    for forbidden in (
        "delete from app_document",
        "truncate app_document",
        "update app_document set title = ''",
        "update app_requirement set updated = now()",
        "insert into app_requirement (is_exempted, note, updated) values (true, '', now())",
        "alter table app_document disable trigger all",
        "set session_replication_role = replica",
        "insert into app_account (name) values ('x')",
        "select setval('app_document_id_seq', 1)",
        "delete from migration.id_map",
        "delete from migration.before_image",
        "truncate migration.reject",
    ):
        with rig.connect(PUBLISHER) as connection, pytest.raises(Exception, match=r"permission denied|must be owner"):
            connection.execute(forbidden)


def test_p15_a_publisher_with_more_rights_than_it_needs_is_refused(rig: Rig) -> None:
    rig.use(documents())
    rig.build_documents(5)
    rig.sql(f"grant delete on app_document to {PUBLISHER}")

    findings, _ = rig.examine()

    assert [f.problem for f in findings if f.effect == "blocks"] == [
        "the publisher may DELETE or TRUNCATE, which it never needs"
    ]


def test_an_open_decision_holds_its_own_model_only(rig: Rig) -> None:
    rig.use(documents(decision_id="D-2"), requirements())
    rig.build_documents(5)
    rig.build_requirements(5)
    rig.sql("insert into migration_seeds.decisions values ('D-2', 'open')", role=TRANSFORM)

    report = rig.publish()

    assert report.exit_code == 3
    assert [(m.state, m.published, m.updated, m.left) for m in report.models] == [
        ("held: D-2: the decision is open", 0, 0, 5),
        ("published", 0, 5, 0),
    ]
    rig.sql("update migration_seeds.decisions set status = 'decided'", role=TRANSFORM)
    assert rig.publish().exit_code == 0
    assert rig.value("select count(*) from app_document") == 5


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"source_host": "same", "target_host": "same", "source_database": "x", "source_port": 5432,
          "target_port": 5432, "target_database": "x"}, "source and target are the same"),
        ({"publisher_user": OWNER}, "publisher, owner share one database user"),
        ({"environment": "production"}, "is the production database"),
        ({"publisher_user": "postgres"}, "postgres is a superuser"),
        ({"rollback_user": "nobody_at_all"}, "has no role nobody_at_all"),
    ],
)  # fmt: skip
def test_x2_a_wrong_database_or_role_is_refused(rig: Rig, change: dict[str, str], message: str) -> None:
    rig.use(documents())
    rig.build_documents(5)
    password = rig.server.password
    if change.get("publisher_user") == "postgres":
        change = {**change, "publisher_password": password}
    environment = {f"DTX_{name.upper()}": str(value) for name, value in change.items()}

    done = rig.dtx("publish", **environment)

    assert done.returncode == 3, done.stderr
    assert message in " ".join(done.stderr.split())
    assert rig.value("select count(*) from app_document") == 0


def test_x2_production_goes_on_when_its_name_is_typed(rig: Rig) -> None:
    rig.use(documents())
    rig.build_documents(5)
    name = rig.settings.target_database

    assert rig.dtx("publish", "--confirm-database", "other", DTX_ENVIRONMENT="production").returncode == 3
    assert rig.dtx("publish", "--confirm-database", name, DTX_ENVIRONMENT="production").returncode == 0


def test_columns_of_the_rig_are_the_contract_s(rig: Rig) -> None:
    """The matrix above is only worth something if the unchanged rig passes."""
    rig.use(documents(), requirements())
    rig.build_documents(5)
    rig.build_requirements(5)

    findings, rehearsal = rig.examine()

    assert findings == []
    assert rehearsal is not None
    assert set(DOCUMENT_COLUMNS) == set(rehearsal.models[0].contract.columns)
