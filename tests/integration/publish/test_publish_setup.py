"""`dtx setup`: schemas, ledger and grants, the same on every run, and nothing in a dry run (P15, X2)."""

from __future__ import annotations

import json

import pytest
from publish_rig import Rig, documents, requirements

from loaders.errors import ServiceError
from loaders.setup.commands import run_setup
from sandbox.servers.postgres import APPLICATION, OWNER, PUBLISHER, ROLLBACK, TRANSFORM

PRIVILEGES = """
select grantee, table_schema, table_name, privilege_type from information_schema.role_table_grants
where grantee = any (%s) and table_schema in ('public', 'migration', 'migration_frozen')
union all
select grantee, table_schema, table_name || '.' || column_name, privilege_type
from information_schema.role_column_grants as columns
where grantee = any (%s) and table_schema = 'public' and not exists (
    select from information_schema.role_table_grants as tables
    where (tables.grantee, tables.table_name, tables.privilege_type)
    = (columns.grantee, columns.table_name, columns.privilege_type)
)
order by 1, 2, 3, 4
"""


def privileges(rig: Rig) -> list[tuple[str, ...]]:
    roles = [TRANSFORM, PUBLISHER, ROLLBACK]
    with rig.connect() as superuser:
        return superuser.execute(PRIVILEGES, [roles, roles]).fetchall()


def on_application(rig: Rig, role: str) -> set[tuple[str, str]]:
    return {
        (name, privilege)
        for grantee, schema, name, privilege in privileges(rig)
        if (grantee, schema) == (role, "public")
    }


def test_p15_each_role_gets_what_the_contracts_name_and_no_more(rig: Rig) -> None:
    rig.use(documents(), requirements())
    columns = ["account_id", "file", "title", "status", "pages", "price", "created", "metadata"]

    assert on_application(rig, PUBLISHER) == {
        ("app_account", "SELECT"),
        ("app_document", "SELECT"),
        ("app_requirement", "SELECT"),
        *((f"app_document.{column}", "INSERT") for column in ["id", *columns]),
        *((f"app_requirement.{column}", "UPDATE") for column in ["is_exempted", "note", "metadata"]),
    }
    assert on_application(rig, ROLLBACK) == {
        ("app_document", "SELECT"),
        ("app_document", "DELETE"),
        ("app_page", "SELECT"),
        ("app_comment", "SELECT"),
        ("django_content_type", "SELECT"),
        ("app_requirement", "SELECT"),
        *((f"app_requirement.{column}", "UPDATE") for column in ["is_exempted", "note", "metadata"]),
    }
    assert {privilege for _, privilege in on_application(rig, TRANSFORM)} == {"SELECT"}
    assert ("app_document.title", "UPDATE") not in on_application(rig, PUBLISHER)


def test_a_second_set_up_changes_nothing_and_withdraws_what_is_no_longer_named(rig: Rig) -> None:
    rig.use(documents(), requirements())
    first = privileges(rig)

    rig.use(documents(), requirements())
    assert privileges(rig) == first

    rig.use(documents(), requirements(), allows_source_changes=True)
    assert ("app_document.title", "UPDATE") in on_application(rig, PUBLISHER)
    rig.sql(f"grant delete, truncate on app_document to {PUBLISHER}")

    rig.use(documents(), requirements())
    assert privileges(rig) == first

    rig.use(documents())
    assert not [name for name, _ in on_application(rig, PUBLISHER) if name.startswith("app_requirement")]


def test_tables_that_dbt_builds_later_can_be_read(rig: Rig) -> None:
    rig.use(documents())
    rig.build_documents(3)
    rig.sql("create table migration_publish.later as select 1 as one", role=TRANSFORM)

    assert rig.sql("select one from migration_publish.later", role=PUBLISHER) == [(1,)]
    assert rig.sql("select count(*) from migration.id_map", role=TRANSFORM) == [(0,)]


def test_schemas_belong_to_the_role_that_fills_them(bare_rig: Rig) -> None:
    bare_rig.use(documents())

    owners = dict(bare_rig.sql("select nspname, nspowner::regrole::text from pg_namespace"))
    assert {name: owners[name] for name in ("raw_dtx1", "decoded", "migration_publish", "migration_seeds")} == {
        "raw_dtx1": TRANSFORM,
        "decoded": TRANSFORM,
        "migration_publish": TRANSFORM,
        "migration_seeds": TRANSFORM,
    }
    assert owners["migration"] == owners["migration_frozen"] == OWNER


def test_a_dry_run_shows_the_same_steps_and_does_none(bare_rig: Rig) -> None:
    bare_rig.use(documents(), requirements(), setup=False)
    everything = ("public", "migration", "migration_frozen", "migration_publish")
    before = bare_rig.fingerprint(*everything), privileges(bare_rig)

    rehearsed = bare_rig.dtx("setup", "--dry-run", "--json")

    assert rehearsed.returncode == 0, rehearsed.stderr
    assert (bare_rig.fingerprint(*everything), privileges(bare_rig)) == before
    assert bare_rig.value("select to_regnamespace('migration') is null")
    done = bare_rig.dtx("setup", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(rehearsed.stdout)["grants"] == json.loads(done.stdout)["grants"]


def test_a_missing_target_table_is_told_and_the_rest_is_set_up(rig: Rig) -> None:
    rig.use(documents(), requirements(target_table="public.app_gone"), setup=False)

    done = rig.dtx("setup", "--json")

    assert done.returncode == 0
    assert json.loads(done.stdout)["missing_target_tables"] == ["public.app_gone"]
    assert ("app_document", "SELECT") in on_application(rig, PUBLISHER)


def test_without_set_up_every_verb_says_what_to_run(bare_rig: Rig) -> None:
    bare_rig.use(documents(), setup=False)

    for verb in (["preflight"], ["publish"], ["rollback", "--run", "1"]):
        done = bare_rig.dtx(*verb)
        assert done.returncode == 3
        assert "Run dtx setup" in done.stderr


def test_a_step_that_the_server_refuses_is_named_and_nothing_is_half_granted(rig: Rig) -> None:
    rig.use(documents(), setup=False)
    with rig.connect() as superuser:
        superuser.execute(
            "create table app_foreign (id integer primary key); alter table app_foreign owner to postgres"
        )
        superuser.execute(f"revoke all on app_foreign from public, {OWNER}, {APPLICATION}")
    rig.use(documents(), requirements(target_table="public.app_foreign"), setup=False)

    with pytest.raises(ServiceError, match=r"cannot give .* SELECT on .*app_foreign|all tables in schema public"):
        run_setup(rig.settings, rig.manifest_path)

    assert on_application(rig, PUBLISHER) == set()


@pytest.mark.parametrize("environment", ["production", "rehearsal"])
def test_x2_production_asks_for_the_database_s_name(rig: Rig, environment: str) -> None:
    rig.use(documents(), setup=False)

    refused = rig.dtx("setup", DTX_ENVIRONMENT=environment).returncode

    assert refused == (3 if environment == "production" else 0)
    confirmed = rig.dtx("setup", "--confirm-database", rig.settings.target_database, DTX_ENVIRONMENT=environment)
    assert confirmed.returncode == 0, confirmed.stderr
