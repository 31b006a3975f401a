"""A1 to A3: what goes into the archive comes out of it, in MySQL, in a masked copy and in a spreadsheet."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pyrage
import pytest
import zstandard
from archive_support import MANIFEST, Rig

from loaders.archive.catalogue import read_catalogue
from loaders.database import connect
from loaders.errors import ConfigurationError, RefusedError
from loaders.settings import Settings
from sandbox.contents import renew
from sandbox.generator import Plan
from sandbox.servers.mariadb import MariaDB
from sandbox.servers.postgres import PUBLISHER, Postgres
from sandbox.servers.s3 import S3
from sandbox.servers.stack import Stack

COPY = "archive_copy"
# Column type to values as SQL; NULL is added to each.
TYPES: dict[str, list[str]] = {
    "tinyint(1)": ["0", "7", "-128"],
    "bigint(20) unsigned": ["18446744073709551615", "0"],
    "int(6) unsigned zerofill": ["42"],
    "decimal(65,30)": ["12345678901234567890123456789012345.123456789012345678901234567890", "-0.5"],
    "float": ["16777217", "0.1", "1e-40", "-3.4e38", "-0e0"],
    "float(7,2)": ["12.34", "-0.005"],
    "double": ["0.1", "1.7976931348623157e308", "5e-324", "0.30000000000000004"],
    "bit(1)": ["1", "0"],
    "bit(12)": ["b'101010101010'", "b'1'"],
    "bit(64)": ["b'1111111111111111111111111111111111111111111111111111111111111111'"],
    "date": ["'0000-00-00'", "'2023-00-15'", "'9999-12-31'", "'2024-02-30'"],
    "datetime": ["'0000-00-00 00:00:00'", "'2023-02-00 10:00:00'", "'2024-03-10 02:30:00'"],
    "datetime(6)": ["'2024-01-01 00:00:00.000001'"],
    "timestamp": ["'0000-00-00 00:00:00'", "'2024-07-01 12:00:00'", "'1970-01-01 00:00:01'"],
    "time": ["'-25:00:00'", "'838:59:59'", "'00:00:00'"],
    "year(4)": ["0", "2155"],
    "char(5)": ["''", "'a'", "'NULL'"],
    "binary(4)": ["'ab'", "x'00ff220a'"],
    "varbinary(8)": ["x'00ff22'", "''"],
    "blob": ["x'5c2e0a220d00'", "repeat(x'ff0022', 20000)"],
    "enum('a','b,\"c')": ["'a'", "''", "'b,\"c'", "'not one of them'"],
    "set('x','y\"z')": ["''", "'x'", "'x,y\"z'"],
    "text character set latin1": [
        "''",
        "'NULL'",
        "'a\\\\nb\\\\'",
        "'tab\\tand\\r\\nlines\\n'",
        "concat('nul', char(0))",
    ],
    "text character set utf8mb4": [
        "'\"'",
        '\'"""\'',
        '\'","\\n"\'',
        "'\U0001f600 é 漢'",
        "repeat('x\"', 5000)",
        "'\\\\N'",
    ],
    "text character set utf8mb3": ["'naïve, quoted \"so\"'", "'\\\\x414243'"],
    "text character set cp1251": ["convert(x'd0d1d2ff' using cp1251)"],
    "text character set ucs2": ["'ab'", "''"],
    "varchar(20) character set ascii": ["'x'", "'=1+1'"],
    "point": ["point(1, 2)"],
    "longtext character set utf8mb4 check (json_valid(v))": ['\'{"a": [1.10, "\\\\\\\\u0000"]}\''],
}


@pytest.fixture
def rig(ledger: Settings, mariadb: MariaDB, tmp_path: Path) -> Rig:
    settings = ledger.model_copy(update={"archive_url": str(tmp_path / "archives")})
    return Rig(settings, mariadb, read_catalogue())


def restored(rig: Rig) -> dict[str, Any]:
    """Restore the newest archive into a fresh database; everything must be equal."""
    document = rig.run("restore", "--into", rig.into(COPY))
    assert [table["table"] for table in document["tables"]] == list(rig.catalogue)
    assert document["clean"]
    assert all(
        table["same_checksum"] and table["same_rendering"] and table["archived_rows"] == table["restored_rows"]
        for table in document["tables"]
    )
    return document


