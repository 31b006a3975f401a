"""A fresh database for each test of the publisher."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from publish_databases import BARE, WITH_LEDGER, make_templates, new_rig
from publish_rig import Rig

from sandbox.servers.postgres import Postgres


@pytest.fixture(scope="session")
def publish_server(postgres: Postgres) -> Postgres:
    """The session's PostgreSQL with the templates in it."""
    make_templates(postgres)
    return postgres


@pytest.fixture
def rig(publish_server: Postgres, tmp_path: Path) -> Iterator[Rig]:
    """A fresh database that has a ledger."""
    with new_rig(publish_server, WITH_LEDGER, tmp_path) as made:
        yield made


@pytest.fixture
def bare_rig(publish_server: Postgres, tmp_path: Path) -> Iterator[Rig]:
    """A fresh database that no set-up has touched."""
    with new_rig(publish_server, BARE, tmp_path) as made:
        yield made
