"""What the legacy server prints is what arrives, type by type and name by name."""

from __future__ import annotations

import struct
import time
from pathlib import Path

import pytest
from singer_pair import Pair

from loaders.settings import Settings
from sandbox.servers.mariadb import MariaDB


@pytest.fixture
def pair(database: Settings, mariadb: MariaDB, tmp_path: Path) -> Pair:
    return Pair(database, tmp_path, mariadb)


# Type, and values as SQL that the lax server takes.
TYPES: dict[str, list[str]] = {
    "tinyint(1)": ["7", "-128", "0"],
    "tinyint unsigned": ["255"],
    "int(8) zerofill": ["42"],
    "bigint unsigned": ["18446744073709551615"],
    "bigint": ["-9223372036854775808"],
    "decimal(30,10)": ["12345678901234567890.0123456789", "-0.0000000001"],
    "decimal(12,2) zerofill": ["3.1"],
    "double": ["0.1", "1e300", "-0e0", "1e-320"],
    "double(20,2)": ["12345678901234567.89"],
    "date": ["'0000-00-00'", "'2023-00-15'", "'0001-01-01'", "'9999-12-31'"],
    "datetime": ["'0000-00-00 00:00:00'", "'2023-02-00 10:00:00'", "'2024-02-29 23:59:59'"],
    "datetime(6)": ["'2024-02-29 23:59:59.000001'"],
    "timestamp null": ["'0000-00-00 00:00:00'", "'2024-03-10 02:30:00'"],
    "timestamp(3) null": ["'2024-03-10 02:30:00.120'"],
    "time": ["'-25:00:00'", "'838:59:59'"],
    "time(3)": ["'-25:00:00.5'"],
    "year": ["0", "1901", "2155"],
    "char(10)": ["'padded  '", "''"],
    "varchar(60)": [
        "''",
        "'NULL'",
        "'\\\\N'",
        "'a\\tb\\nc\\r\\nd'",
        "'\"q\", \\'s\\''",
        "'\\\\.'",
        "'\\n\\\\.\\n'",
        "' x '",
        "'\x01,\x01\x01'",
    ],
    "varchar(20) character set latin1": ["'café €'"],
    "varchar(20) character set utf8mb3": ["'naïve ☃'"],
    "varchar(20) character set utf8mb4": ["'😀'"],
    "varchar(20) character set utf8mb4 collate utf8mb4_unicode_ci": ["'ß'"],
    "varchar(20) character set ucs2": ["'ключ'"],
    "longtext": ["repeat('long, \"', 70000)"],
    "enum('a,\"b','é','') character set latin1": ["'a,\"b'", "'é'", "'not in it'"],
    "set('x','y\"')": ["'x,y\"'", "''"],
    "json": ['\'{"a": [1.10, "\\\\\\\\u0000"]}\''],
    "uuid": ["'123e4567-e89b-12d3-a456-426655440000'"],
    "inet6": ["'::1'"],
}
BYTES: dict[str, list[str]] = {
    "bit(1)": ["1"],
    "bit(12)": ["b'101010101010'"],
    "binary(4)": ["'ab'", "x'00ff'"],
    "varbinary(8)": ["x'00ff22'", "''"],
    "blob": ["x'5c2e0a22'", "repeat(x'ff00', 40000)"],
    "point": ["point(1, 2)"],
}


def test_e2_e3_e5_every_type_arrives_as_the_servers_own_cast(pair: Pair) -> None:
    for number, (type_, values) in enumerate(TYPES.items()):
        rows = ", ".join(f"({index}, {value})" for index, value in enumerate([*values, "null"]))
        pair.execute(f"create table t{number} (id int, v {type_})", f"insert into t{number} values {rows}")
    assert pair.run().codes == (0, 0)
    for number, type_ in enumerate(TYPES):
        with pair.source(init_command="set time_zone = '+00:00'") as connection, connection.cursor() as cursor:
            cursor.execute(f"select cast(id as char), cast(v as char character set utf8mb4) from t{number} order by id")
            printed = list(cursor.fetchall())
        assert pair.raw(f"t{number}", "id", "v", order="id::int") == printed, type_


