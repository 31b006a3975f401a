"""The raw layer's tables: what they must look like, what changed, and the statements that load one.

Contract: "Raw layer" in docs/architecture.md. A full load truncates and copies in one transaction, so that views and
models on the table survive and a killed load leaves the old rows (reliability E6). A side table renamed into place
would lose the views, one copied into place would write every row twice.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

import psycopg
from psycopg import sql

from loaders.errors import LossError
from loaders.singer.messages import BINARY_FORMAT, CSV_QUOTE, SchemaMessage

LOADED_AT, UNSTORABLE = "_loaded_at", "_unstorable"
INCOMING = sql.Identifier("pg_temp", "incoming")
_LOADS_COLUMNS: LiteralString = """(
    source_table text not null,
    loaded_at timestamptz not null default clock_timestamp(),
    as_of timestamptz not null,
    row_count bigint not null,
    method text not null,
    columns jsonb not null
)"""


@dataclass(frozen=True)
class RawTable:
    """A stream as the raw layer holds it."""

    schema: str
    name: str
    columns: tuple[str, ...]
    binary: frozenset[str]
    key: tuple[str, ...]
    has_bookmark: bool

    @property
    def identifier(self) -> sql.Identifier:
        """The table's qualified name."""
        return sql.Identifier(self.schema, self.name)

    def type_of(self, column: str) -> sql.SQL:
        """A column's type: bytes, or text."""
        return sql.SQL("bytea" if column in self.binary else "text")


@dataclass(frozen=True)
class Drift:
    """How a stream differs from the table that the last load left."""

    is_new: bool
    added: tuple[str, ...] = ()
    vanished: tuple[str, ...] = ()
    retyped: tuple[str, ...] = ()


@dataclass(frozen=True)
class LastLoad:
    """What `_loads` says of a table's last load."""

    row_count: int
    version: int | None


def raw_table(schema: str, message: SchemaMessage) -> RawTable:
    """The raw table of a stream."""
    binary = frozenset(name for name, value in message.properties.items() if value.get("format") == BINARY_FORMAT)
    return RawTable(
        schema=schema,
        name=message.stream,
        columns=tuple(message.properties),
        binary=binary,
        key=message.key_properties,
        has_bookmark=bool(message.bookmark_properties),
    )


def prepare_schema(connection: psycopg.Connection, schema: str) -> None:
    """Create the schema and `_loads` where they are missing."""
    # CREATE ... IF NOT EXISTS would ask for the privilege even where there is nothing to create.
    if connection.execute("select to_regnamespace(quote_ident(%s)) is null", [schema]).fetchone() == (True,):
        connection.execute(sql.SQL("create schema {}").format(sql.Identifier(schema)))
    connection.execute(
        sql.SQL("create table if not exists {} ").format(sql.Identifier(schema, "_loads")) + sql.SQL(_LOADS_COLUMNS)
    )


def read_drift(connection: psycopg.Connection, table: RawTable) -> Drift:
    """Compare a stream with the table that is there."""
    rows = connection.execute(
        "select attname::text, atttypid = 'bytea'::regtype from pg_attribute "
        "where attrelid = to_regclass(format('%%I.%%I', %s::text, %s::text)) and attnum > 0 and not attisdropped",
        [table.schema, table.name],
    ).fetchall()
    present: dict[str, bool] = dict(rows)
    wanted = {column: column in table.binary for column in table.columns}
    if not present:
        return Drift(is_new=True)
    return Drift(
        is_new=False,
        added=tuple(column for column in wanted if column not in present),
        vanished=tuple(column for column in present if column not in wanted and column not in (LOADED_AT, UNSTORABLE)),
        retyped=tuple(column for column in wanted if column in present and wanted[column] != present[column]),
    )


def read_last_load(connection: psycopg.Connection, table: RawTable) -> LastLoad | None:
    """What the table's last load brought; None before the first."""
    row = connection.execute(
        sql.SQL(
            "select row_count, (columns ->> 'version')::bigint from {} "
            "where source_table = %s order by loaded_at desc limit 1"
        ).format(sql.Identifier(table.schema, "_loads")),
        [table.name],
    ).fetchone()
    return None if row is None else LastLoad(*row)


def adapt(connection: psycopg.Connection, table: RawTable, drift: Drift) -> None:
    """Create the table, or add the columns that it lacks."""
    if drift.is_new:
        columns = [sql.SQL("{} {}").format(sql.Identifier(name), table.type_of(name)) for name in table.columns]
        connection.execute(
            sql.SQL("create table {} ({}, {} timestamptz not null, {} jsonb)").format(
                table.identifier, sql.SQL(", ").join(columns), sql.Identifier(LOADED_AT), sql.Identifier(UNSTORABLE)
            )
        )
    for name in drift.added:
        connection.execute(
            sql.SQL("alter table {} add column {} {}").format(
                table.identifier, sql.Identifier(name), table.type_of(name)
            )
        )


