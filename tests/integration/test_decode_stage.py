"""`dtx decode` on real servers: every payload gets a verdict, and a decoded table is replaced whole or not at all."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner, Result

from loaders.cli import app, main
from loaders.database import connect
from loaders.decode import command
from loaders.decode.payload_columns import PayloadColumn, read_payload_columns
from loaders.decode.stage import decode_column
from loaders.errors import ConfigurationError, ExitCode, ServiceError
from loaders.php.charsets import DECODERS
from loaders.settings import Settings
from sandbox.servers.mariadb import MariaDB

REVIEWERS = "decoded.reviewer_address__email_string"
PAYLOADS: dict[str, bytes | None] = {
    "1": b'a:2:{i:0;s:9:" A@b.com ";s:2:"cc";s:7:"c@d.com";}',
    "2": b'a:3:{i:0;s:0:"";i:1;s:6:"nobody";i:2;s:7:"a@b.com";}',
    "3": b's:7:"a@b.com";',
    "4": None,
    "5": b"",
    "6": b"N;",
    "7": b"a:0:{}",
    "8": b"secret@b.com",
    "9": b'a:1:{i:0;s:9:"a@b.com";}',
    "10": b'a:1:{i:0;s:9:"a@b.com',
    "11": b'a:2:{i:0;s:9:"x";i:1;s:1:"b";i:1;s:1:"c";}',
    "12": b"\xff\x00",
    "13": b's:1048600:"' + b"x" * 1_048_600 + b'";',
}
COLUMN = PayloadColumn("reviewer_address", "email_string", "latin1", ("reviewer_address_id",))
DECODED = [
    ("1", 0, "0", "A@b.com", "ok", None, None, "a@b.com"),
    ("1", 1, "cc", "c@d.com", "ok", None, None, "c@d.com"),
    ("2", 0, "0", "", "empty", "blank_addresses", None, ""),
    ("2", 1, "1", "nobody", "rejected", "address_invalid", None, "nobody"),
    ("2", 2, "2", "a@b.com", "ok", None, None, "a@b.com"),
    ("3", 0, None, "a@b.com", "ok", None, None, "a@b.com"),
    ("4", 0, None, None, "empty", "null", None, None),
    ("5", 0, None, None, "empty", "blank", None, None),
    ("6", 0, None, None, "empty", "php_null", None, None),
    ("7", 0, None, None, "empty", "empty_list", None, None),
    ("8", 0, None, None, "rejected", "bare_address", 0, None),
    ("9", 0, None, None, "rejected", "length_mismatch", 9, None),
    ("10", 0, None, None, "rejected", "truncated", 21, None),
    ("11", 0, None, None, "rejected", "length_mismatch", 9, None),
    ("12", 0, None, None, "rejected", "syntax", 0, None),
    ("13", 0, None, None, "rejected", "limit", 1_048_576, None),
]

Dtx = Callable[..., Result]


@pytest.fixture
def dtx(database: Settings, monkeypatch: pytest.MonkeyPatch) -> Dtx:
    """Runs `dtx` on this test's database."""
    monkeypatch.setattr(command, "load_settings", lambda: database)
    return lambda *arguments: CliRunner().invoke(app, arguments)


@pytest.fixture
def transform(database: Settings) -> Iterator[psycopg.Connection]:
    with connect(database, "transform", autocommit=True) as connection:
        yield connection


def replicate(transform: psycopg.Connection, payloads: dict[str, bytes | None]) -> None:
    transform.execute("drop table if exists raw_dtx1.reviewer_address cascade")
    transform.execute("create table raw_dtx1.reviewer_address (reviewer_address_id text, email_string bytea)")
    transform.cursor().executemany("insert into raw_dtx1.reviewer_address values (%s, %s)", list(payloads.items()))


def decoded(transform: psycopg.Connection, table: str = REVIEWERS) -> list[tuple[object, ...]]:
    return transform.execute(f"select * from {table} order by source_key::int, position").fetchall()


def decode_once(settings: Settings) -> int:
    with (
        connect(settings, "transform", autocommit=True) as reader,
        connect(settings, "transform", autocommit=True) as writer,
    ):
        return decode_column(reader, writer, COLUMN).rows


def test_d1_d6_every_payload_gets_its_verdict(dtx: Dtx, transform: psycopg.Connection) -> None:
    replicate(transform, PAYLOADS)
    result = dtx("decode", "--json")
    assert result.exit_code == ExitCode.CLEAN, result.output
    assert decoded(transform) == DECODED
    document = json.loads(result.stdout)
    assert document == {
        "schema": "dtx.decode/1",
        "columns": [
            {
                "column": "reviewer_address.email_string",
                "decoded_table": REVIEWERS,
                "source_rows": len(PAYLOADS),
                "decoded_rows": len(DECODED),
                "ok": 4,
                "empty": {"blank": 1, "blank_addresses": 1, "empty_list": 1, "null": 1, "php_null": 1},
                "rejected": dict(sorted(Counter(row[5] for row in DECODED if row[4] == "rejected").items())),
                "length_recount_offered": 1,
            }
        ],
        "not_replicated": ["report_master_schedule.email", "report_master_schedule.do_not_send_email"],
    }


