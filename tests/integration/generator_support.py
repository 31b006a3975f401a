"""What the tests of the generator and of its answer key share: generated worlds on real servers."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loaders.ledger.schema import upgrade_ledger
from sandbox import dtx2
from sandbox.dtx1 import schema
from sandbox.generator import Plan, generate
from sandbox.servers.mariadb import MariaDB
from sandbox.servers.postgres import OWNER, Postgres


@dataclass(frozen=True)
class Sandbox:
    """One generated world."""

    name: str
    mariadb: MariaDB
    postgres: Postgres
    efs_root: Path
    answer_key: Path
    counts: dict[str, int]

    def mysql(self, statement: str) -> list[tuple[Any, ...]]:
        with self.mariadb.connect(self.name) as connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall())

    def target(self, statement: str) -> list[tuple[Any, ...]]:
        with self.postgres.connect(self.name) as connection:
            return connection.execute(statement).fetchall()

    def answers(self, table: str) -> list[dict[str, str]]:
        with (self.answer_key / f"{table}.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))


@contextmanager
def empty_target(postgres: Postgres, name: str) -> Iterator[str]:
    """A DTX 2.0 database with its tables and the ledger, to be used as a template; its name."""
    postgres.create_database(name)
    dtx2.migrate(dtx2.Database(postgres.host, postgres.port, name, postgres.role_password))
    with postgres.connect(name, role=OWNER) as owner:
        upgrade_ledger(owner)
    yield name
    postgres.drop_database(name)


def generated(name: str, template: str, plan: Plan, mariadb: MariaDB, postgres: Postgres, folder: Path) -> Sandbox:
    """A world of this plan; the caller drops its databases."""
    mariadb.create_database(name)
    postgres.create_database(name, template=template)
    efs_root, answer_key = folder / "efs", folder / "answer_key"
    with mariadb.connect(name) as source, postgres.connect(name, role=OWNER) as target:
        schema.apply(source)
        counts = generate(plan, source, target, efs_root, answer_key)
    return Sandbox(name, mariadb, postgres, efs_root, answer_key, counts)
