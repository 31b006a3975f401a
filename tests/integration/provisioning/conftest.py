"""A fresh target database and an empty Metabase for each test of Metabase as code."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from metabase_rig import TEMPLATE, MetabaseRig, make_rig, make_template

from sandbox.metabase.server import LocalMetabase
from sandbox.servers.postgres import Postgres


@pytest.fixture(scope="session")
def server(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """The session's PostgreSQL with the template in it."""
    make_template(postgres, tmp_path_factory.mktemp("template"))
    yield postgres
    postgres.drop_database(TEMPLATE)


@pytest.fixture
def rig(metabase: LocalMetabase, server: Postgres, tmp_path: Path) -> Iterator[MetabaseRig]:
    with make_rig(metabase, server, tmp_path) as made:
        yield made


@pytest.fixture
def applied(rig: MetabaseRig) -> MetabaseRig:
    """What the first apply leaves."""
    rig.apply()
    rig.server.forget()
    return rig
