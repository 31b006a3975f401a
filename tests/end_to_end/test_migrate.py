"""The whole migration as an operator runs it: generated legacy data in, every row held against the answer key.

The tests of this file build on one another, in their order: one migration, then what may befall it.
"""

from __future__ import annotations

import psycopg
import pytest
from migration import Migration

from sandbox import dtx2
from sandbox.servers import env_file

pytestmark = pytest.mark.timeout(900)
# Inside a batch, between its commit and what follows, and just before a commit.
PUBLISH_FAILPOINTS = ("publish.rows_written@2", "publish.after_commit", "publish.before_commit@2")


def test_migrate_matches_the_answer_key(migration: Migration, before: dict[str, list[tuple]]) -> None:
    done = migration.run("meltano", "run", "migrate")
    assert done.returncode == 0, done.stdout + done.stderr
    assert migration.application_rows() != before
    migration.assert_answers()


def test_a_second_run_publishes_nothing_and_says_so(migration: Migration) -> None:
    rows = migration.application_rows()
    id_map = migration.query("select * from migration.id_map order by id_map_id")
    done = migration.run("meltano", "run", "migrate")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Nothing to publish" in done.stdout + done.stderr
    assert migration.application_rows() == rows
    assert migration.query("select * from migration.id_map order by id_map_id") == id_map
    migration.assert_answers()


def test_p3_a_migrated_target_is_refused_by_name(migration: Migration) -> None:
    rows = migration.application_rows()
    migration.execute("alter table docutrax_profiles_document add column retention_class text")
    migration.execute("update docutrax_profiles_document set retention_class = 'standard'")
    migration.execute("alter table docutrax_profiles_document alter column retention_class set not null")
    done = migration.run("dtx", "publish")
    assert done.returncode == 3
    assert "docutrax_profiles_document.retention_class" in done.stdout + done.stderr
    migration.execute("alter table docutrax_profiles_document drop column retention_class")
    assert migration.application_rows() == rows


def test_p13_rollback_leaves_the_target_as_it_was(migration: Migration, before: dict[str, list[tuple]]) -> None:
    ((run_id,),) = migration.query("select distinct run_id from migration.batch where state = 'committed'")
    done = migration.run("dtx", "rollback", "--run", str(run_id))
    assert done.returncode == 0, done.stdout + done.stderr
    assert migration.application_rows() == before
    assert migration.run("dtx", "rollback", "--run", str(run_id)).returncode == 0
    assert migration.application_rows() == before


def test_p1_killed_publishers_end_in_the_same_state(migration: Migration) -> None:
    """Three kills at three points, then a run to the end: the answer key again, nothing twice."""
    for point in PUBLISH_FAILPOINTS:
        killed = migration.run("dtx", "publish", DTX_FAILPOINT=point)
        assert killed.returncode == -9, killed.stdout + killed.stderr
    assert migration.run("dtx", "publish").returncode == 0
    migration.assert_answers()


def test_f6_every_object_has_its_row(migration: Migration) -> None:
    assert migration.run("dtx", "files", "verify").returncode == 0


def test_m7_django_agrees_with_every_row(migration: Migration) -> None:
    server = migration.stack.postgres
    database = dtx2.Database(server.host, server.port, migration.stack.target_database, server.role_password)
    models = ("Document", "ManualOverride", "DocRequirement")
    labels = [f"docutrax_profiles.{model}" for model in models]
    assert dtx2.judge(database, *labels, "docutrax_hierarchy.AccountEmail") == []


def test_x1_no_secret_reaches_an_output(migration: Migration) -> None:
    variables = env_file.variables(migration.stack)
    secrets = {value for name, value in variables.items() if value and ("PASSWORD" in name or "SECRET" in name)}
    assert secrets
    assert len(migration.outputs) > 8
    for secret in secrets:
        assert not any(secret in output for output in migration.outputs)


def test_x1_no_row_value_reaches_an_output(migration: Migration) -> None:
    """Addresses are the personal data of these tables; reports name keys, reasons and columns only."""
    emails = {email for (email,) in migration.query("select email from docutrax_hierarchy_accountemail")}
    assert len(emails) > 500
    joined = "\n".join(migration.outputs)
    assert [email for email in emails if email in joined] == []


def test_p15_the_publisher_cannot_delete(migration: Migration) -> None:
    settings = migration.stack.settings()
    with psycopg.connect(
        host=settings.target_host,
        port=settings.target_port,
        dbname=settings.target_database,
        user=settings.publisher_user,
        password=settings.publisher_password.get_secret_value(),
    ) as connection:
        for statement in ("delete from docutrax_profiles_document", "truncate docutrax_profiles_manualoverride"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)
            connection.rollback()
