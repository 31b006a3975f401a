"""The reference DTX 2.0 on a real PostgreSQL: what Django makes of its models, and what only Django knows."""

from __future__ import annotations

import csv
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import errors

from loaders.errors import ServiceError
from loaders.settings import PROJECT_ROOT
from sandbox import dtx2
from sandbox.servers.postgres import APPLICATION, Postgres

DATABASE = "dtx2_reference"
APPS = ("docutrax_hierarchy", "docutrax_profiles", "docutrax_billing", "docutrax_utils", "permissions")
MODELS = (
    "docutrax_hierarchy_directory",
    "docutrax_hierarchy_account",
    "docutrax_hierarchy_accountemail",
    "docutrax_hierarchy_accountmeta",
    "docutrax_hierarchy_record",
    "docutrax_profiles_requirementsgroup",
    "docutrax_profiles_requirementsgroupmember",
    "docutrax_profiles_coiriskprofile",
    "docutrax_profiles_docrequirement",
    "docutrax_profiles_document",
    "docutrax_profiles_certificate",
    "docutrax_profiles_manualoverride",
    "docutrax_profiles_waiverrequest",
    "docutrax_profiles_audithistory",
    "docutrax_billing_billingprofile",
    "docutrax_billing_invoice",
    "docutrax_billing_payment",
    "docutrax_billing_billingevent",
    "docutrax_utils_useractivitylog",
    "permissions_permission",
    "permissions_userpermission",
    "auth_user",
)


@pytest.fixture(scope="module")
def reference(postgres: Postgres) -> Iterator[dtx2.Database]:
    postgres.create_database(DATABASE)
    database = dtx2.Database(host=postgres.host, port=postgres.port, name=DATABASE, password=postgres.role_password)
    dtx2.migrate(database)
    yield database
    postgres.drop_database(DATABASE)


@pytest.fixture
def target(postgres: Postgres, reference: dtx2.Database) -> Iterator[psycopg.Connection]:
    """A connection of the application's role whose changes are undone."""
    with postgres.connect(reference.name, role=APPLICATION) as connection:
        yield connection
        connection.rollback()


def columns(target: psycopg.Connection) -> dict[tuple[str, str], tuple[str, int | None, bool, bool, bool]]:
    """(table, column) → type, length, nullable, has a default, is an identity."""
    found = target.execute(
        "select table_name, column_name, data_type, character_maximum_length, is_nullable = 'YES', "
        "column_default is not null, is_identity = 'YES' from information_schema.columns where table_schema = 'public'"
    )
    return {(table, column): (kind, *rest) for table, column, kind, *rest in found}


def test_every_model_has_its_table(target: psycopg.Connection) -> None:
    assert set(MODELS) <= {table for table, _ in columns(target)}


def test_ids_are_identity_columns_that_accept_a_given_value(target: psycopg.Connection) -> None:
    """P8: ids are drawn from the column's own sequence and then given."""
    found = target.execute(
        "select attrelid::regclass::text, attidentity, pg_get_serial_sequence(attrelid::regclass::text, attname) "
        "from pg_attribute where attname = 'id' and attrelid::regclass::text = any(%s)",
        [list(MODELS)],
    ).fetchall()
    assert sorted(found) == sorted((table, "d", f"public.{table}_id_seq") for table in MODELS)


def test_no_column_has_a_default_in_the_database(target: psycopg.Connection) -> None:
    """P3: Django keeps its defaults to itself, so a publisher must supply every NOT NULL column."""
    ours = [facts for (table, _), facts in columns(target).items() if table in MODELS]
    assert ours
    assert not [facts for facts in ours if facts[3]]


def test_columns_that_the_publish_models_write_are_as_django_makes_them(target: psycopg.Connection) -> None:
    found = columns(target)
    document = {column: facts[:3] for (table, column), facts in found.items() if table == "docutrax_profiles_document"}
    assert document == {
        "id": ("bigint", None, False),
        "account_id": ("bigint", None, False),
        "record_id": ("bigint", None, True),
        "file": ("character varying", 100, False),
        "original_filename": ("character varying", 255, False),
        "status": ("character varying", 20, False),
        "needs_review": ("boolean", None, False),
        "uploaded_by_id": ("bigint", None, True),
        "created_by_id": ("integer", None, True),
        "created": ("timestamp with time zone", None, False),
        "updated": ("timestamp with time zone", None, False),
        "metadata": ("jsonb", None, False),
    }
    assert found["docutrax_profiles_certificate", "file"][:2] == ("character varying", 100)