def test_a1_every_type_comes_back_as_it_was(rig: Rig) -> None:
    for number, (type_, values) in enumerate(TYPES.items()):
        declared = type_.replace("timestamp", "timestamp null")
        rig.execute(f"create table t{number} (id int auto_increment primary key, v {declared})")
        for value in [*values, "null"]:
            rig.execute(f"insert into t{number} (v) values ({value})")
    rig.classify(**{f"t{number}": {"id": "none", "v": "none"} for number in range(len(TYPES))})

    rig.run()
    restored(rig)

    for number, type_ in enumerate(TYPES):
        query = f"select id, hex(v), v is null, v + 0 from t{number} order by id"
        if type_ == "point":
            query = f"select id, hex(v), v is null from t{number} order by id"
        assert rig.fetch(query, COPY) == rig.fetch(query), type_
        assert rig.fetch(f"checksum table t{number}", COPY)[0][1] == rig.fetch(f"checksum table t{number}")[0][1], type_


def test_a1_every_byte_of_a_latin1_text_and_a_payload_of_any_bytes(rig: Rig) -> None:
    rig.execute(
        "create table t (id int primary key, plain varchar(300) character set latin1, "
        "payload text character set latin1)"
    )
    with rig.source() as connection, connection.cursor() as cursor:
        every_byte = bytes(range(256))
        for number, value in enumerate([every_byte, "é".encode(), b'a:1:{i:0;s:5:"caf\xc3\xa9";}', b"\xff\xfe\x00"]):
            cursor.execute(
                "insert into t values (%s, convert(%s using binary), convert(%s using binary))", [number, value, value]
            )
    rig.classify(t={"id": "none", "plain": "none", "payload": "payload"})

    rig.run()
    restored(rig)

    rows = rig.fetch("select cast(plain as binary), cast(payload as binary) from t order by id", COPY)
    assert rows[0] == (every_byte, every_byte)
    assert rows == rig.fetch("select cast(plain as binary), cast(payload as binary) from t order by id")


def test_a1_odd_names_generated_columns_keys_and_tables_without_one(rig: Rig) -> None:
    names = ["# Active PHs", "% Compliant", "SO's Name", "COI/DOC?", 'say "x"', "Select", "a,b", "back`tick", "%s"]
    columns = ", ".join("`" + name.replace("`", "``") + "` varchar(10)" for name in names)
    rig.execute(
        f"create table `odd` ({columns})",
        f"insert into `odd` values ({', '.join(repr(str(n)) for n in range(len(names)))})",
        "insert into `odd` (`%s`) values ('x'), ('x'), (null), ('')",
        "create table `made` (a int, b int generated always as (a * 2) virtual, c int as (a + 1) stored, key (a))",
        "insert into `made` (a) values (1), (1), (null), (0)",
        "create table `empty` (a int)",
        "create table `one` (a varchar(5))",
        "insert into `one` values (null), (''), ('NULL'), ('\"')",
        "create table `zero` (id int auto_increment primary key, "
        "at timestamp not null default current_timestamp on update current_timestamp)",
        "set sql_mode = 'NO_AUTO_VALUE_ON_ZERO'",
        "insert into `zero` values (0, '2001-01-01'), (5, '0000-00-00')",
    )
    rig.classify(
        odd=dict.fromkeys(names, "none"),
        made=dict.fromkeys("abc", "none"),
        empty={"a": "none"},
        one={"a": "none"},
        zero={"id": "none", "at": "none"},
    )

    document = rig.run()
    restored(rig)

    assert {table["table"]: table["rows"] for table in document["tables"]} == {
        "odd": 5,
        "made": 4,
        "empty": 0,
        "one": 4,
        "zero": 2,
    }
    for table in rig.catalogue:
        assert rig.fetch(f"select * from `{table}`", COPY) == rig.fetch(f"select * from `{table}`")
        assert rig.fetch(f"show create table `{table}`", COPY) == rig.fetch(f"show create table `{table}`")


