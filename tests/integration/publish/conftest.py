"""A fresh database for each test of the publisher."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from publish_rig import APPLICATION_DDL, Rig

from loaders.settings import Settings
from sandbox.servers.postgres import APPLICATION, OWNER, PUBLISHER, ROLLBACK, TRANSFORM, Postgres

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def publish_template(postgres: Postgres) -> str:
    """A database with the application's tables and the seed of decisions, to be copied for each test."""
    name = "publish_template"
    postgres.create_database(name)
    with postgres.connect(name, role=APPLICATION) as application:
        application.execute(APPLICATION_DDL)
    with postgres.connect(name, role=OWNER) as owner:
        owner.execute(f"create schema migration_seeds authorization {TRANSFORM}")
    with postgres.connect(name, role=TRANSFORM) as transform:
        transform.execute(
            "create table migration_seeds.decisions as select 'D-1'::text as decision_id, 'decided'::text as status"
        )
    return name


@pytest.fixture
def rig(postgres: Postgres, publish_template: str, tmp_path: Path) -> Iterator[Rig]:
    """A fresh copy of the template, with settings that lead to it."""
    name = f"publish_{next(_numbers)}"
    postgres.create_database(name, template=publish_template)
    settings = Settings(
        _env_file=None,
        environment="sandbox",
        source_host="127.0.0.1",
        source_database="dtx1",
        source_user="reader",
        source_password="unused",
        target_host=postgres.host,
        target_port=postgres.port,
        target_database=name,
        target_user=TRANSFORM,
        target_password=postgres.role_password,
        publisher_user=PUBLISHER,
        publisher_password=postgres.role_password,
        rollback_user=ROLLBACK,
        rollback_password=postgres.role_password,
        owner_user=OWNER,
        owner_password=postgres.role_password,
        efs_root=tmp_path,
        s3_bucket="unused",
    )
    yield Rig(settings, postgres, tmp_path)
    postgres.drop_database(name)
