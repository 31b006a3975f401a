"""One moment for all tables, whoever writes meanwhile (reliability E4)."""

from __future__ import annotations

import os
import secrets
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pymysql
import pytest
from singer_pair import Pair

from loaders.settings import Settings
from loaders.singer.tap_mysql.catalogue import Table, read_tables
from loaders.singer.tap_mysql.config import TapConfig
from loaders.singer.tap_mysql.snapshot import consistent_snapshot
from loaders.singer.tap_mysql.source import connect, query
from sandbox.servers.mariadb import MariaDB


@pytest.fixture
def pair(database: Settings, mariadb: MariaDB, tmp_path: Path) -> Pair:
    return Pair(database, tmp_path, mariadb)


def config_of(pair: Pair, **changes: object) -> TapConfig:
    s = pair.settings
    values = {
        "host": s.source_host,
        "port": s.source_port,
        "user": s.source_user,
        "password": s.source_password.get_secret_value(),
        "database": s.source_database,
    }
    return TapConfig.model_validate(values | changes)


def tables_of(config: TapConfig) -> list[Table]:
    connection = connect(config)
    try:
        return list(read_tables(connection, config).values())
    finally:
        connection.close()


@contextmanager
def writer(pair: Pair, step: Callable[[pymysql.cursors.Cursor, int], None]) -> Iterator[None]:
    """Commits one step after the other until the block ends."""
    stop = threading.Event()

    def work() -> None:
        with pair.source(autocommit=False) as connection, connection.cursor() as cursor:
            number = 0
            while not stop.is_set():
                number += 1
                step(cursor, number)
                connection.commit()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def insert_into_both(cursor: pymysql.cursors.Cursor, number: int) -> None:
    cursor.execute(f"insert into a values ({number})")
    cursor.execute(f"insert into b values ({number})")


def test_e4_all_connections_see_the_same_moment_while_a_writer_commits(pair: Pair) -> None:
    pair.execute("create table a (id int) engine=innodb", "create table b (id int) engine=innodb")
    config = config_of(pair)
    tables = tables_of(config)
    with writer(pair, insert_into_both):
        for _ in range(10):
            with consistent_snapshot(lambda: connect(config), tables, 4) as snapshot:
                assert len(snapshot.connections) == 4
                seen = {
                    query(connection, f"select count(*) from {name}")[0][0]
                    for connection in snapshot.connections
                    for name in ("a", "b")
                }
                assert len(seen) == 1, seen


def test_e4_rows_that_come_while_tables_are_read_are_absent_and_the_moment_is_told(pair: Pair) -> None:
    pair.execute(
        "create table big (id int, v varchar(200)) engine=innodb",
        "insert into big select seq, repeat('x', 200) from seq_1_to_200000",
        "create table a (id int, at datetime(6)) engine=innodb",
        "create table b (id int, at datetime(6)) engine=innodb",
    )

    def step(cursor: pymysql.cursors.Cursor, number: int) -> None:
        cursor.execute(f"insert into a values ({number}, utc_timestamp(6))")
        cursor.execute(f"insert into b values ({number}, utc_timestamp(6))")

    with writer(pair, step):
        time.sleep(0.2)
        ran = pair.run()
    assert ran.codes == (0, 0)
    assert "connections: 2" in ran.log
    with pair.target() as connection:
        (only,) = connection.execute(
            "select (select count(*) from raw_dtx1.a), (select count(*) from raw_dtx1.b), count(distinct as_of), "
            "(select bool_and(at::timestamp at time zone 'UTC' <= _loaded_at) from raw_dtx1.b) from raw_dtx1._loads"
        ).fetchall()
    with pair.source() as source, source.cursor() as cursor:
        cursor.execute("select count(*) from a")
        ((in_source,),) = cursor.fetchall()
    assert only[0] == only[1] > 0
    assert only[0] < in_source
    assert only[2:] == (1, True)


