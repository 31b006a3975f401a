"""What the ready-made tap and target would lose, cell by cell, where ours keep what the legacy server prints."""

from __future__ import annotations

import shutil
from pathlib import Path

import psycopg
import pytest
from meltano_project import meltano
from psycopg import sql
from singer_pair import Pair

from loaders.database import connect
from loaders.settings import PROJECT_ROOT, Settings
from sandbox.servers.mariadb import MariaDB
from sandbox.servers.postgres import TRANSFORM

pytestmark = pytest.mark.stock_pair

COLUMNS = {
    "id": "int primary key",
    "plain": "varchar(40) character set latin1",
    "amount": "decimal(12,2)",
    "flag": "tinyint(1)",
    "bits": "bit(8)",
    "exact": "decimal(30,10)",
    "day": "date",
    "zero_day": "date",
    "made": "datetime",
    "partial": "datetime",
    "micro": "datetime(6)",
    "built": "year",
    "tags": "set('x','y')",
    "photo": "blob",
    "digest": "binary(4)",
    "ratio": "float",
    "with_nul": "varchar(20)",
    "payload": "text character set latin1",
}
ROW = (
    "1, 'naïve \\t\\n', 12.30, 5, b'10101010', 12345678901234567890.0123456789, '2024-02-29', '0000-00-00', "
    "'2024-02-29 01:02:03', '2023-02-00 10:00:00', '2024-02-29 01:02:03.000001', 2024, 'x,y', x'00ff', 'ab', 16777217, "
    "concat('a', char(0), 'b'), 's:4:\"café\";'"
)
# Column: (ours, theirs), as text. Ours is what the server prints, or the bytes that it stores.
LOST = {
    "amount": ("12.30", "12.3"),
    "flag": ("5", "true"),
    "bits": ("\\xaa", "true"),
    "exact": ("12345678901234567890.0123456789", "12345678901234567000"),
    "day": ("2024-02-29", "2024-02-29 00:00:00"),
    "zero_day": ("0000-00-00", None),
    "partial": ("2023-02-00 10:00:00", None),
    "built": ("2024", "no column"),
    "tags": ("x,y", "no column"),
    "photo": ("\\x00ff", "no column"),
    "digest": ("\\x61620000", "61620000"),
    "ratio": ("16777216", "16777200.0"),
    # Ours is NULL here and keeps the bytes in _unstorable.
    "with_nul": (None, "a\ufffdb"),
    # One byte became two, so PHP's length of 4 is no longer true.
    "payload": ("\\x733a343a22636166e9223b", 's:4:"café";'),
}


@pytest.fixture
def pair(database: Settings, mariadb: MariaDB, tmp_path: Path) -> Pair:
    return Pair(database, tmp_path, mariadb)


def cells(pair: Pair, schema: str, table: str) -> dict[str, str | None]:
    """The table's one row, each cell as PostgreSQL prints it."""
    with pair.target() as connection:
        names = [column.name for column in columns_of(connection, schema, table)]
        printed = sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(name)) for name in names)
        row = connection.execute(sql.SQL("select {} from {}").format(printed, sql.Identifier(schema, table))).fetchone()
    assert row is not None
    return dict(zip(names, row, strict=True))


def columns_of(connection: psycopg.Connection, schema: str, table: str) -> list[psycopg.Column]:
    return connection.execute(sql.SQL("table {} limit 0").format(sql.Identifier(schema, table))).description or []


@pytest.fixture
def stock(pair: Pair) -> Pair:
    """The pair's folder with both stock plugins installed, and a table that is hard to copy."""
    shutil.copytree(PROJECT_ROOT / "requirements", pair.folder / "requirements")
    shutil.copytree(PROJECT_ROOT / "loaders/singer/stock_pair", pair.folder / "loaders/singer/stock_pair")
    columns = ", ".join(f"{name} {type_}" for name, type_ in COLUMNS.items())
    pair.execute(f"create table awkward ({columns})", f"insert into awkward values ({ROW})")
    with connect(pair.settings, "owner", autocommit=True) as owner:
        owner.execute(f"create schema raw_dtx1_stock authorization {TRANSFORM}")
    for kind, name in (("extractor", "tap-mysql-stock"), ("loader", "target-postgres-stock")):
        installed = meltano(pair, "install", kind, name, online=True)
        assert installed.returncode == 0, installed.stdout + installed.stderr
    return pair


def test_the_stock_pair_loses_just_this(stock: Pair) -> None:
    ran = meltano(stock, "run", "replicate-stock", online=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert stock.run(tap={"bytes_columns": ["awkward.payload"]}).codes == (0, 0)
    ours, theirs = cells(stock, "raw_dtx1", "awkward"), cells(stock, "raw_dtx1_stock", "awkward")
    differing = {
        name: (ours[name], theirs.get(name, "no column"))
        for name in COLUMNS
        if theirs.get(name, "no column") != ours[name]
    }
    assert differing == LOST

    # Any stock tap can feed our target. A second run replaces, although the tap's table has another name.
    for _ in range(2):
        ran = meltano(stock, "run", "tap-mysql-stock", "target-postgres", online=True)
        assert ran.returncode == 0, ran.stdout + ran.stderr
    fed = cells(stock, "raw_dtx1", f"{stock.settings.source_database}-awkward")
    assert (fed["exact"], fed["plain"]) == ("12345678901234567890.0123456789", "naïve \t\n")
    assert fed["with_nul"] is None
    assert fed["_unstorable"] == '{"with_nul": "610062"}'
