"""The canonical hash: SQL against a second implementation, written from docs/canonical_hash.md alone."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest
from psycopg import sql

from loaders.publish.canonical import row_hash
from loaders.settings import PROJECT_ROOT
from sandbox.servers.postgres import Postgres

# As the page has them.
SESSION_OPTIONS = "-c TimeZone=UTC -c DateStyle=ISO,YMD -c extra_float_digits=1 -c bytea_output=hex"
# type, SQL literal, tag, text
VALUES = [
    ("boolean", "true", "b", "true"),
    ("boolean", "false", "b", "false"),
    ("smallint", "-7", "i", "-7"),
    ("integer", "0", "i", "0"),
    ("bigint", "9223372036854775807", "i", "9223372036854775807"),
    ("numeric", "5.00", "n", "5"),
    ("numeric", "-0.250", "n", "-0.25"),
    ("numeric", "100", "n", "100"),
    ("numeric", "'NaN'", "n", "NaN"),
    ("numeric(12,4)", "1.5", "n", "1.5"),
    ("real", "16777216", "f", "1.6777216e+07"),
    ("double precision", "0.1", "f", "0.1"),
    ("double precision", "1e20", "f", "1e+20"),
    ("double precision", "'-0'", "f", "-0"),
    ("text", "''", "t", ""),
    ("text", "'é😀'", "t", "é😀"),
    ("text", "E'a\\nb:c'", "t", "a\nb:c"),
    ("varchar(9)", "'x '", "t", "x "),
    ("char(5)", "'ab'", "t", "ab"),
    ("bytea", "'\\x00ff'", "y", "00ff"),
    ("date", "'2023-01-31'", "d", "2023-01-31"),
    ("date", "'0001-01-01 BC'", "d", "0001-01-01 BC"),
    ("date", "'infinity'", "d", "infinity"),
    ("timestamp", "'2023-01-31 23:59:59.100'", "m", "2023-01-31 23:59:59.1"),
    ("timestamptz", "'2023-01-31 20:00:00-05'", "z", "2023-02-01 01:00:00+00"),
    ("timestamptz", "'2023-01-31 20:00:00.000001+00'", "z", "2023-01-31 20:00:00.000001+00"),
    ("time", "'01:02:03.5'", "c", "01:02:03.5"),
    ("uuid", "'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'", "u", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
    ("jsonb", '\'{"bb": 1, "a": [1.0, null]}\'', "j", '{"a": [1.0, null], "bb": 1}'),
    ("json", '\'{"a":1, "a":1e2}\'', "j", '{"a": 100}'),
    ("jsonb", "'null'", "j", "null"),
    ("integer[]", "'{1,2}'", "o", "{1,2}"),
    ("inet", "'10.0.0.1'", "o", "10.0.0.1"),
    ("label", "'x'", "t", "x"),
]


def hash_of(values: dict[str, tuple[str, str] | None]) -> bytes:
    """The hash as the page defines it; a value is (tag, text), or None for NULL."""
    text = ""
    for name in sorted(values, key=str.encode):
        value = values[name]
        text += f"{len(name.encode())}:{name}"
        text += "-" if value is None else f"{value[0]}{len(value[1].encode())}:{value[1]}"
    return hashlib.sha256(text.encode()).digest()


def hash_in_database(server: Postgres, columns: dict[str, tuple[str, str]]) -> bytes:
    """The publisher's hash of one stored row; columns is name to (type, SQL literal)."""
    names = ", ".join(f'"{name}" {kind}' for name, (kind, _) in columns.items())
    literals = ", ".join(literal for _, literal in columns.values())
    with server.connect(options=SESSION_OPTIONS) as connection:
        connection.execute("create domain label as varchar(20)")
        connection.execute(f"create temp table stored ({names})")
        connection.execute(f"insert into stored values ({literals})")
        types = dict(
            connection.execute(
                "select attname, base.typname from pg_attribute join pg_type on pg_type.oid = atttypid "
                "join pg_type as base on base.oid = coalesce(nullif(pg_type.typbasetype, 0), pg_type.oid) "
                "where attrelid = 'stored'::regclass and attnum > 0"
            ).fetchall()
        )
        row = connection.execute(sql.SQL("select {} from stored").format(row_hash(types, "stored"))).fetchone()
        connection.rollback()
    assert row is not None
    return bytes(row[0])


@pytest.mark.parametrize(("kind", "literal", "tag", "text"), VALUES)
def test_r2_each_type_is_rendered_as_the_page_says(
    postgres: Postgres, kind: str, literal: str, tag: str, text: str
) -> None:
    assert hash_in_database(postgres, {"value": (kind, literal)}) == hash_of({"value": (tag, text)})


def test_r2_names_are_ordered_by_bytes_and_null_differs_from_empty(postgres: Postgres) -> None:
    columns = {"é": ("text", "null"), "Z": ("text", "''"), "a_long_name": ("integer", "1"), "a": ("text", "'b'")}

    assert hash_in_database(postgres, columns) == hash_of(
        {"é": None, "Z": ("t", ""), "a_long_name": ("i", "1"), "a": ("t", "b")}
    )


def test_r2_lengths_keep_neighbours_apart(postgres: Postgres) -> None:
    first = hash_in_database(postgres, {"a": ("text", "'ab'"), "b": ("text", "'c'")})
    assert first != hash_in_database(postgres, {"a": ("text", "'a'"), "b": ("text", "'bc'")})
    assert first == hash_of({"a": ("t", "ab"), "b": ("t", "c")})


def test_the_page_s_worked_example_is_right() -> None:
    page = (PROJECT_ROOT / Path("docs/canonical_hash.md")).read_text()
    (digest,) = re.findall(r"SHA-256 is `([0-9a-f]{64})`", page)
    example = {"file": ("t", "a/é.pdf"), "needs_review": ("b", "true"), "note": None, "pages": ("i", "12")}

    assert hash_of(example).hex() == digest
