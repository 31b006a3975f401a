"""Databases for tests of the publisher: templates, and copies with the settings that lead to them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from publish_rig import APPLICATION_DDL, Rig

from loaders.ledger.schema import upgrade_ledger
from sandbox.servers.postgres import APPLICATION, OWNER, TRANSFORM, Postgres

_numbers = itertools.count(1)
BARE, WITH_LEDGER = "publish_bare", "publish_with_ledger"


def make_templates(server: Postgres) -> None:
    """Databases to copy: one with the application's tables and the seed of decisions, one with the ledger as well."""
    server.create_database(BARE)
    with server.connect(BARE, role=APPLICATION) as application:
        application.execute(APPLICATION_DDL)
    with server.connect(BARE, role=OWNER) as owner:
        owner.execute(f"create schema migration_seeds authorization {TRANSFORM}")
    with server.connect(BARE, role=TRANSFORM) as transform:
        transform.execute(
            "create table migration_seeds.decisions as select 'D-1'::text as decision_id, 'decided'::text as status"
        )
    server.create_database(WITH_LEDGER, template=BARE)
    with server.connect(WITH_LEDGER, role=OWNER) as owner:
        upgrade_ledger(owner)


@contextmanager
def new_rig(server: Postgres, template: str, folder: Path) -> Iterator[Rig]:
    """A copy of a template, with settings that lead to it."""
    name = f"publish_{next(_numbers)}"
    server.create_database(name, template=template)
    settings = server.settings(name, efs_root=folder)
    rig = Rig(settings, server, folder)
    try:
        yield rig
    finally:
        rig.close()
        server.drop_database(name)