def test_e4_a_table_without_transactions_stays_locked_until_it_is_read(pair: Pair) -> None:
    pair.execute("create table m (id int) engine=myisam", "insert into m values (1)")
    config = config_of(pair)
    written = threading.Event()

    def write() -> None:
        pair.execute("insert into m values (2)")
        written.set()

    with consistent_snapshot(lambda: connect(config), tables_of(config), 2) as snapshot:
        assert snapshot.uncovered == ()
        thread = threading.Thread(target=write)
        thread.start()
        assert not written.wait(0.5)
        assert query(snapshot.connections[0], "select count(*) from m") == [(1,)]
    assert written.wait(10)
    thread.join()


@contextmanager
def reader_without_lock_tables(pair: Pair) -> Iterator[dict[str, str]]:
    name, password = "plain_reader", secrets.token_hex(8)
    pair.execute(
        f"create or replace user '{name}'@'%' identified by '{password}'",
        f"grant select, show view on `{pair.settings.source_database}`.* to '{name}'@'%'",
    )
    try:
        yield {"user": name, "password": password}
    finally:
        pair.execute(f"drop user '{name}'@'%'")


def test_e4_without_the_privilege_to_lock_one_connection_reads_all_and_says_so(pair: Pair) -> None:
    pair.execute(
        "create table a (id int) engine=innodb",
        "create table b (id int) engine=innodb",
        "create table m (id int) engine=myisam",
        "insert into a values (1)",
    )
    with reader_without_lock_tables(pair) as account:
        ran = pair.run(tap=account)
    assert ran.codes == (0, 0), ran.log
    assert "connections: 1" in ran.log
    assert "could not be locked" in ran.log
    assert "not in the snapshot and not locked: m" in ran.log
    assert pair.raw("a", "id") == [("1",)]


def test_e4_a_writer_that_does_not_end_is_not_waited_for_for_ever(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    pair.execute("create table a (id int) engine=innodb", "create table b (id int) engine=innodb")
    config = config_of(pair)
    tables = tables_of(config)

    def impatient() -> pymysql.Connection:
        connection = connect(config)
        query(connection, "set session lock_wait_timeout = 1, innodb_lock_wait_timeout = 1")
        return connection

    with pair.source(autocommit=False) as rival:
        rival.cursor().execute("insert into a values (1)")
        with consistent_snapshot(impatient, tables, 2) as snapshot:
            assert snapshot.is_single
            assert len(snapshot.connections) == 1
            assert query(snapshot.connections[0], "select count(*) from a") == [(0,)]
        rival.rollback()


def test_pipes_of_a_killed_tap_are_removed_by_the_next_and_those_of_a_living_one_are_not(
    pair: Pair, tmp_path: Path
) -> None:
    pair.execute("create table t (id int)", "insert into t values (1)")
    folder = tmp_path / "temporary"
    folder.mkdir()
    environment = os.environ | {"TMPDIR": str(folder)}

    def start() -> subprocess.Popen[bytes]:
        # Nobody reads the pipe that it announces, so it waits.
        process = subprocess.Popen(
            pair.tap_command(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
        )
        assert process.stdout is not None
        assert b"SCHEMA" in process.stdout.readline()
        assert b"BATCH" in process.stdout.readline()
        return process

    def age() -> None:
        for path in folder.iterdir():
            os.utime(path, (0, 0))

    first = start()
    (left_behind,) = folder.iterdir()
    assert list(left_behind.glob("*.csv"))
    first.kill()
    first.communicate()
    age()
    second = start()
    (living,) = folder.iterdir()
    assert living != left_behind
    age()
    third = start()
    assert len(list(folder.iterdir())) == 2
    # One is told to end, the other finds its reader gone: both clear up.
    second.terminate()
    assert second.stdout is not None
    assert third.stdout is not None
    third.stdout.close()
    assert second.wait(timeout=20) == third.wait(timeout=20) == 2
    second.stdout.close()
    assert list(folder.iterdir()) == []