def test_p5_foreign_keys_are_checked_at_commit(target: psycopg.Connection) -> None:
    found = target.execute(
        "select count(*), count(*) filter (where condeferrable and condeferred) from pg_constraint "
        "where contype = 'f' and conrelid::regclass::text = any(%s)",
        [list(MODELS)],
    ).fetchone()
    assert found is not None
    assert found[0] == found[1] > 20
    insert_document(target, account_id=-1)
    with pytest.raises(errors.ForeignKeyViolation):
        target.commit()


def test_a_reviewer_address_is_unique_per_account_whatever_its_case(target: psycopg.Connection) -> None:
    account_id = insert_account(target)
    insert_email(target, account_id, "Reviewer@Example.com", "reviewer")
    insert_email(target, account_id, "reviewer@example.com", "billing")
    with pytest.raises(errors.UniqueViolation):
        insert_email(target, account_id, "reviewer@EXAMPLE.com", "reviewer")


def test_every_mapped_column_has_its_target_column(target: psycopg.Connection) -> None:
    """The column maps name only what Django made."""
    known = {(f"public.{table}", column) for table, column in columns(target)}
    mapped = []
    for path in (PROJECT_ROOT / "seeds" / "column_maps").glob("*.csv"):
        with path.open(newline="", encoding="utf-8") as lines:
            mapped += [
                (line["target_table"], line["target_column"])
                for line in csv.DictReader(lines)
                if line["disposition"] == "mapped"
            ]
    assert mapped
    assert set(mapped) <= known


def test_the_committed_migrations_are_the_models(reference: dtx2.Database) -> None:
    dtx2.manage(reference, "makemigrations", "--check", "--dry-run", *APPS)


def test_migrating_again_changes_nothing(postgres: Postgres, reference: dtx2.Database) -> None:
    with postgres.connect(reference.name) as connection:
        before = connection.execute("select * from django_migrations order by id").fetchall()
        dtx2.migrate(reference)
        connection.rollback()
        assert connection.execute("select * from django_migrations order by id").fetchall() == before


def test_m7_django_refuses_what_the_database_takes(postgres: Postgres, reference: dtx2.Database) -> None:
    """Choices, addresses and blanks are validated by Django alone; the judge reports fields and codes, no values."""
    with postgres.connect(reference.name, role=APPLICATION) as connection:
        account_id = insert_account(connection)
        insert_document(connection, account_id)
        bad_document = insert_document(connection, account_id, status="ZZZ", file="")
        insert_email(connection, account_id, "reviewer@example.com", "reviewer")
        bad_email = insert_email(connection, account_id, "no address", "reviewers")
        connection.commit()
    refused = dtx2.judge(reference, "docutrax_profiles.Document", "docutrax_hierarchy.AccountEmail")
    assert refused == [
        {
            "model": "docutrax_profiles.Document",
            "id": bad_document,
            "fields": {"status": ["invalid_choice"], "file": ["blank"]},
        },
        {
            "model": "docutrax_hierarchy.AccountEmail",
            "id": bad_email,
            "fields": {"email": ["invalid"], "email_type": ["invalid_choice"]},
        },
    ]


def test_a_server_out_of_reach_is_a_service_error_without_the_password(reference: dtx2.Database) -> None:
    nowhere = dtx2.Database(host="127.0.0.1", port=1, name="dtx2", password="canary-password")
    with pytest.raises(ServiceError) as refusal:
        dtx2.migrate(nowhere)
    assert "127.0.0.1:1/dtx2" in str(refusal.value)
    assert "canary-password" not in str(refusal.value) + refusal.value.hint


def insert_account(connection: psycopg.Connection) -> int:
    return identity(
        connection,
        "with directory as (insert into docutrax_hierarchy_directory (name, settings, created, updated) "
        "values (gen_random_uuid()::text, '{}', now(), now()) returning id) "
        "insert into docutrax_hierarchy_account (directory_id, name, status, industry, created, updated) "
        "select id, 'Account', 'active', '', now(), now() from directory returning id",
    )


def insert_email(connection: psycopg.Connection, account_id: int, email: str, email_type: str) -> int:
    return identity(
        connection,
        "insert into docutrax_hierarchy_accountemail (account_id, email, email_type, created) "
        "values (%s, %s, %s, now()) returning id",
        account_id,
        email,
        email_type,
    )


def insert_document(
    connection: psycopg.Connection, account_id: int, *, status: str = "new", file: str = "documents/a.pdf"
) -> int:
    return identity(
        connection,
        "insert into docutrax_profiles_document (account_id, file, original_filename, status, needs_review, created, "
        "updated, metadata) values (%s, %s, 'a.pdf', %s, true, now(), now(), '{}') returning id",
        account_id,
        file,
        status,
    )


def identity(connection: psycopg.Connection, statement: str, *arguments: object) -> int:
    row = connection.execute(statement, arguments).fetchone()
    assert row is not None
    return int(row[0])