def test_a1_all_22_tables_of_the_generated_system(mariadb: MariaDB, postgres: Postgres, s3: S3, tmp_path: Path) -> None:
    """A1, A4's set test: every table of the catalogue is there, with the source's own checksum after a restore."""
    (tmp_path / "efs").mkdir()
    stack = Stack(mariadb, postgres, s3, tmp_path / "efs", "archive_all", "archive_all", "archive-all")
    mariadb.create_database(stack.source_database)
    postgres.create_database(stack.target_database)
    s3.create_bucket(stack.bucket)
    rows = renew(stack, Plan(scale=2), tmp_path / "answer_key")
    settings = stack.settings()
    with connect(settings, "owner") as owner:
        owner.execute(f"grant usage on schema migration to {PUBLISHER}")
        owner.execute(f"grant select, insert, update on all tables in schema migration to {PUBLISHER}")
    rig = Rig(settings, mariadb, read_catalogue())

    document = rig.run()
    restored(rig)

    assert {table["table"]: table["rows"] for table in document["tables"]} == rows
    assert len(rows) == 22
    assert all(rows.values())
    for table in rows:
        assert rig.fetch(f"checksum table `{table}`", COPY)[0][1] == rig.fetch(f"checksum table `{table}`")[0][1]
    postgres.drop_database(stack.target_database)
    mariadb.drop_database(stack.source_database)


def test_a1_the_archive_can_be_read_without_us(rig: Rig) -> None:
    """age and zstd are all that it takes, as docs/archive.md says; here by the libraries behind the programs."""
    rig.execute(
        "create table t (id int primary key, v text character set utf8mb4)",
        "insert into t values (1, null), (2, ''), (3, 'a\"b,\nc'), (4, 'NULL')",
    )
    rig.classify(t={"id": "none", "v": "none"})
    name = rig.run()["archive"]

    identity = pyrage.x25519.Identity.from_str(rig.settings.archive_identity_file.read_text().strip())
    sealed = (rig.folder / name / "t.csv.zst.age").read_bytes()
    plain = zstandard.ZstdDecompressor().decompressobj().decompress(pyrage.decrypt(sealed, [identity]))

    assert plain == b'"id","v"\n1,NULL\n2,""\n3,"a""b,\nc"\n4,"NULL"\n'


def test_a3_an_unclassified_column_is_refused_by_name_and_nothing_is_written(rig: Rig) -> None:
    rig.execute("create table t (id int, added_last_night varchar(5))", "insert into t values (1, 'x')")
    rig.classify(t={"id": "none"})
    with pytest.raises(RefusedError, match=r"t\.added_last_night"):
        rig.run()
    rig.classify(t={"id": "none", "added_last_night": ""})
    with pytest.raises(RefusedError, match=r"t\.added_last_night"):
        rig.run()
    assert not rig.folder.exists()

    rig.classify(t={"id": "none", "added_last_night": "none"})
    rig.run()
    rig.classify(t={"id": "none", "added_last_night": "sensitive"})
    with pytest.raises(RefusedError, match=r"t\.added_last_night"):
        rig.run("export", "--masked", "--to", str(rig.folder.with_name("copy")))


@pytest.fixture
def people(rig: Rig) -> Rig:
    rig.execute(
        "create table person (user_id int, name varchar(50), email varchar(50), note text, payload text, "
        "kind varchar(50), fee decimal(8,2), at time)",
        "insert into person values (7, 'Ann', ' Ann@Example.com', 'call ann@example.com', 'a:0:{}', "
        "'mail ann@example.com', -5.00, '-01:00:00'), (8, '=cmd()', '', null, 'N;', '-x', 2, null)",
        "create table visit (who int, address varchar(50))",
        "insert into visit values (7, 'ann@example.COM'), (7, null)",
    )
    rig.classify(
        person={
            "user_id": "identifier",
            "name": "person_name",
            "email": "email",
            "note": "free_text",
            "payload": "payload",
            "kind": "none",
            "fee": "none",
            "at": "none",
        },
        visit={"who": "identifier", "address": "email"},
    )
    rig.run()
    return rig


