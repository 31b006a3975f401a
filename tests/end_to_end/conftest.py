"""The end-to-end tests' migration: a thousand rows a table, generated and set up, not yet migrated."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from migration import Migration

from sandbox.contents import renew
from sandbox.generator import Plan
from sandbox.servers.mariadb import MariaDB
from sandbox.servers.postgres import Postgres
from sandbox.servers.s3 import S3
from sandbox.servers.stack import Stack


@pytest.fixture(scope="session")
def migration(
    mariadb: MariaDB, postgres: Postgres, s3: S3, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Migration]:
    """Shared by all files of this folder, in their order: each goes on where the one before it ended."""
    folder = tmp_path_factory.mktemp("end_to_end")
    efs_root = folder / "efs"
    efs_root.mkdir()
    stack = Stack(mariadb, postgres, s3, efs_root, "end_to_end", "end_to_end", "end-to-end")
    mariadb.create_database(stack.source_database)
    postgres.create_database(stack.target_database)
    s3.create_bucket(stack.bucket)
    renew(stack, Plan(scale=10), folder / "answer_key")
    made = Migration(stack, folder)
    assert made.run("dtx", "setup").returncode == 0
    yield made
    mariadb.drop_database(stack.source_database)
    postgres.drop_database(stack.target_database)


@pytest.fixture(scope="session")
def before(migration: Migration) -> dict[str, list[tuple]]:
    """The application's rows before anything was published."""
    return migration.application_rows()
