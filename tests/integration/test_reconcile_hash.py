"""The verifier's canonical hash, held against hashlib's of what docs/canonical_hash.md says (reliability R2, R3)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql

from loaders.publish.canonical import row_hash
from loaders.reconcile.canonical_hash import Column, digest, texts
from sandbox.servers.postgres import Postgres

SESSION_OPTIONS = "-c TimeZone=UTC -c DateStyle=ISO,YMD -c extra_float_digits=1 -c bytea_output=hex"


@pytest.fixture
def connection(postgres: Postgres) -> Iterator[psycopg.Connection]:
    """A connection whose settings are those of loaders/database.py; nothing stays."""
    with postgres.connect(options=SESSION_OPTIONS) as connection:
        yield connection
        connection.rollback()


def stored(connection: psycopg.Connection, values: dict[str, tuple[str, str]]) -> list[Column]:
    """Store one row in the temporary table `stored`; values are name to (type, SQL literal)."""
    names = sql.SQL(", ").join(
        sql.SQL("{} " + kind).format(sql.Identifier(name))  # type: ignore[arg-type]
        for name, (kind, _) in values.items()
    )
    literals = ", ".join(literal for _, literal in values.values())
    connection.execute(sql.SQL("create temporary table stored ({})").format(names))
    connection.execute(f"insert into stored values ({literals})")  # type: ignore[arg-type]
    types = connection.execute(
        "select attname, typname from pg_attribute inner join pg_type on pg_type.oid = atttypid "
        "where attrelid = 'stored'::regclass and attnum > 0"
    )
    return [Column(*each) for each in types.fetchall()]


def hashed(connection: psycopg.Connection, columns: list[Column], json_path: sql.Composable | None = None) -> bytes:
    """What the verifier computes of the stored row."""
    printed = texts(columns, "target", json_path)
    query = sql.SQL("select {} from (select {} from stored as target) as printed").format(
        digest(columns, "printed"), sql.SQL(", ").join(printed)
    )
    ((value,),) = connection.execute(query).fetchall()
    return bytes(value)


def sha256(canonical: str) -> bytes:
    return hashlib.sha256(canonical.encode()).digest()


@pytest.mark.parametrize(
    ("kind", "literal", "value"),
    [
        ("boolean", "true", "b4:true"),
        ("boolean", "false", "b5:false"),
        ("boolean", "null", "-"),
        ("smallint", "-7", "i2:-7"),
        ("integer", "0", "i1:0"),
        ("bigint", "9223372036854775807", "i19:9223372036854775807"),
        ("numeric", "16777217.00", "n8:16777217"),
        ("numeric", "16777216.25", "n11:16777216.25"),
        ("numeric(12,4)", "-0.25", "n5:-0.25"),
        ("numeric", "100", "n3:100"),
        ("numeric", "0.000", "n1:0"),
        ("numeric", "'NaN'", "n3:NaN"),
        ("numeric", "'Infinity'", "n8:Infinity"),
        ("real", "16777216", "f13:1.6777216e+07"),
        ("double precision", "1e20", "f5:1e+20"),
        ("double precision", "'-0'", "f2:-0"),
        ("text", "''", "t0:"),
        ("text", "null", "-"),
        ("text", "'a   '", "t4:a   "),
        ("text", "E'a\\nb:é😀'", "t10:a\nb:é😀"),
        ("varchar(9)", "'x '", "t2:x "),
        ("char(5)", "'ab'", "t2:ab"),
        ("bytea", "'\\x00ff'", "y4:00ff"),
        ("bytea", "''", "y0:"),
        ("date", "'0001-01-01 BC'", "d13:0001-01-01 BC"),
        ("timestamp", "'2023-01-31 23:59:59.100'", "m21:2023-01-31 23:59:59.1"),
        ("timestamptz", "'2023-01-31 20:00:00-05'", "z22:2023-02-01 01:00:00+00"),
        ("timestamptz", "'infinity'", "z8:infinity"),
        ("time", "'01:02:03.5'", "c10:01:02:03.5"),
        ("uuid", "'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'", "u36:a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
        ("jsonb", '\'{"bb": 1, "a": [1.0, null]}\'', 'j27:{"a": [1.0, null], "bb": 1}'),
        ("json", '\'{"a":1, "a":1e2}\'', 'j10:{"a": 100}'),
        ("jsonb", "'null'", "j4:null"),
        ("inet", "'10.0.0.1'", "o8:10.0.0.1"),
        ("integer[]", "'{1,null}'", "o8:{1,NULL}"),
        ("integer[]", "null", "-"),
    ],
)
def test_r2_values_are_typed_and_sized(connection: psycopg.Connection, kind: str, literal: str, value: str) -> None:
    assert hashed(connection, stored(connection, {"v": (kind, literal)})) == sha256(f"1:v{value}")


def test_r2_the_page_s_example(connection: psycopg.Connection) -> None:
    values = {
        "pages": ("integer", "12"),
        "note": ("text", "null"),
        "file": ("text", "'a/é.pdf'"),
        "needs_review": ("boolean", "true"),
    }
    found = hashed(connection, stored(connection, values))
    assert found.hex() == "f2f00eb0015af07cfb10468baed93af408b0d8f12fc3924569f8b69763d445eb"


def test_r2_boundaries_between_values_count(connection: psycopg.Connection) -> None:
    columns = stored(connection, {"a": ("text", "'ab'"), "b": ("text", "'c'")})
    first = hashed(connection, columns)
    connection.execute("update stored set a = 'a', b = 'bc'")
    assert first == sha256("1:at2:ab1:bt1:c")
    assert hashed(connection, columns) == sha256("1:at1:a1:bt2:bc")


def test_r2_as_many_columns_as_a_table_may_have(connection: psycopg.Connection) -> None:
    """One function takes a hundred arguments at most; names in the order of their bytes, not of the alphabet."""
    names = [f"{letter}{number}" for letter in ("é", "Z", "a") for number in range(100)]
    columns = stored(connection, {name: ("integer", "null" if name == "a7" else "1") for name in names})
    canonical = "".join(
        f"{len(name.encode())}:{name}" + ("-" if name == "a7" else "i1:1") for name in sorted(names, key=str.encode)
    )
    assert hashed(connection, columns) == sha256(canonical)


def test_r2_a_value_at_a_path(connection: psycopg.Connection) -> None:
    columns = stored(connection, {"v": ("json", '\'{"a": {"b": [1, 2]}}\'')})
    assert hashed(connection, columns, sql.SQL("'{a,b}'::text[]")) == sha256("1:vj6:[1, 2]")
    assert hashed(connection, columns, sql.SQL("'{a,c}'::text[]")) == sha256("1:v-")


def test_r3_publisher_and_verifier_agree(connection: psycopg.Connection) -> None:
    values = {
        "amount": ("numeric(12,4)", "1.5"),
        "made": ("timestamptz", "now()"),
        "Größe": ("double precision", "random()"),
        "context": ("jsonb", '\'{"b": "\\u00e9", "a": {}}\''),
        "flag": ("boolean", "null"),
        "id": ("uuid", "gen_random_uuid()"),
        "address": ("inet", "'10.0.0.1'"),
    }
    columns = stored(connection, values)
    types = {column.name: column.type_name for column in columns}
    ((published,),) = connection.execute(sql.SQL("select {} from stored").format(row_hash(types, "stored"))).fetchall()
    assert hashed(connection, columns) == bytes(published)
