"""A load replaces a table whole or not at all, and says what changed."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from singer_pair import Pair, with_metadata

from loaders.settings import Settings
from sandbox.servers.mariadb import MariaDB


@pytest.fixture
def pair(database: Settings, mariadb: MariaDB, tmp_path: Path) -> Pair:
    return Pair(database, tmp_path, mariadb)


def test_views_survive_a_load_and_rows_are_replaced(pair: Pair) -> None:
    pair.execute("create table t (id int primary key, v varchar(9))", "insert into t values (1, 'a'), (2, 'b')")
    assert pair.run().codes == (0, 0)
    with pair.target() as connection:
        connection.execute("create view raw_dtx1.seen as select id, v from raw_dtx1.t")
    pair.execute("delete from t where id = 1", "update t set v = 'c'", "alter table t add column new_one int default 5")
    ran = pair.run()
    assert ran.codes == (0, 0)
    assert "new columns in the source: t.new_one" in ran.log
    assert pair.raw("seen") == [("2", "c")]
    assert pair.raw("t", "id", "v", "new_one") == [("2", "c", "5")]
    (first, second) = pair.loads("t")
    assert first[:2] == (2, "full table")
    assert (second[2]["added"], second[2]["columns"]) == (["new_one"], ["id", "v", "new_one"])
    with pair.target() as connection:
        as_of = connection.execute(
            "select count(*) from raw_dtx1.t join raw_dtx1._loads on as_of = _loaded_at and source_table = 't'"
        ).fetchone()
    assert as_of == (1,)


def test_e6_a_vanished_column_stops_the_load_unless_it_is_allowed(pair: Pair) -> None:
    pair.execute(
        "create table a (id int, v int, w int)",
        "create table b (id int, v int)",
        "insert into a values (1, 2, 3)",
        "insert into b values (1, 2)",
    )
    assert pair.run().codes == (0, 0)
    pair.execute("alter table a drop column v", "alter table b drop column v", "insert into a values (2, 4)")
    ran = pair.run()
    assert ran.target_code == 1
    assert "columns are gone from the source: a.v, b.v; nothing was loaded" in ran.log
    assert pair.raw("a", "id", "v", "w") == [("1", "2", "3")]
    assert pair.run(target={"allow_vanished_columns": ["a.v", "b.v"]}).codes == (0, 0)
    assert pair.raw("a", "id", "v", "w") == [("1", None, "3"), ("2", None, "4")]
    assert pair.loads("a")[-1][2]["vanished"] == ["v"]


def test_e6_an_empty_or_shrunken_table_keeps_the_old_rows(pair: Pair) -> None:
    pair.execute("create table t (id int)", "insert into t values (1), (2), (3), (4)")
    assert pair.run().codes == (0, 0)
    pair.execute("delete from t where id > 1")
    ran = pair.run()
    assert ran.target_code == 1
    assert "t: 1 rows came where the last load brought 4" in ran.log
    assert len(pair.raw("t")) == 4
    assert pair.run(target={"max_shrink_share": 0.75}).codes == (0, 0)
    assert pair.raw("t", "id") == [("1",)]
    pair.execute("delete from t")
    assert pair.run(target={"max_shrink_share": 1}).target_code == 1
    assert len(pair.raw("t")) == 1
    assert pair.run(target={"allow_shrink": ["t"]}).codes == (0, 0)
    assert pair.raw("t") == []
    assert [load[0] for load in pair.loads("t")] == [4, 1, 0]


def test_e6_a_table_that_is_gone_stops_the_run(pair: Pair) -> None:
    pair.execute("create table t (id int)", "insert into t values (1)")
    assert pair.run(tap={"tables": ["t"]}).codes == (0, 0)
    pair.execute("drop table t")
    ran = pair.run(tap={"tables": ["t"]})
    assert ran.tap_code == 1
    assert "tables are gone" in ran.log
    assert len(pair.raw("t")) == 1


@pytest.mark.parametrize("victim", ["tap", "target"])
def test_e6_a_killed_plugin_leaves_the_old_table_and_the_next_run_loads(pair: Pair, victim: str) -> None:
    pair.execute(
        "create table t (id int primary key, v varchar(200))",
        "insert into t select seq, repeat('x', 200) from seq_1_to_300000",
    )
    pair.write("tap.log", None)
    with pair.target() as connection:
        connection.execute(
            "create table raw_dtx1.t (id text, v text, _loaded_at timestamptz not null, _unstorable jsonb)"
        )
        connection.execute("insert into raw_dtx1.t values ('old', 'row', now())")
    # A killed tap cannot remove its pipes; here they go with the test's folder.
    environment = os.environ | {"TMPDIR": str(pair.folder)}
    tap = subprocess.Popen(pair.tap_command(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)
    target = subprocess.Popen(pair.target_command(), stdin=tap.stdout, stderr=subprocess.PIPE)
    assert tap.stdout is not None
    tap.stdout.close()
    with pair.target() as connection:
        deadline = time.monotonic() + 60
        while not connection.execute(
            "select 1 from pg_stat_progress_copy where tuples_processed between 1000 and 250000"
        ).fetchone():
            assert time.monotonic() < deadline
            time.sleep(0.005)
        os.kill((tap if victim == "tap" else target).pid, signal.SIGKILL)
        codes = tap.wait(timeout=60), target.wait(timeout=60)
        assert codes[0 if victim == "tap" else 1] == -signal.SIGKILL
        assert codes[1 if victim == "tap" else 0] in (1, 2)
    assert pair.raw("t", "id") == [("old",)]
    for process in (tap, target):
        assert process.stderr is not None
        process.stderr.close()
    ran = pair.run()
    assert ran.codes == (0, 0), ran.log
    with pair.target() as connection:
        assert connection.execute("select count(*), count(distinct id) from raw_dtx1.t").fetchone() == (300000, 300000)


def test_e6_state_never_runs_ahead_of_the_rows(pair: Pair) -> None:
    pair.execute(
        "create table t (id int primary key, at datetime, v varchar(9))",
        "insert into t values (1, '2024-01-01', 'a'), (2, '2024-01-02', 'b'), (3, '0000-00-00', 'z'), (4, null, 'n')",
    )
    found = with_metadata(pair.discover(), replication_method="INCREMENTAL", replication_key="at")
    ran = pair.run(catalogue=found)
    assert ran.codes == (0, 0)
    (state,) = ran.states
    assert state["bookmarks"]["t"]["replication_key_value"] == "2024-01-02 00:00:00"
    pair.execute(
        "update t set v = 'changed' where id = 2",
        "insert into t values (5, '2024-01-02', 'tie'), (6, '2024-02-01', 'new'), (7, 0, 'z'), (8, null, 'n')",
        "update t set v = 'unseen' where id = 1",
    )
    ran = pair.run(catalogue=found, state=state)
    assert ran.codes == (0, 0)
    assert ran.states[-1]["bookmarks"]["t"]["replication_key_value"] == "2024-02-01 00:00:00"
    assert pair.raw("t", "id", "v", order="id") == [
        ("1", "a"),
        ("2", "changed"),
        ("3", "z"),
        ("4", "n"),
        ("5", "tie"),
        ("6", "new"),
        ("7", "z"),
        ("8", "n"),
    ]
    assert [load[:2] for load in pair.loads("t")] == [(4, "full table"), (8, "incremental")]
    # The same increment again changes nothing.
    assert pair.run(catalogue=found, state=state).codes == (0, 0)
    assert len(pair.raw("t")) == 8


def test_an_increment_onto_a_table_that_was_never_loaded_is_a_loss(pair: Pair) -> None:
    pair.execute("create table t (id int primary key, at int)", "insert into t values (1, 1), (2, 2)")
    found = with_metadata(pair.discover(), replication_method="INCREMENTAL", replication_key="at")
    state = {"bookmarks": {"t": {"replication_key": "at", "replication_key_value": "2"}}}
    ran = pair.run(catalogue=found, state=state)
    assert ran.target_code == 1
    assert "never loaded" in ran.log


def test_a_column_that_becomes_bytes_changes_its_type_unless_a_view_needs_it(pair: Pair) -> None:
    pair.execute("create table t (id int, v text character set latin1)", "insert into t values (1, 'é')")
    assert pair.run().codes == (0, 0)
    assert pair.run(tap={"bytes_columns": ["t.v"]}).codes == (0, 0)
    assert pair.raw("t", "v") == [(b"\xe9",)]
    with pair.target() as connection:
        connection.execute("create view raw_dtx1.seen as select v from raw_dtx1.t")
    ran = pair.run()
    assert ran.target_code == 3
    assert "a view depends on" in ran.log
    assert pair.raw("t", "v") == [(b"\xe9",)]
