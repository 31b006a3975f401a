"""A filled dispatch system and orders platform on the tests' PostgreSQL, and the answer key beside them."""

from __future__ import annotations

import csv
import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from sandbox.dispatch.contents import renew
from sandbox.dispatch.databases import Databases
from sandbox.dispatch.generator import Plan
from sandbox.generator.postgres_copy import PostgresCopier
from sandbox.servers.postgres import Postgres

PLAN = Plan(notifications=0.001)
# Parents before children.
COMPONENTS = {
    "auth_group": "teams",
    "dispatch_payment": "payments",
    "dispatch_operation": "payment_operations",
    "dispatch_template_products": "template_products",
    "dispatch_template_view_groups": "template_view_groups",
    "auth_user": "technicians",
    "dispatch_instruction": "shipments",
    "dispatch_note": "team_communications",
    "dispatch_notification": "notifications",
}
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Filled:
    """Two filled databases and their answer key."""

    databases: Databases
    answer_key: Path
    counts: dict[str, int]

    def source(self, statement: str) -> list[tuple[Any, ...]]:
        with self.databases.source() as connection:
            return connection.execute(statement).fetchall()  # type: ignore[arg-type]

    def target(self, statement: str) -> list[tuple[Any, ...]]:
        with self.databases.target() as connection:
            return connection.execute(statement).fetchall()  # type: ignore[arg-type]

    def lines(self, table: str) -> list[dict[str, str]]:
        with (self.answer_key / f"{table}.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def outcomes(self, table: str, options: set[str]) -> dict[str, tuple[str, str]]:
        """Disposition and reason by source key, under the options."""
        return {
            line["source_key"]: (line["disposition"], line["reason_code"])
            for line in self.lines(table)
            if line["option"] in options | {""}
        }

    def rows(self, table: str, options: set[str]) -> list[dict[str, str | None]]:
        """The target rows that the options ask for; the lines of one source row put together."""
        found: dict[str, dict[str, str | None]] = {}
        for line in self.lines(table):
            if line["option"] in options | {""}:
                for target in json.loads(line["expected"] or "[]"):
                    assert target["target_table"] == f"public.{COMPONENTS[table]}"
                    found.setdefault(line["source_key"], {}).update(target["columns"])
        return list(found.values())

    def publish(self, connection: psycopg.Connection, options: set[str]) -> None:
        """Put every expected row into the target, in the connection's transaction."""
        copier = PostgresCopier(connection)
        for source_table, table in COMPONENTS.items():
            rows = self.rows(source_table, options)
            names = sorted(rows[0]) if rows else []
            assert all(sorted(row) == names for row in rows), table
            if rows:
                copier.copy(f"public.{table}", " ".join(names), ([row[name] for name in names] for row in rows))


@contextmanager
def filled(postgres: Postgres, folder: Path, plan: Plan = PLAN) -> Iterator[Filled]:
    """Fill two databases of their own; they are dropped at the end."""
    number = next(_numbers)
    databases = Databases(postgres, f"test_dispatch_{number}", f"test_orders_{number}")
    counts = renew(databases, plan, folder / "dispatch")
    yield Filled(databases, folder / "dispatch", counts)
    databases.drop()


def published_counts(connection: psycopg.Connection) -> dict[str, int]:
    """Target rows by source table."""
    return {
        table: int(connection.execute(f"select count(*) from {target}").fetchone()[0])
        for table, target in COMPONENTS.items()
    }


def shipped_otherwise(connection: psycopg.Connection) -> tuple[int, int]:
    """Shipments that do not take three days, and those whose order has another time of shipping."""
    return connection.execute("""
        select count(*) filter (where estimated_delivery_at - shipments.shipped_at <> interval '3 days'),
            count(*) filter (where shipments.shipped_at is distinct from orders.shipped_at)
        from shipments inner join orders on orders.id = order_id
    """).fetchone()
