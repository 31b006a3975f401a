"""DTX 1.0's DDL on a real server: what information_schema says is what the catalogue says."""

from __future__ import annotations

from collections.abc import Iterator
from operator import itemgetter
from typing import Any

import pymysql
import pytest

from sandbox.dtx1.schema import apply, read_catalogue
from sandbox.servers.mariadb import MariaDB

DATABASE = "dtx1_schema"


@pytest.fixture(scope="module")
def legacy(mariadb: MariaDB) -> Iterator[pymysql.Connection[Any]]:
    mariadb.create_database(DATABASE)
    with mariadb.connect(DATABASE) as connection:
        apply(connection)
        yield connection
    mariadb.drop_database(DATABASE)


def rows(connection: pymysql.Connection[Any], query: str, *arguments: object) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, arguments or None)
        return list(cursor.fetchall())


def test_the_server_has_every_column_as_the_catalogue_states_it(legacy: pymysql.Connection[Any]) -> None:
    """Types, character sets, NULLs and keys of all 22 tables, in order."""
    found = rows(
        legacy,
        "select table_name, column_name, column_type, coalesce(character_set_name, ''), is_nullable = 'YES', "
        "column_key = 'PRI' from information_schema.columns where table_schema = database() order by ordinal_position",
    )
    catalogue = [
        (c.source_table, c.column_name, c.mysql_type, c.character_set, int(c.nullable), int(c.is_primary))
        for c in read_catalogue()
    ]
    table_name = itemgetter(0)
    assert sorted(found, key=table_name) == sorted(catalogue, key=table_name)
    assert len({table_name(column) for column in found}) == 22


def test_tables_are_transactional_with_old_collations(legacy: pymysql.Connection[Any]) -> None:
    """One snapshot of all tables needs InnoDB (E4); comparing as MySQL did needs its collations (M3)."""
    assert rows(
        legacy, "select distinct engine, table_collation from information_schema.tables where table_schema = database()"
    ) == [("InnoDB", "latin1_swedish_ci")]
    assert rows(
        legacy,
        "select distinct collation_name from information_schema.columns where table_schema = database() "
        "and collation_name is not null order by 1",
    ) == [("latin1_swedish_ci",), ("utf8mb3_general_ci",), ("utf8mb4_general_ci",)]


def test_e2_zero_and_impossible_dates_can_be_stored(legacy: pymysql.Connection[Any]) -> None:
    with legacy.cursor() as cursor:
        cursor.execute("set session sql_mode = 'ALLOW_INVALID_DATES'")
        cursor.execute(
            "insert into exemption (exemption_id, item_type, item_name, ExemptExpDate, create_time) values "
            "(1, 'COI', 'GL', '0000-00-00', '0000-00-00 00:00:00'), "
            "(2, 'COI', 'GL', '2023-00-15', '2023-02-31 10:00:00')"
        )
    assert rows(
        legacy, "select cast(ExemptExpDate as char), cast(create_time as char) from exemption order by exemption_id"
    ) == [("0000-00-00", "0000-00-00 00:00:00"), ("2023-00-15", "2023-02-31 10:00:00")]


def test_a_file_name_may_hold_emoji_and_an_exemption_reason_loses_them(legacy: pymysql.Connection[Any]) -> None:
    with legacy.cursor() as cursor:
        cursor.execute("set session sql_mode = ''")
        cursor.execute("insert into repo_file (repo_file_id, name) values (1, %s)", ["Lease 🏢.pdf"])
        cursor.execute(
            "insert into exemption (exemption_id, item_type, item_name, ExemptReason) values (3, 'COI', 'GL', %s)",
            ["waived 🏢"],
        )
    assert rows(legacy, "select name from repo_file") == [("Lease 🏢.pdf",)]
    assert rows(legacy, "select ExemptReason from exemption where exemption_id = 3") == [("waived ?",)]


def test_an_update_leaves_the_change_time_alone(legacy: pymysql.Connection[Any]) -> None:
    """An old server makes the first TIMESTAMP of a table update itself, unless it is declared NULL."""
    automatic = rows(
        legacy,
        "select table_name, column_name from information_schema.columns "
        "where table_schema = database() and extra <> ''",
    )
    assert automatic == []