def test_a3_masked_copies_tell_of_nobody_and_still_join(people: Rig, tmp_path: Path) -> None:
    people.run("export", "--masked", "--to", str(tmp_path / "masked"))

    text = (tmp_path / "masked" / "person.csv").read_text() + (tmp_path / "masked" / "visit.csv").read_text()
    assert "ann" not in text.lower().replace("[masked]", "")
    with (tmp_path / "masked" / "person.csv").open(newline="") as file:
        ann, other = csv.DictReader(file)
    with (tmp_path / "masked" / "visit.csv").open(newline="") as file:
        first, second = csv.DictReader(file)
    assert ann["user_id"] == first["who"] == second["who"] != other["user_id"]
    assert ann["email"] == first["address"], "one address, however it is written"
    assert second["address"] == "NULL"
    assert (ann["note"], ann["payload"], ann["kind"]) == ("[masked]",) * 3
    assert (other["note"], other["email"], other["kind"], ann["fee"]) == ("NULL", "", "-x", "-5.00")
    with pytest.raises(RefusedError, match="already"):
        people.run("export", "--masked", "--to", str(tmp_path / "masked"))


def test_a3_another_key_gives_other_hashes_and_the_same_key_the_same(people: Rig, tmp_path: Path) -> None:
    def masked(name: str, key: str) -> str:
        document = people.run("export", "--masked", "--to", str(tmp_path / name), archive_mask_key=Secret(key))
        return Path(document["tables"][0]["path"]).read_text()

    assert masked("a", "k" * 32) == masked("b", "k" * 32) != masked("c", "l" * 32)
    with pytest.raises(ConfigurationError, match="DTX_ARCHIVE_MASK_KEY"):
        people.run("export", "--masked", "--to", str(tmp_path / "d"), archive_mask_key=None)


class Secret(str):
    def get_secret_value(self) -> str:
        return str(self)


def test_a2_spreadsheet_copies_are_neutral_and_the_archive_stays_as_it_is(people: Rig, tmp_path: Path) -> None:
    hazards = ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "\nx", "'x", "\uff1dx", "plain", "", "a=b", '"', None]
    people.execute("create table cell (`=head` text character set utf8mb4, n decimal(6,2))")
    with people.source() as connection, connection.cursor() as cursor:
        cursor.executemany("insert into cell values (%s, -5)", [(each,) for each in hazards])
    people.classify(cell={"=head": "none", "n": "none"})
    before = people.run()
    document = people.run("export", "--spreadsheet", "--to", str(tmp_path / "sheet"))

    raw = Path(document["tables"][0]["path"]).read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    with Path(document["tables"][0]["path"]).open(newline="", encoding="utf-8-sig") as file:
        header, *rows = list(csv.reader(file))
    assert header == ["'=head", "n"]
    assert [row[1] for row in rows] == ["-5.00"] * len(hazards), "a number stays a number"
    assert [row[0].removeprefix("'") for row in rows] == [each or "" for each in hazards]
    assert [row[0] for row in rows if row[0].startswith(tuple("=+-@\t\r\n\uff1d"))] == []
    assert b'"-5.00"' not in raw
    restored(people)
    assert people.run("verify")["clean"]
    assert people.run()["archive"] == before["archive"], "the archive is what it was"


def test_a2_a_masked_spreadsheet_is_both(people: Rig, tmp_path: Path) -> None:
    people.run("export", "--masked", "--spreadsheet", "--to", str(tmp_path / "both"))
    with (tmp_path / "both" / "person.csv").open(newline="", encoding="utf-8-sig") as file:
        ann, other = csv.DictReader(file)
    assert (ann["fee"], ann["at"], other["kind"], other["note"]) == ("-5.00", "'-01:00:00", "'-x", "")
    assert "Ann" not in ann.values()


def test_the_manifest_says_what_each_file_is(rig: Rig) -> None:
    rig.execute("create table t (id int primary key, v blob, w text character set cp1251, x text character set latin1)")
    rig.classify(t={"id": "none", "v": "none", "w": "none", "x": "none"})
    document = rig.run(archive_retention_days=10)
    manifest = json.loads((rig.folder / document["archive"] / MANIFEST).read_text())
    (table,) = manifest["tables"]
    assert [column["encoding"] for column in table["columns"]] == ["text", "hex", "hex", "text"]
    assert table["create_statement"] == rig.fetch("show create table t")[0][1]
    assert manifest["server"]["version"] == rig.fetch("select version()")[0][0]
    assert manifest["server"]["character_set_server"] == "latin1"
    assert manifest["recipients"] == [rig.settings.archive_recipients]
    assert (manifest["format"]["null"], manifest["format"]["encryption"]) == ("NULL", "age")
    assert manifest["keep_until"] > manifest["as_of"][:10]
    assert table["contents"]["records"] == 0