def test_e1_e5_binary_types_arrive_as_their_bytes(pair: Pair) -> None:
    for number, (type_, values) in enumerate(BYTES.items()):
        rows = ", ".join(f"({index}, {value})" for index, value in enumerate([*values, "null"]))
        pair.execute(f"create table t{number} (id int, v {type_})", f"insert into t{number} values {rows}")
    assert pair.run().codes == (0, 0)
    for number, type_ in enumerate(BYTES):
        with pair.source() as connection, connection.cursor() as cursor:
            cursor.execute(f"select cast(id as char), cast(v as binary) from t{number} order by id")
            stored = list(cursor.fetchall())
        assert pair.raw(f"t{number}", "id", "v", order="id::int") == stored, type_


def test_e5_a_float_arrives_as_the_number_that_is_stored(pair: Pair) -> None:
    pair.execute(
        "create table t (id int, v float, w float(7,2))",
        "insert into t values (1, 16777217, 12.34), (2, 0.1, -0.005), (3, 1e-40, null), (4, -3.4e38, 0)",
    )
    assert pair.run().codes == (0, 0)
    with pair.target() as connection:
        read = connection.execute("select v::real, w::real from raw_dtx1.t order by id").fetchall()
    with pair.source() as connection, connection.cursor() as cursor:
        cursor.execute("select v + 0e0, w + 0e0 from t order by id")
        stored = list(cursor.fetchall())
    assert read[0][0] == 16777216.0
    # Every float that the server holds comes back from the text, bit for bit.
    assert [tuple(map(bits, row)) for row in read] == [tuple(map(bits, row)) for row in stored]


def bits(value: float | None) -> bytes | None:
    return None if value is None else struct.pack("f", value)


def test_e3_one_row_under_two_server_zones_gives_one_value(pair: Pair) -> None:
    pair.execute("create table t (at timestamp null, local datetime)")
    pair.execute("set time_zone = '+00:00'", "insert into t values ('2024-01-01 12:00:00', '2024-01-01 12:00:00')")
    with pair.source() as connection, connection.cursor() as cursor:
        cursor.execute("select @@global.time_zone")
        ((before,),) = cursor.fetchall()
        try:
            for zone in ("+00:00", "-05:00"):
                cursor.execute("set global time_zone = %s", [zone])
                assert pair.run().codes == (0, 0)
                assert pair.raw("t", "at", "local") == [("2024-01-01 12:00:00", "2024-01-01 12:00:00")], zone
        finally:
            cursor.execute("set global time_zone = %s", [before])


@pytest.mark.parametrize("character_set", ["latin1", "utf8mb3", "utf8mb4"])
def test_e1_payload_columns_arrive_as_the_stored_bytes(pair: Pair, character_set: str) -> None:
    pair.execute(
        f"create table reviewer (id int, payload text character set {character_set}, plain text character set latin1)",
        "insert into reviewer values (1, 's:4:\"café\";', 'é'), (2, '', ''), (3, null, null)",
        # UTF-8 in a latin1 column: what an old client stored without saying so.
        "insert into reviewer select 4, convert(x'733a353a22636166c3a9223b' using binary), 'x'"
        if character_set == "latin1"
        else "insert into reviewer values (4, 's:5:\"café\";', 'x')",
    )
    assert pair.run(tap={"bytes_columns": ["reviewer.payload"]}).codes == (0, 0)
    with pair.source() as connection, connection.cursor() as cursor:
        cursor.execute("select cast(payload as binary) from reviewer order by id")
        stored = list(cursor.fetchall())
    assert pair.raw("reviewer", "payload", order="id::int") == stored
    if character_set == "latin1":
        assert stored[0] == (b's:4:"caf\xe9";',)
        assert stored[3] == ('s:5:"café";'.encode(),)
    assert pair.raw("reviewer", "plain", order="id::int") == [("é",), ("",), (None,), ("x",)]


def test_odd_names_arrive_exactly(pair: Pair) -> None:
    columns = [
        "# Active PHs",
        "% Compliant",
        "SO's Name",
        "COI/DOC?",
        "a.b:c-d",
        'say "x"',
        "Select",
        "é😀"[:1],
        "x" * 63,
    ]
    quoted = ", ".join(f"`{name}` varchar(10)" for name in columns)
    values = ", ".join(f"'{index}'" for index in range(len(columns)))
    for table in ("Table.name with-spaces", "n" * 63, "{curly} %s"):
        pair.execute(f"create table `{table}` ({quoted})", f"insert into `{table}` values ({values})")
    assert pair.run().codes == (0, 0)
    for table in ("Table.name with-spaces", "n" * 63, "{curly} %s"):
        assert pair.raw(table, *columns) == [tuple(str(index) for index in range(len(columns)))]


