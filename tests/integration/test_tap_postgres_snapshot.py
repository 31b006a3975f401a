"""One moment for all tables, whoever writes meanwhile (reliability E4); a run that dies leaves what was there (E6)."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from singer_pair import PostgresPair, postgres_pair

from loaders.settings import Settings
from loaders.singer.tap_postgres.catalogue import Table, read_tables
from loaders.singer.tap_postgres.config import TapConfig
from loaders.singer.tap_postgres.snapshot import consistent_snapshot
from loaders.singer.tap_postgres.source import connect
from sandbox.servers.postgres import TRANSFORM, Postgres


@pytest.fixture
def pair(database: Settings, postgres: Postgres, tmp_path: Path) -> Iterator[PostgresPair]:
    with postgres_pair(database, tmp_path, postgres) as made:
        yield made


def config_of(pair: PostgresPair) -> TapConfig:
    return TapConfig.model_validate(
        {
            "host": pair.postgres.host,
            "port": pair.postgres.port,
            "user": TRANSFORM,
            "password": pair.postgres.role_password,
            "database": pair.source_database,
        }
    )


def tables_of(config: TapConfig) -> list[Table]:
    with connect(config) as connection:
        return list(read_tables(connection, config).values())


@contextmanager
def writer(pair: PostgresPair, step: Callable[[psycopg.Connection, int], None]) -> Iterator[None]:
    """Commits one step after the other until the block ends."""
    stop = threading.Event()

    def work() -> None:
        with pair.source(autocommit=False) as connection:
            number = 0
            while not stop.is_set():
                number += 1
                step(connection, number)
                connection.commit()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def insert_into_both(connection: psycopg.Connection, number: int) -> None:
    connection.execute("insert into a values (%s)", [number])
    connection.execute("insert into b values (%s)", [number])


def test_e4_all_connections_see_the_same_moment_while_a_writer_commits(pair: PostgresPair) -> None:
    pair.execute("create table a (id int)", "create table b (id int)")
    config = config_of(pair)
    tables = tables_of(config)
    with writer(pair, insert_into_both):
        for _ in range(10):
            with consistent_snapshot(lambda: connect(config), "public", tables, 4) as snapshot:
                assert len(snapshot.connections) == 4
                assert snapshot.is_locked
                seen = {
                    connection.execute(f"select count(*) from {name}").fetchone()  # type: ignore[arg-type]
                    for connection in snapshot.connections
                    for name in ("a", "b")
                }
                assert len(seen) == 1, seen


def test_e4_what_comes_while_tables_are_read_is_absent_and_the_moment_is_told(pair: PostgresPair) -> None:
    pair.execute(
        "create table big as select i as id, repeat('x', 200) as v from generate_series(1, 200000) i",
        "create table a (id int, at timestamptz default clock_timestamp())",
        "create table b (id int, at timestamptz default clock_timestamp())",
        "insert into a values (0)",
        "insert into b values (0)",
    )

    def step(connection: psycopg.Connection, number: int) -> None:
        connection.execute("insert into a (id) values (%s)", [number])
        connection.execute("insert into b (id) values (%s)", [number])

    with writer(pair, step):
        time.sleep(0.2)
        ran = pair.run()
    assert ran.codes == (0, 0), ran.log
    assert "connections: 2" in ran.log
    rows_of_a = pair.raw("a", "id", order="id::int")
    assert rows_of_a == pair.raw("b", "id", order="id::int")
    with pair.source() as connection:
        assert connection.execute("select count(*) > %s from a", [len(rows_of_a)]).fetchone() == (True,)
    with pair.target() as connection:
        moments = connection.execute("select distinct as_of from raw_dtx1._loads").fetchall()
        stamped = connection.execute(
            "select distinct _loaded_at from raw_dtx1.a union select _loaded_at from raw_dtx1.big"
        ).fetchall()
        latest = connection.execute("select max(at::timestamptz) from raw_dtx1.a").fetchone()
    assert len(moments) == 1
    assert moments == stamped
    assert latest is not None
    # A row that was printed may have been written while its transaction was on its way to commit, not after as_of.
    assert latest[0] <= moments[0][0] <= datetime.now(UTC)


def test_e4_truncate_waits_until_the_tables_are_read(pair: PostgresPair) -> None:
    pair.execute("create table a (id int)", "create table b (id int)", "insert into a values (1)")
    config = config_of(pair)
    with consistent_snapshot(lambda: connect(config), "public", tables_of(config), 2) as snapshot:
        with pair.source(options="-c lock_timeout=200ms") as rival, pytest.raises(psycopg.errors.LockNotAvailable):
            rival.execute("truncate a")
        assert [c.execute("select id from a").fetchall() for c in snapshot.connections] == [[(1,)], [(1,)]]


def test_e4_a_table_that_is_being_altered_is_not_waited_for_for_ever(pair: PostgresPair) -> None:
    pair.execute("create table a (id int)")
    with pair.source(autocommit=False) as rival:
        rival.execute("alter table a add column b int")
        started = time.monotonic()
        ran = pair.run()
        rival.rollback()
    assert ran.tap_code == 2
    assert "SQLSTATE 55P03" in ran.log
    assert time.monotonic() - started < 25


def test_e6_a_server_that_ends_the_session_leaves_the_old_rows(pair: PostgresPair) -> None:
    pair.execute("create table t (id int, v text)", "insert into t values (1, 'old')")
    assert pair.run().codes == (0, 0)
    pair.execute("insert into t select i, repeat('x', 1000) from generate_series(2, 200000) i")
    killed = threading.Event()

    def kill() -> None:
        with pair.postgres.connect(autocommit=True) as connection:
            while not killed.is_set():
                row = connection.execute(
                    "select count(pg_terminate_backend(pid)) from pg_stat_activity "
                    "where application_name = 'tap-postgres' and datname = %s and query ilike 'copy%%'",
                    [pair.source_database],
                ).fetchone()
                if row and row[0]:
                    killed.set()

    thread = threading.Thread(target=kill)
    thread.start()
    ran = pair.run()
    killed.set()
    thread.join()
    assert ran.codes == (2, 1), ran.log
    # 57P01, or none where the server could not say so any more: the socket was full of rows.
    assert "the source's PostgreSQL failed at t (SQLSTATE" in ran.log
    assert pair.raw("t", "id", "v") == [("1", "old")]


def test_e6_a_killed_tap_leaves_the_old_rows(pair: PostgresPair) -> None:
    pair.execute("create table t (id int, v text)", "insert into t values (1, 'old')")
    assert pair.run().codes == (0, 0)
    pair.execute("insert into t select i, repeat('x', 1000) from generate_series(2, 300000) i")
    tap = subprocess.Popen(pair.tap_command(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    target = subprocess.Popen(
        pair.target_command(), stdin=tap.stdout, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    assert tap.stdout is not None
    tap.stdout.close()
    with pair.target() as connection:
        while not connection.execute(
            "select 1 from pg_stat_activity where application_name = 'target-postgres' and query ilike 'copy%'"
        ).fetchone():
            time.sleep(0.01)
    tap.kill()
    _, log = target.communicate(timeout=60)
    assert target.returncode == 1
    assert b"broke off" in log
    tap.wait()
    assert pair.raw("t", "id", "v") == [("1", "old")]