def begin_full(connection: psycopg.Connection, table: RawTable, drift: Drift, as_of: datetime) -> None:
    """Empty the table for a full load; the rows to come are as of `as_of`."""
    connection.execute(sql.SQL("truncate {}").format(table.identifier))
    connection.execute(sql.SQL("drop index if exists {}").format(_key_index(table)))
    for name in drift.retyped:
        connection.execute(
            sql.SQL("alter table {} alter column {} type {} using null").format(
                table.identifier, sql.Identifier(name), table.type_of(name)
            )
        )
    _stamp(connection, table.identifier, as_of)


def end_full(connection: psycopg.Connection, table: RawTable) -> None:
    """Close a full load; a table that increments will follow for gets an index on its key.

    dbt gathers no statistics, and a join planned without any may take for ever. A tenth of the usual sample does: 0.1 s
    instead of 0.6 s for 1,000,000 rows of 27 columns (measured).
    """
    connection.execute(
        sql.SQL("alter table {} alter column {} drop default").format(table.identifier, sql.Identifier(LOADED_AT))
    )
    if table.has_bookmark and table.key:
        _create_key_index(connection, table)
    connection.execute("set local default_statistics_target = 10")
    connection.execute(sql.SQL("analyze {}").format(table.identifier))


def begin_increment(connection: psycopg.Connection, table: RawTable, as_of: datetime) -> None:
    """Make a temporary table for an increment."""
    connection.execute(sql.SQL("create temporary table incoming (like {}) on commit drop").format(table.identifier))
    _stamp(connection, INCOMING, as_of)


def end_increment(connection: psycopg.Connection, table: RawTable) -> int:
    """Replace rows by key with the increment's; return by how many the table grew."""
    same_key = sql.SQL(" and ").join(
        sql.SQL("present.{0} = incoming.{0}").format(sql.Identifier(column)) for column in table.key
    )
    # Of rows with one key the last stands.
    connection.execute(
        sql.SQL(
            "delete from {incoming} present using {incoming} incoming where {same} and present.ctid < incoming.ctid"
        ).format(incoming=INCOMING, same=same_key)
    )
    connection.execute(sql.SQL("analyze {}").format(INCOMING))
    _create_key_index(connection, table)
    removed = connection.execute(
        sql.SQL("delete from {} present using {} incoming where {}").format(table.identifier, INCOMING, same_key)
    ).rowcount
    columns = identifiers((*table.columns, LOADED_AT, UNSTORABLE))
    inserted = connection.execute(
        sql.SQL("insert into {} ({}) select {} from {}").format(table.identifier, columns, columns, INCOMING)
    ).rowcount
    return inserted - removed


def record_load(
    connection: psycopg.Connection,
    table: RawTable,
    drift: Drift,
    *,
    as_of: datetime,
    row_count: int,
    method: str,
    version: int | None,
) -> None:
    """Write the load's row of `_loads`, in the load's own transaction."""
    columns = {
        "version": version,
        "columns": list(table.columns),
        "added": [] if drift.is_new else list(drift.added),
        "vanished": list(drift.vanished),
    }
    connection.execute(
        sql.SQL("insert into {} (source_table, as_of, row_count, method, columns) values (%s, %s, %s, %s, %s)").format(
            sql.Identifier(table.schema, "_loads")
        ),
        [table.name, as_of, row_count, method, json.dumps(columns)],
    )


def copy_statement(into: sql.Composable, columns: Sequence[str]) -> sql.Composed:
    """COPY into a table that this transaction created or emptied: frozen, so that no reader rewrites the pages."""
    return sql.SQL("copy {} ({}) from stdin (format csv, quote {}, freeze)").format(
        into, identifiers(columns), sql.Literal(CSV_QUOTE)
    )


def identifiers(names: Sequence[str]) -> sql.Composed:
    """Names as a list for SQL."""
    return sql.SQL(", ").join(map(sql.Identifier, names))


def check_vanished(findings: Mapping[str, Sequence[str]], allowed: frozenset[str]) -> None:
    """Stop if a column is gone from the source.

    Args:
        findings: vanished columns by table.
        allowed: those that may be gone, as table.column.

    Raises:
        LossError: names each column that is gone and may not be.
    """
    gone = [f"{table}.{column}" for table, columns in findings.items() for column in columns]
    if refused := sorted(set(gone) - allowed):
        raise LossError(
            f"columns are gone from the source: {', '.join(refused)}; nothing was loaded",
            hint="If that is right, name them in target-postgres' `allow_vanished_columns` in meltano.yml.",
        )


def _stamp(connection: psycopg.Connection, table: sql.Composable, as_of: datetime) -> None:
    # A default for the time of the COPY: no row has to carry the time itself.
    connection.execute(
        sql.SQL("alter table {} alter column {} set default {}").format(
            table, sql.Identifier(LOADED_AT), sql.Literal(as_of)
        )
    )


def _create_key_index(connection: psycopg.Connection, table: RawTable) -> None:
    connection.execute(
        sql.SQL("create unique index if not exists {} on {} ({})").format(
            sql.Identifier(_key_index_name(table)), table.identifier, identifiers(table.key)
        )
    )


def _key_index(table: RawTable) -> sql.Identifier:
    return sql.Identifier(table.schema, _key_index_name(table))


def _key_index_name(table: RawTable) -> str:
    # A hash, since a table's name may be as long as an index's may be.
    return "_key_" + hashlib.sha256(table.name.encode()).hexdigest()[:24]