def test_d7_nothing_is_repaired(dtx: Dtx, transform: psycopg.Connection) -> None:
    replicate(transform, {"9": PAYLOADS["9"]})
    assert json.loads(dtx("decode", "--json").stdout)["columns"][0]["length_recount_offered"] == 1
    assert decoded(transform) == [row for row in DECODED if row[0] == "9"]
    assert transform.execute("select email_string from raw_dtx1.reviewer_address").fetchall() == [(PAYLOADS["9"],)]


def test_table_on_stdout_and_what_is_not_replicated_on_stderr(dtx: Dtx, transform: psycopg.Connection) -> None:
    replicate(transform, PAYLOADS)
    result = dtx("decode")
    lines = [[cell.strip() for cell in line.strip("│┃").split("│")] for line in result.stdout.splitlines()]
    assert ["reviewer_address.email_string", "source rows", "", "13", ""] in lines
    assert ["reviewer_address.email_string", "rejected", "length_mismatch", "2", "1"] in lines
    assert "report_master_schedule" in result.stderr
    assert "report_master_schedule" not in result.stdout


def test_again_gives_the_same_and_views_survive(dtx: Dtx, transform: psycopg.Connection) -> None:
    replicate(transform, PAYLOADS)
    assert dtx("decode").exit_code == ExitCode.CLEAN
    transform.execute(f"create view migration_staging.seen as select source_key, status from {REVIEWERS}")
    assert dtx("decode").exit_code == ExitCode.CLEAN
    assert decoded(transform) == DECODED
    replicate(transform, {"3": PAYLOADS["3"]})
    assert dtx("decode").exit_code == ExitCode.CLEAN
    assert transform.execute("select * from migration_staging.seen").fetchall() == [("3", "ok")]


def test_every_payload_column_of_a_table_and_only_the_named_table(dtx: Dtx, transform: psycopg.Connection) -> None:
    replicate(transform, PAYLOADS)
    transform.execute(
        "create table raw_dtx1.report_master_schedule (schedule_id text, email bytea, do_not_send_email bytea)"
    )
    transform.execute(
        "insert into raw_dtx1.report_master_schedule values ('7', %s, %s)", [PAYLOADS["3"], PAYLOADS["6"]], binary=True
    )
    assert dtx("decode", "report_master_schedule").exit_code == ExitCode.CLEAN
    assert decoded(transform, "decoded.report_master_schedule__email") == [("7", *DECODED[5][1:])]
    assert decoded(transform, "decoded.report_master_schedule__do_not_send_email") == [("7", *DECODED[8][1:])]
    assert transform.execute(f"select to_regclass('{REVIEWERS}')").fetchone() == (None,)


def test_table_that_is_not_replicated_is_named(dtx: Dtx, transform: psycopg.Connection) -> None:
    for arguments in (("decode",), ("decode", "reviewer_address")):
        error = dtx(*arguments).exception
        assert isinstance(error, ConfigurationError)
        assert "reviewer_address" in str(error)
        assert "meltano run" in error.hint
        assert error.exit_code == ExitCode.COULD_NOT_RUN
    replicate(transform, PAYLOADS)
    assert isinstance(dtx("decode", "report_master_schedule").exception, ConfigurationError)
    assert "repo_file" in str(dtx("decode", "repo_file").exception)


def test_table_of_another_shape_is_named(dtx: Dtx, transform: psycopg.Connection) -> None:
    transform.execute("create table raw_dtx1.reviewer_address (reviewer_address_id text, email_string text)")
    assert "raw_dtx1.reviewer_address.email_string is text, not bytea" in str(dtx("decode").exception)
    transform.execute("alter table raw_dtx1.reviewer_address drop column email_string")
    assert "raw_dtx1.reviewer_address has no column email_string" in str(dtx("decode").exception)


@pytest.mark.parametrize(("key", "sqlstate"), [("3", "23505"), (None, "23502")])
def test_failure_leaves_what_was_decoded_before(
    dtx: Dtx, transform: psycopg.Connection, key: str | None, sqlstate: str
) -> None:
    replicate(transform, PAYLOADS)
    assert dtx("decode").exit_code == ExitCode.CLEAN
    transform.execute("delete from raw_dtx1.reviewer_address where reviewer_address_id = '1'")
    transform.execute("insert into raw_dtx1.reviewer_address values (%s, %s)", [key, PAYLOADS["3"]])
    error = dtx("decode").exception
    assert isinstance(error, ServiceError)
    assert f"reviewer_address.email_string failed (SQLSTATE {sqlstate})" in str(error)
    assert "@" not in f"{error} {error.hint}"
    assert decoded(transform) == DECODED


