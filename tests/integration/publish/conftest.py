"""A fresh database for each test of the publisher."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from faults import Hook
from publish_databases import BARE, WITH_LEDGER, make_templates, new_rig
from publish_rig import Rig

from loaders.publish import batch as batch_module
from loaders.publish import publisher as publisher_module
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


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, int, Hook], None]:
    """Call a hook when the publisher passes a failpoint of this process for the n-th time."""

    def plan(name: str, occurrence: int, hook: Hook) -> None:
        passed = 0

        def reached(point: str) -> None:
            nonlocal passed
            passed += point == name
            if point == name and passed == occurrence:
                hook()

        monkeypatch.setattr(batch_module, "failpoint", reached)
        monkeypatch.setattr(publisher_module, "failpoint", reached)

    return plan
