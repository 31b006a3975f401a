"""Real servers for the tests: started once a session, a fresh database and bucket for each test that asks."""

from __future__ import annotations

import itertools
import secrets
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from loaders.database import connect
from loaders.ledger.schema import upgrade_ledger
from loaders.settings import Settings
from sandbox.metabase.server import LocalMetabase, serve_here
from sandbox.servers import mariadb as mariadb_server
from sandbox.servers import postgres as postgres_server
from sandbox.servers import s3 as s3_server
from sandbox.servers.mariadb import MariaDB
from sandbox.servers.postgres import APPLICATION, PUBLISHER, ROLLBACK, TRANSFORM, Postgres
from sandbox.servers.s3 import S3
from sandbox.servers.stack import Stack
from sandbox.servers.temporary import server_folder

TRANSFORM_SCHEMAS = (
    "raw_dtx1",
    "decoded",
    "migration_seeds",
    "migration_staging",
    "migration_intermediate",
    "migration_publish",
    "migration_dispositions",
    "migration_rejects",
    "migration_preflight",
    "reporting",
    "migration_catalogue",
)
_numbers = itertools.count(1)

# What was started in the background ignores Ctrl-C, and so would every program that a test starts and interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)


class _Scheduling(LoadFileScheduling):
    """With several processes, one takes a file as a whole, and one all of end_to_end: it is one migration."""

    def _split_scope(self, nodeid: str) -> str:
        whole = "tests/end_to_end/"
        return whole if nodeid.startswith(whole) else str(super()._split_scope(nodeid))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> _Scheduling:
    """Xdist's own marks for this, of its 3.8, have no effect with pytest 9.2."""
    return _Scheduling(config, log)


@pytest.fixture(scope="session")
def servers_folder() -> Iterator[Path]:
    """Folder of this session's servers; whatever a killed session left is ended and removed first."""
    with server_folder() as folder:
        yield folder


@pytest.fixture(scope="session")
def mariadb(servers_folder: Path) -> MariaDB:
    """A MariaDB set up as a lax old server. `connect()` is the administrator's."""
    return mariadb_server.start(
        servers_folder / "mariadb", password=secrets.token_hex(12), reader_password=secrets.token_hex(12)
    )


@pytest.fixture(scope="session")
def postgres(servers_folder: Path) -> Postgres:
    """A PostgreSQL with the application's role and the migration's four. `connect(database)` is the superuser's."""
    return postgres_server.start(
        servers_folder / "postgres", password=secrets.token_hex(12), role_password=secrets.token_hex(12)
    )


@pytest.fixture(scope="session")
def s3(servers_folder: Path) -> Iterator[S3]:
    """An S3 that refuses wrong checksums; the standard AWS variables lead to its credentials."""
    server = s3_server.start(servers_folder / "s3", access_key="AKIASANDBOX", secret_key=secrets.token_hex(20))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        for name, value in server.environment.items():
            patch.setenv(name, value)
        yield server


@pytest.fixture
def database(mariadb: MariaDB, postgres: Postgres, s3: S3, tmp_path: Path) -> Iterator[Settings]:
    """Settings for an empty legacy database, an empty target database, an empty bucket and an empty EFS folder.

    The target belongs to the application's role and has the schemas of the transform role; whatever tables the
    application's role creates in `public` later are granted to the migration's roles as they come.
    """
    name = f"test_{next(_numbers)}"
    efs_root = tmp_path / "efs"
    efs_root.mkdir()
    mariadb.create_database(name)
    postgres.create_database(name)
    bucket = name.replace("_", "-")
    s3.create_bucket(bucket)
    settings = Stack(mariadb, postgres, s3, efs_root, name, name, bucket).settings()
    with connect(settings, "owner") as owner:
        for schema in TRANSFORM_SCHEMAS:
            owner.execute(f"create schema {schema} authorization {TRANSFORM}")
            owner.execute(f"grant usage on schema {schema} to {PUBLISHER}, {ROLLBACK}")
            owner.execute(
                f"alter default privileges for role {TRANSFORM} in schema {schema} "
                f"grant select on tables to {PUBLISHER}, {ROLLBACK}"
            )
        for privileges, kind, role in (
            ("select", "tables", TRANSFORM),
            ("select, insert, update", "tables", PUBLISHER),
            ("usage, select", "sequences", PUBLISHER),
            ("select, update, delete", "tables", ROLLBACK),
        ):
            owner.execute(
                f"alter default privileges for role {APPLICATION} in schema public "
                f"grant {privileges} on {kind} to {role}"
            )
    yield settings
    postgres.drop_database(name)
    mariadb.drop_database(name)


@pytest.fixture
def ledger(database: Settings) -> Settings:
    """The settings of `database`, with the ledger created in it and granted."""
    with connect(database, "owner") as owner:
        upgrade_ledger(owner)
        owner.execute(f"grant usage on schema migration to {TRANSFORM}, {PUBLISHER}, {ROLLBACK}")
        owner.execute(f"grant select on all tables in schema migration to {TRANSFORM}")
        owner.execute(f"grant insert, update on migration.build to {TRANSFORM}")
        owner.execute(
            f"grant select, insert, update, delete on all tables in schema migration to {PUBLISHER}, {ROLLBACK}"
        )
        owner.execute(f"grant usage, select on all sequences in schema migration to {PUBLISHER}, {ROLLBACK}")
    return database


@pytest.fixture
def metabase(tmp_path: Path) -> Iterator[LocalMetabase]:
    """A Metabase that is set up and empty, in this process; see `sandbox/metabase/__init__.py`."""
    folder = tmp_path / "metabase"
    folder.mkdir()
    with serve_here(folder, api_key=f"mb_{secrets.token_hex(20)}") as server:
        yield server
    assert server.application.broken == []