def test_a_name_of_64_characters_is_refused_and_nothing_is_loaded(pair: Pair) -> None:
    pair.execute(f"create table short (`{'v' * 64}` int, w int)", "insert into short values (1, 2)")
    ran = pair.run()
    assert ran.tap_code == 3
    assert f"short.{'v' * 64}" in ran.log
    found = pair.discover()
    found["streams"][0]["metadata"][1]["metadata"]["selected"] = False
    assert pair.run(catalogue=found).codes == (0, 0)
    assert pair.raw("short", "w") == [("2",)]


def test_tables_without_a_key_views_and_generated_columns(pair: Pair) -> None:
    pair.execute(
        "create table keyless (a int, b int generated always as (a * 2) virtual, c int as (a + 1) stored)",
        "insert into keyless (a) values (1), (1), (null)",
        "create view twice as select a, count(*) n, 'it''s' as q from keyless group by a",
        "create table empty (a int)",
        "create table one_column (a varchar(5))",
        "insert into one_column values (null), (''), ('x')",
    )
    assert pair.run().codes == (0, 0)
    assert sorted(pair.raw("keyless", "a", "b", "c"), key=str) == [("1", "2", "2"), ("1", "2", "2"), (None, None, None)]
    assert sorted(pair.raw("twice", "a", "n", "q"), key=str) == [("1", "2", "it's"), (None, "1", "it's")]
    assert pair.raw("empty") == []
    assert pair.raw("one_column", "a") == [("",), ("x",), (None,)]
    # A second run replaces: no row is doubled for want of a key.
    assert pair.run().codes == (0, 0)
    assert len(pair.raw("keyless")) == 3


def test_m8_text_with_nul_becomes_null_and_keeps_its_bytes(pair: Pair) -> None:
    pair.execute(
        "create table t (id int primary key, a varchar(20) character set utf8mb4, b varchar(20))",
        "insert into t values (1, 'fine', 'b'), (2, concat('nul', char(0), '\"é\"'), 'kept'), (3, null, char(0))",
    )
    ran = pair.run()
    assert ran.codes == (0, 0)
    assert "2 rows hold text that PostgreSQL cannot store" in ran.log
    assert pair.raw("t", "id", "a", "b", "_unstorable") == [
        ("1", "fine", "b", None),
        ("2", None, "kept", {"a": 'nul\0"é"'.encode().hex()}),
        ("3", None, None, {"b": "00"}),
    ]


def test_e6_a_row_that_outgrows_the_servers_packet_is_a_loss_not_a_null(pair: Pair) -> None:
    pair.execute("create table t (a longtext, b longtext, c longblob)", "insert into t values ('x', '', null)")
    assert pair.run().codes == (0, 0)
    with pair.source() as connection, connection.cursor() as cursor:
        cursor.execute("select @@global.max_allowed_packet")
        ((before,),) = cursor.fetchall()
        cursor.execute("set global max_allowed_packet = 1048576")
        try:
            # A row that is too long, and a value that is.
            for row in ("repeat('a', 600000), repeat('b', 600000), null", "'', '', repeat('c', 600000)"):
                cursor.execute(f"insert into t values ({row})")
                ran = pair.run()
                assert ran.codes == (1, 1)
                assert "max_allowed_packet" in ran.log
                cursor.execute("delete from t where a <> 'x'")
        finally:
            cursor.execute("set global max_allowed_packet = %s", [before])
    assert pair.raw("t", "a", "b", "c") == [("x", "", None)]


def test_a_long_text_full_of_quotation_marks_takes_no_longer_than_another(pair: Pair) -> None:
    pair.execute("create table t (a longtext character set utf8mb4)", "insert into t values (repeat('\"x\",', 400000))")
    started = time.monotonic()
    assert pair.run().codes == (0, 0)
    assert time.monotonic() - started < 20
    with pair.target() as connection:
        assert connection.execute("select length(a) from raw_dtx1.t").fetchone() == (1600000,)
