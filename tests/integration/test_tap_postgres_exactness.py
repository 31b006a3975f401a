"""What the source's PostgreSQL prints is what arrives, type by type and name by name; what is withheld never does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from singer_pair import PostgresPair, postgres_pair, with_metadata

from loaders.settings import Settings
from sandbox.servers.postgres import TRANSFORM, Postgres

# Type, and values as SQL.
TYPES: dict[str, list[str]] = {
    "smallint": ["-32768"],
    "bigint": ["9223372036854775807", "-9223372036854775808"],
    "numeric": ["12345678901234567890.01234567890", "'NaN'", "'-Infinity'", "0.00", "-0.0000000001"],
    "numeric(12,2)": ["3.1"],
    "real": ["16777216", "0.1", "'Infinity'", "'-0'", "1e-40"],
    "double precision": ["0.1", "1e300", "'NaN'", "5e-324"],
    "boolean": ["true", "false"],
    "date": ["'infinity'", "'0044-03-15 BC'", "'5874897-12-31'", "'2024-02-29'"],
    "timestamp": ["'-infinity'", "'2024-02-29 23:59:59.000001'"],
    "timestamptz": ["'2024-03-10 02:30:00 America/New_York'", "'0001-01-01 00:00:00+00 BC'"],
    "time": ["'24:00:00'"],
    "timetz": ["'23:59:59.5-08'"],
    "interval": ["'-1 year 2 months -3 days 04:05:06.789'"],
    "money": ["'-1234.56'"],
    "char(6)": ["'ab'", "''"],
    "varchar(60)": [
        "''",
        "'NULL'",
        r"'\N'",
        r"E'a\tb\nc\r\nd'",
        r"""'"q", ''s'''""",
        r"'\.'",
        r"E'\n\\.\n'",
        "' x '",
        r"E'\x01,\x01\x01'",
        "'😀 é'",
    ],
    "text": [r"repeat(E'long, \x01\n', 70000)"],
    "json": ['\'{"a": [1.10, "\\u0000"], "a": 2}\''],
    "jsonb": ['\'{"b": 1, "a": [1.10, "x"]}\''],
    "uuid": ["'123e4567-e89b-12d3-a456-426655440000'"],
    "inet": ["'::1'", "'10.0.0.0/8'"],
    "bit varying(12)": ["b'101010101010'", "b''"],
    "text[]": ["array['a,b', null, '', '\"']", "'{}'"],
    "int4range": ["'[1,5)'", "'empty'"],
    "tsvector": ["'a:1 b:2'"],
    "point": ["'(1,2)'"],
    "mood": ["'so, so'"],
    "short_text": ["'x'"],
}
BYTES = {"bytea": ["'\\x00ff22'", "''", "('\\x' || repeat('5c', 40000))::bytea"], "blob": [r"'\x5c2e0a01'"]}


@pytest.fixture
def pair(database: Settings, postgres: Postgres, tmp_path: Path) -> Iterator[PostgresPair]:
    with postgres_pair(database, tmp_path, postgres) as made:
        yield made


def test_e2_e3_e5_every_type_arrives_as_the_server_prints_it(pair: PostgresPair) -> None:
    pair.execute("create type mood as enum ('so, so')", "create domain short_text as varchar(5) check (value <> '')")
    for number, (type_, values) in enumerate(TYPES.items()):
        rows = ", ".join(f"({index}, {value})" for index, value in enumerate([*values, "null"]))
        pair.execute(f"create table t{number} (id int, v {type_})", f"insert into t{number} values {rows}")
    assert pair.run().codes == (0, 0)
    for number, type_ in enumerate(TYPES):
        with pair.source(options="-c TimeZone=UTC -c lc_monetary=C") as connection:
            # A cast of char(n) to text would drop its blanks; format prints them.
            printed = connection.execute(
                f"select id::text, case when v is not null then format('%s', v) end from t{number} t order by t.id"  # type: ignore[arg-type]
            ).fetchall()
        assert pair.raw(f"t{number}", "id", "v", order="id::int") == printed, type_


def test_e1_e5_bytes_arrive_as_they_are_stored_behind_a_domain_too(pair: PostgresPair) -> None:
    pair.execute("create domain blob as bytea")
    for number, (type_, values) in enumerate(BYTES.items()):
        rows = ", ".join(f"({index}, {value})" for index, value in enumerate([*values, "null"]))
        pair.execute(f"create table t{number} (id int, v {type_})", f"insert into t{number} values {rows}")
    assert pair.run().codes == (0, 0)
    for number, type_ in enumerate(BYTES):
        with pair.source() as connection:
            stored = connection.execute(f"select id::text, v::bytea from t{number} t order by t.id").fetchall()  # type: ignore[arg-type]
        assert pair.raw(f"t{number}", "id", "v", order="id::int") == stored, type_


def test_e3_e5_the_servers_own_settings_change_nothing(pair: PostgresPair) -> None:
    pair.execute(
        "create table t (at timestamptz, d date, i interval, f float8, b bytea)",
        r"insert into t values ('2024-01-01 12:00:00+00', '2024-02-01', '1 day 2 hours', 0.1::float4, '\x00')",
    )
    expected = [("2024-01-01 12:00:00+00", "2024-02-01", "1 day 02:00:00", "0.10000000149011612", b"\0")]
    for settings in (
        {"TimeZone": "UTC"},
        {
            "TimeZone": "Asia/Tokyo",
            "DateStyle": "German",
            "IntervalStyle": "iso_8601",
            "extra_float_digits": "-5",
            "bytea_output": "escape",
        },
    ):
        for name, value in settings.items():
            pair.execute(f"alter database {pair.source_database} set {name} = '{value}'")
        assert pair.run().codes == (0, 0)
        assert pair.raw("t", "at", "d", "i", "f", "b") == expected


def test_e1_a_latin1_database_arrives_as_its_characters(database: Settings, postgres: Postgres, tmp_path: Path) -> None:
    with postgres_pair(database, tmp_path, postgres, encoding="LATIN1") as pair:
        pair.execute("create table t (v text)", "insert into t values ('café')")
        assert pair.run().codes == (0, 0)
        assert pair.raw("t", "v") == [("café",)]


def test_m8_text_that_is_no_utf8_becomes_null_and_keeps_its_bytes(
    database: Settings, postgres: Postgres, tmp_path: Path
) -> None:
    with postgres_pair(database, tmp_path, postgres, encoding="SQL_ASCII") as pair:
        pair.execute(
            "create table t (id int, v text)",
            r"insert into t values (1, 'fine'), (2, convert_from('\xe9', 'SQL_ASCII'))",
        )
        assert pair.run().codes == (0, 0)
        assert pair.raw("t", "id", "v", "_unstorable") == [("1", "fine", None), ("2", None, {"v": "e9"})]


def test_odd_names_arrive_exactly(pair: PostgresPair) -> None:
    columns = ["order", "on", "% Compliant", "SO's Name", "a.b:c-d", 'say ""x""', "Select", "é😀", "x" * 63]
    quoted = ", ".join(f'"{name}" text' for name in columns)
    values = ", ".join(f"'{index}'" for index in range(len(columns)))
    for table in ("Table.name with-spaces", "n" * 63, "{curly} %s"):
        pair.execute(f'create table "{table}" ({quoted})', f'insert into "{table}" values ({values})')
    assert pair.run().codes == (0, 0)
    for table in ("Table.name with-spaces", "n" * 63, "{curly} %s"):
        names = [name.replace('""', '"') for name in columns]
        assert pair.raw(table, *names) == [tuple(str(index) for index in range(len(columns)))]


def test_partitions_inheritance_views_and_generated_columns_are_read_once(pair: PostgresPair) -> None:
    pair.execute(
        "create table parts (id int, v text) partition by range (id)",
        "create table parts_low partition of parts for values from (0) to (10)",
        "create table parts_high partition of parts for values from (10) to (20)",
        "insert into parts values (1, 'a'), (11, 'b')",
        "create table parent (id int)",
        "create table child (extra text) inherits (parent)",
        "insert into parent values (1)",
        "insert into child values (2, 'x')",
        "create view twice as select id, count(*) from parts group by id",
        "create materialized view kept as select 1 as id",
        f"grant select on kept to {TRANSFORM}",
        "create table made (a int, b int generated always as (a * 2) stored, gone int)",
        "insert into made (a) values (1)",
        "alter table made drop column gone",
        "create table one_column (a text)",
        r"insert into one_column values (null), (''), ('\.')",
        "create table empty (a int)",
    )
    ran = pair.run()
    assert ran.codes == (0, 0), ran.log
    assert {stream["stream"] for stream in pair.discover()["streams"]} == {
        "parts",
        "parent",
        "child",
        "twice",
        "kept",
        "made",
        "one_column",
        "empty",
    }
    assert pair.raw("parts", "id", "v", order="id") == [("1", "a"), ("11", "b")]
    assert pair.raw("parent", "id") == [("1",)]
    assert pair.raw("child", "id", "extra") == [("2", "x")]
    assert pair.raw("twice", "id", "count", order="id") == [("1", "1"), ("11", "1")]
    assert pair.raw("kept", "id") == [("1",)]
    assert pair.raw("made", "a", "b") == [("1", "2")]
    assert pair.raw("one_column", "a", order="a nulls last") == [("",), (r"\.",), (None,)]
    assert pair.raw("empty") == []


def test_x1_withheld_columns_are_neither_offered_nor_read(pair: PostgresPair) -> None:
    pair.execute(
        "create table auth_user (id int primary key, username text, password text)",
        "insert into auth_user values (1, 'ann', 'canary-5f1d')",
        # What the database itself refuses cannot have been asked for.
        f"revoke select on auth_user from {TRANSFORM}",
        f"grant select (id, username) on auth_user to {TRANSFORM}",
    )
    withheld = {"withheld_columns": ["auth_user.password"]}
    assert "password" not in str(pair.discover(**withheld)["streams"])
    ran = pair.run(tap=withheld)
    assert ran.codes == (0, 0), ran.log
    assert "may not lock all tables" in ran.log
    with pair.target() as connection:
        columns = connection.execute(
            "select column_name from information_schema.columns where table_schema = 'raw_dtx1' "
            "and table_name = 'auth_user' and column_name !~ '^_' order by ordinal_position"
        ).fetchall()
    assert columns == [("id",), ("username",)]
    # Asked for all the same, by a catalogue from elsewhere: nothing is sent.
    ran = pair.run(tap=withheld, catalogue=pair.discover())
    assert ran.tap_code == 1
    assert "auth_user.password" in ran.log
    # Not withheld, and not granted: refused, without a value.
    ran = pair.run()
    assert ran.tap_code == 3
    assert "auth_user (SQLSTATE 42501)" in ran.log
    assert "canary" not in ran.log


def test_x1_a_withheld_column_that_was_renamed_stops_the_tap(pair: PostgresPair) -> None:
    pair.execute("create table auth_user (id int, pass_word text)")
    ran = pair.run(tap={"withheld_columns": ["auth_user.password"]})
    assert ran.tap_code == 2
    assert "does not have: auth_user.password" in ran.log


def test_e6_rows_that_a_policy_hides_are_no_silent_loss(pair: PostgresPair) -> None:
    pair.execute(
        "create table t (id int)",
        "insert into t values (1), (2)",
        "alter table t enable row level security",
        f"create policy half on t for select to {TRANSFORM} using (id = 1)",
    )
    ran = pair.run()
    assert ran.tap_code == 3
    assert "t (SQLSTATE 42501)" in ran.log


def test_another_schema_can_be_read_and_a_missing_table_is_a_loss(pair: PostgresPair) -> None:
    pair.execute(
        "create schema other",
        f"grant usage on schema other to {TRANSFORM}",
        "create table other.t (id int)",
        "insert into other.t values (7)",
    )
    assert pair.run(tap={"schema": "other"}).codes == (0, 0)
    assert pair.raw("t", "id") == [("7",)]
    ran = pair.run(tap={"tables": ["t"]})
    assert ran.tap_code == 1
    assert "tables are gone from" in ran.log


def test_increments_read_ties_infinite_and_missing_keys_again(pair: PostgresPair) -> None:
    pair.execute(
        "create table t (id int primary key, at timestamptz, v text)",
        "insert into t values (1, '2024-01-01 10:00+00', 'a'), (2, '2024-01-02 10:00:00.5+00', 'b'), "
        "(3, null, 'c'), (4, 'infinity', 'd'), (5, '-infinity', 'e')",
    )
    catalogue = with_metadata(pair.discover(), replication_method="INCREMENTAL", replication_key="at")
    ran = pair.run(catalogue=catalogue)
    assert ran.codes == (0, 0), ran.log
    assert ran.states[-1]["bookmarks"]["t"]["replication_key_value"] == "2024-01-02 10:00:00.5+00"
    pair.execute("update t set v = v || '!'", "insert into t values (6, '2024-01-02 10:00:00.5+00', 'f')")
    ran = pair.run(catalogue=catalogue, state=ran.states[-1])
    assert ran.codes == (0, 0), ran.log
    # The first row's change lies before the bookmark: an increment cannot see it.
    assert pair.raw("t", "id", "v", order="id") == [
        ("1", "a"),
        ("2", "b!"),
        ("3", "c!"),
        ("4", "d!"),
        ("5", "e!"),
        ("6", "f"),
    ]
    assert [(count, method) for count, method, _ in pair.loads("t")] == [(5, "full table"), (6, "incremental")]


@pytest.mark.parametrize("bookmark", ["2024'; drop table t; --", "x"])
def test_a_bookmark_that_is_none_never_reaches_the_server(pair: PostgresPair, bookmark: str) -> None:
    pair.execute("create table t (id int primary key)", "insert into t values (1)")
    catalogue = with_metadata(pair.discover(), replication_method="INCREMENTAL", replication_key="id")
    state = {"bookmarks": {"t": {"replication_key": "id", "replication_key_value": bookmark}}}
    assert pair.run().codes == (0, 0)
    ran = pair.run(catalogue=catalogue, state=state)
    assert ran.tap_code == 2
    assert "neither number nor time" in ran.log


def test_a_numeric_is_no_replication_key(pair: PostgresPair) -> None:
    pair.execute("create table t (id numeric primary key)")
    catalogue = with_metadata(pair.discover(), replication_method="INCREMENTAL", replication_key="id")
    assert pair.run(catalogue=catalogue).tap_code == 2


def test_e6_drift_of_the_source_is_told_or_stops_the_load(pair: PostgresPair) -> None:
    pair.execute("create table t (id int, v text)", "insert into t values (1, 'a')")
    assert pair.run().codes == (0, 0)
    pair.execute("alter table t add column surprise int")
    ran = pair.run()
    assert ran.codes == (0, 0)
    assert "new columns in the source: t.surprise" in ran.log
    pair.execute("alter table t drop column v")
    ran = pair.run()
    assert ran.target_code == 1
    assert "columns are gone from the source: t.v" in ran.log
    assert pair.raw("t", "id", "v") == [("1", "a")]