def test_readers_see_the_old_table_until_the_new_one_is_whole(
    dtx: Dtx, database: Settings, transform: psycopg.Connection
) -> None:
    """A reader in a transaction holds the swap up; meanwhile it, and every newcomer, reads what was there."""
    replicate(transform, {"3": PAYLOADS["3"]})
    assert dtx("decode").exit_code == ExitCode.CLEAN
    with (
        connect(database, "transform", autocommit=True) as payloads,
        connect(database, "transform", autocommit=True) as writer,
        connect(database, "transform") as reader,
    ):
        replicate(transform, PAYLOADS)
        assert len(decoded(reader)) == 1
        writer.execute("set statement_timeout = '2s'")
        with pytest.raises(ServiceError, match="SQLSTATE 57014"):
            decode_column(payloads, writer, COLUMN)
        assert len(decoded(reader)) == 1
        reader.rollback()
        writer.execute("reset statement_timeout")
        assert decode_column(payloads, writer, COLUMN).rows == len(PAYLOADS)
        assert decoded(reader) == DECODED


def test_two_runs_at_once_take_turns(database: Settings, transform: psycopg.Connection) -> None:
    replicate(transform, PAYLOADS)
    with ThreadPoolExecutor(max_workers=3) as pool:
        results = list(pool.map(lambda _: decode_once(database), range(3)))
    assert results == [len(PAYLOADS)] * 3
    assert decoded(transform) == DECODED


def test_schema_that_setup_did_not_make_is_said(dtx: Dtx, transform: psycopg.Connection) -> None:
    replicate(transform, PAYLOADS)
    transform.execute("drop schema decoded")
    error = dtx("decode").exception
    assert isinstance(error, ServiceError)
    assert "dtx setup" in error.hint


def test_keys_of_several_columns_are_joined(database: Settings, transform: psycopg.Connection) -> None:
    transform.execute('create table raw_dtx1."Odd # table" ("key %" text, b bytea, "to" bytea)')
    transform.execute('insert into raw_dtx1."Odd # table" values (%s, %s, %s)', ["x", b"\x01", PAYLOADS["3"]])
    column = PayloadColumn("Odd # table", "to", "utf8mb4", ("key %", "b"))
    with connect(database, "transform", autocommit=True) as reader:
        decode_column(reader, transform, column)
    assert transform.execute('select source_key, value from decoded."Odd # table__to"').fetchall() == [
        ("x+\\x01", "a@b.com")
    ]


def test_the_catalogue_knows_the_payload_columns() -> None:
    assert [(column.name, column.key_columns) for column in read_payload_columns()] == [
        ("reviewer_address.email_string", ("reviewer_address_id",)),
        ("report_master_schedule.email", ("schedule_id",)),
        ("report_master_schedule.do_not_send_email", ("schedule_id",)),
    ]


@pytest.mark.parametrize(
    ("tables", "columns", "message"),
    [
        ("t,", "t,c,latin1,true", "t.c holds PHP payloads, but t has no key"),
        ("t,id", "t,c,sjis,true", "t.c holds PHP payloads in character set sjis"),
        ("t,id", "u,c,latin1,true", "the source catalogue cannot be read: KeyError 'u'"),
        (None, "t,c,latin1,true", "the source catalogue cannot be read: FileNotFoundError"),
    ],
)
def test_faults_of_the_catalogue_are_named(tmp_path: Path, tables: str | None, columns: str, message: str) -> None:
    header = "source_table,column_name,character_set,php_payload"
    (tmp_path / "source_columns.csv").write_text(f"{header}\n{columns}\n")
    if tables is not None:
        (tmp_path / "source_tables.csv").write_text(f"source_table,key_columns\n{tables}\n")
    with pytest.raises(ConfigurationError) as caught:
        read_payload_columns(tmp_path)
    assert message in str(caught.value)


def test_r4_exit_code_and_message_of_the_command_line(
    dtx: Dtx, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["dtx", "decode", "nowhere"])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == ExitCode.COULD_NOT_RUN
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "no PHP payloads in nowhere" in captured.err


def test_e1_latin1_is_what_the_legacy_server_takes_it_for(mariadb: MariaDB) -> None:
    with mariadb.connect() as connection, connection.cursor() as cursor:
        for byte in range(256):
            cursor.execute(f"select hex(convert(_latin1 x'{byte:02x}' using utf8mb4))")
            [text] = cursor.fetchone()
            assert DECODERS["latin1"](bytes([byte])) == bytes.fromhex(text).decode()


def test_e1_d3_payload_bytes_survive_the_way_from_the_legacy_server(
    dtx: Dtx, transform: psycopg.Connection, mariadb: MariaDB, database: Settings
) -> None:
    """PHP counted the bytes that MySQL stores: read as text over utf8mb4 the same payload no longer parses."""
    payload = b's:12:"a@m\xfcnchen.de";'
    with mariadb.connect(database.source_database) as connection, connection.cursor() as cursor:
        cursor.execute("create table reviewer_address (email_string text character set latin1)")
        cursor.execute("insert into reviewer_address values (convert(%s using latin1))", [payload.decode("latin-1")])
        cursor.execute("select cast(email_string as binary), email_string from reviewer_address")
        stored, as_text = cursor.fetchone()
    replicate(transform, {"1": stored, "2": as_text.encode()})
    assert dtx("decode").exit_code == ExitCode.CLEAN
    assert [(row[3], row[5]) for row in decoded(transform)] == [("a@münchen.de", None), (None, "length_mismatch")]
