"""What the ready-made tap and target make of the dispatch system, where ours keep what its server prints."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from meltano_project import meltano
from psycopg import sql
from singer_pair import PostgresPair

from loaders.settings import PROJECT_ROOT
from sandbox.dispatch.databases import READER, TRANSFORM, Databases
from sandbox.servers.postgres import Postgres

pytestmark = [pytest.mark.stock_pair, pytest.mark.timeout(600)]

SOURCE = """
insert into auth_user
    (id, password, is_superuser, username, first_name, last_name, email, is_staff, is_active, date_joined, last_login)
values (1, 'pbkdf2$canary-77aa', false, 'ann', 'Ann', 'Example', '', false, true, '2020-01-02 03:04:05.000001+00',
    'infinity');
insert into dispatch_payment
    (id, made_at, total_price, subtotal_price, paid_price, tax_rate, tax_value, used_credit, additional_price, paid,
    canceled, free, netsuite, installments)
values (1, '2025-01-02 03:04:05+00', 12345678.10, 10.00, 0.00, 0.0625, 0.63, 0, 0, true, false, false, false, '[]');
"""
TABLES = ("auth_user", "dispatch_payment")
BOOLEANS = {"t": "true", "f": "false"}
# Column: (ours, theirs), as text. Money becomes a floating-point number.
LOST: dict[str, tuple[str | None, str | None]] = {
    "dispatch_payment.total_price": ("12345678.10", "12345678.1"),
    "dispatch_payment.subtotal_price": ("10.00", "10.0"),
    "dispatch_payment.paid_price": ("0.00", "0.0"),
    "dispatch_payment.used_credit": ("0.00", "0.0"),
    "dispatch_payment.additional_price": ("0.00", "0.0"),
}


@pytest.fixture
def databases(postgres: Postgres) -> Iterator[Databases]:
    made = Databases(postgres, "test_dispatch_stock", "test_orders_stock")
    made.create()
    try:
        yield made
    finally:
        made.drop()


def cells(databases: Databases, schema: str, table: str) -> dict[str, str | None]:
    """The table's one row, each cell as PostgreSQL prints it."""
    with databases.postgres.connect(databases.target_name, options="-c TimeZone=UTC") as connection:
        name = sql.Identifier(schema, table)
        columns = connection.execute(sql.SQL("table {} limit 0").format(name)).description or []
        printed = sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(column.name)) for column in columns)
        (row,) = connection.execute(sql.SQL("select {} from {}").format(printed, name)).fetchall()
    return dict(zip([column.name for column in columns], row, strict=True))


def test_the_stock_pair_loses_just_this_and_leaves_out_what_is_withheld(databases: Databases, tmp_path: Path) -> None:
    variables = databases.environment()
    with databases.source() as source:
        source.execute(SOURCE)
    for schema in ("raw_dispatch", "raw_dispatch_stock"):
        with databases.postgres.connect(databases.target_name) as target:
            owned = sql.SQL("create schema {} authorization {}").format(*map(sql.Identifier, (schema, TRANSFORM)))
            target.execute(owned)
    pair = PostgresPair(databases.settings(), tmp_path, databases.postgres, databases.source_name)
    ran = pair.run(
        tap={"tables": list(TABLES), "withheld_columns": ["auth_user.password"], "user": READER},
        target={"schema": "raw_dispatch"},
    )
    assert ran.codes == (0, 0), ran.log

    shutil.copytree(PROJECT_ROOT / "requirements", tmp_path / "requirements")
    for kind, name in (("extractor", "tap-postgres-stock"), ("loader", "target-postgres-dispatch-stock")):
        installed = meltano(pair, "install", kind, name, online=True, variables=variables)
        assert installed.returncode == 0, installed.stdout + installed.stderr
    stock = meltano(pair, "run", "replicate-dispatch-stock", online=True, variables=variables)
    assert stock.returncode == 0, stock.stdout + stock.stderr

    differing = {}
    for table in TABLES:
        ours, theirs = cells(databases, "raw_dispatch", table), cells(databases, "raw_dispatch_stock", table)
        assert "password" not in theirs
        assert not any("canary" in (cell or "") for cell in theirs.values())
        differing |= {
            f"{table}.{name}": (ours[name], theirs.get(name, "no column"))
            for name in ours
            if not name.startswith("_")
            and theirs.get(name, "no column") not in (ours[name], BOOLEANS.get(ours[name] or ""))
        }
    assert differing == LOST
