"""The target takes RECORD messages of any tap, and holds them to the same promises."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from singer_pair import Pair

from loaders.settings import Settings
from loaders.singer.messages import CSV_QUOTE
from sandbox.servers.mariadb import MariaDB


@pytest.fixture
def pair(database: Settings, mariadb: MariaDB, tmp_path: Path) -> Pair:
    return Pair(database, tmp_path, mariadb)


def schema(key: tuple[str, ...] = (), bookmarks: tuple[str, ...] = (), **extra: Any) -> dict[str, Any]:
    properties = {"id": {"type": "integer"}, "v": {"type": "string"}, "b": {"type": "string", "format": "binary"}}
    return {
        "type": "SCHEMA",
        "stream": "t",
        "schema": {"properties": properties | extra},
        "key_properties": list(key),
        "bookmark_properties": list(bookmarks),
    }


def record(version: int | None = None, **values: Any) -> dict[str, Any]:
    return {"type": "RECORD", "stream": "t", "record": values} | ({} if version is None else {"version": version})


def activate(version: int) -> dict[str, Any]:
    return {"type": "ACTIVATE_VERSION", "stream": "t", "version": version}


def state(value: Any) -> dict[str, Any]:
    return {"type": "STATE", "value": value}


def test_a_versioned_stream_replaces_the_table(pair: Pair) -> None:
    first = [
        schema(),
        record(1, id=1, v="a", b="00ff"),
        record(1, id=2, v="nul\0", b=None),
        activate(1),
        state({"n": 1}),
    ]
    ran = pair.feed(*first)
    assert (ran.target_code, ran.states) == (0, [{"n": 1}]), ran.log
    assert pair.raw("t", "id", "v", "b") == [("1", "a", b"\x00\xff"), ("2", None, None)]
    ran = pair.feed(schema(), record(2, id=2, v="c"), activate(2), max_shrink_share=1)
    assert ran.target_code == 0, ran.log
    assert pair.raw("t", "id", "v") == [("2", "c")]


def test_numbers_keep_every_digit(pair: Pair) -> None:
    line = '{"type":"RECORD","stream":"t","version":1,"record":{"id":18446744073709551615,"v":0.10000000000000000001}}'
    assert pair.feed(schema(), line, activate(1)).target_code == 0
    assert pair.raw("t", "id", "v") == [("18446744073709551615", "0.10000000000000000001")]


def test_e6_records_without_their_end_are_rolled_back_and_the_state_is_withheld(pair: Pair) -> None:
    assert pair.feed(schema(), record(1, id=1), activate(1)).target_code == 0
    ran = pair.feed(schema(), record(2, id=2), state({"n": 2}))
    assert (ran.target_code, ran.states) == (1, [])
    assert "broke off" in ran.log
    assert pair.raw("t", "id") == [("1",)]


def test_a_version_that_is_activated_before_its_records_is_not_over_yet(pair: Pair) -> None:
    ran = pair.feed(schema(), activate(1), record(1, id=1), record(1, id=2))
    assert ran.target_code == 1
    ran = pair.feed(schema(), activate(1), record(1, id=1), record(1, id=2), activate(1))
    assert ran.target_code == 0, ran.log
    assert pair.raw("t", "id") == [("1",), ("2",)]
    ran = pair.feed(schema(), activate(2))
    assert ran.target_code == 1
    assert "0 rows came where the last load brought 2" in ran.log


def test_records_with_a_key_are_merged_and_the_last_one_stands(pair: Pair) -> None:
    keyed = schema(("id",), ("v",))
    ran = pair.feed(keyed, record(1, id=1, v="a"), record(1, id=2, v="b"), state({"at": "b"}))
    assert (ran.target_code, ran.states) == (0, [{"at": "b"}]), ran.log
    ran = pair.feed(keyed, record(1, id=2, v="c"), record(1, id=2, v="d"), record(1, id=3, v="e"))
    assert ran.target_code == 0, ran.log
    assert pair.raw("t", "id", "v") == [("1", "a"), ("2", "d"), ("3", "e")]
    assert [load[0] for load in pair.loads("t")] == [2, 3]


def test_records_that_could_only_pile_up_are_refused(pair: Pair) -> None:
    ran = pair.feed(schema(), record(id=1))
    assert ran.target_code == 3
    assert "pile up" in ran.log


@pytest.mark.parametrize(
    ("messages", "said"),
    [
        ([record(1, id=1)], "before the stream's SCHEMA"),
        (["Loading..."], "no Singer message"),
        ([schema(), record(1, id=1), schema(w={"type": "string"})], "changed the columns"),
        ([schema(), record(1, id=1), activate(1), record(1, id=2)], "after the stream's end"),
    ],
)
def test_a_tap_that_breaks_the_rules_is_told_so(pair: Pair, messages: list[Any], said: str) -> None:
    ran = pair.feed(*messages)
    assert ran.target_code == 2
    assert said in ran.log


def batch(path: Path, **of_batch: Any) -> dict[str, Any]:
    encoding = {"format": "csv", "compression": "none", "quote": CSV_QUOTE, "columns": ["id", "v"]}
    return {"type": "BATCH", "stream": "t", "encoding": encoding, "manifest": [str(path)], "version": 1, **of_batch}


def test_e6_rows_that_arrive_must_be_as_many_as_were_declared(pair: Pair) -> None:
    path = pair.folder / "rows.csv"
    path.write_text(f"1,{CSV_QUOTE}a{CSV_QUOTE}\n2,{CSV_QUOTE}b\nb{CSV_QUOTE}\n")
    ran = pair.feed(schema(), batch(path), batch(path, manifest=[], rows=3), activate(1))
    assert ran.target_code == 1
    assert "3 rows were sent and 2 arrived" in ran.log
    ran = pair.feed(schema(), batch(path), batch(path, manifest=[], rows=2))
    assert ran.target_code == 1
    assert "broke off before its end" in ran.log
    ran = pair.feed(schema(), batch(path), batch(path, manifest=[], rows=2), activate(1))
    assert ran.target_code == 0, ran.log
    assert pair.raw("t", "id", "v") == [("1", "a"), ("2", "b\nb")]


def test_x1_no_row_value_or_password_is_printed(pair: Pair) -> None:
    path = pair.folder / "rows.csv"
    path.write_text("1,canary-value,canary-value\n")
    password = pair.settings.target_password.get_secret_value()
    for messages in (
        [schema(), batch(path), batch(path, manifest=[], rows=1), activate(1)],
        ['{"type": "RECORD", "stream": "t", "record": {"canary-value'],
    ):
        ran = pair.feed(*messages)
        assert ran.target_code == 2
        assert "canary" not in ran.log
    ran = pair.feed(schema(), user="nobody", password="wrong-canary")
    assert ran.target_code == 2
    assert "cannot connect" in ran.log
    assert password not in ran.log
    assert "canary" not in ran.log
