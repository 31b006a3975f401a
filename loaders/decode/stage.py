"""Streams payloads out of `raw_dtx1`, decodes them, and replaces the tables of `decoded` (reliability D1-D7)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import psycopg
from psycopg import sql

from loaders.console import Meter, meter
from loaders.database import fetch_value
from loaders.decode.payload_columns import PayloadColumn
from loaders.errors import ServiceError
from loaders.php.charsets import DECODERS
from loaders.php.email_list import Element, read_email_list
from loaders.php.repair import recount_lengths
from loaders.php.scanner import Limits

_METER_STEP = 1_000
_COLUMNS = sql.SQL(", ").join(sql.Identifier(name) for name in ("source_key", *Element._fields))
_CREATE = """
create table if not exists decoded.{table} (
    source_key text not null,
    position integer not null,
    element_key text,
    value text,
    status text not null check (status in ('ok', 'empty', 'rejected')),
    reason text check ((reason is null) = (status = 'ok')),
    byte_offset integer,
    normalized_value text,
    primary key (source_key, position)
)
"""
_HINTS = {
    "23505": "The raw table holds a row twice: replicate it again.",
    "23502": "The raw table holds a row without a key: replicate it again.",
    "3F000": "Run `dtx setup`, which creates the schemas.",
    "42501": "Run `dtx setup`, which creates the schemas and their grants.",
    "55P03": "Another session held the decoded table for a minute: end it, then run `dtx decode` again.",
}


@dataclass
class Outcome:
    """What became of one column's payloads.

    `rows` counts source rows; `verdicts` counts decoded rows by status and reason; `recountable` counts the payloads of
    reason `length_mismatch` for which a length recount could be offered (D7).
    """

    column: PayloadColumn
    rows: int = 0
    verdicts: Counter[tuple[str, str | None]] = field(default_factory=Counter)
    recountable: int = 0

    def by_reason(self, status: str) -> dict[str, int]:
        """Decoded rows of one status by reason, in the reasons' order."""
        return {reason: rows for (found, reason), rows in sorted(self.verdicts.items()) if found == status and reason}


def replicated_columns(connection: psycopg.Connection, table: str) -> dict[str, str]:
    """Column name -> type of a table in `raw_dtx1`; empty when the table was not replicated."""
    found = connection.execute(
        "select column_name, data_type from information_schema.columns "
        "where table_schema = 'raw_dtx1' and table_name = %s",
        [table],
    )
    return dict(found.fetchall())


def decode_column(reader: psycopg.Connection, writer: psycopg.Connection, column: PayloadColumn) -> Outcome:
    """Decode one column as of now and replace its decoded table in one transaction; views on that table survive.

    Memory is constant in the number of rows: payloads come one at a time, and of a longer one than the scanner's limit
    only as much as shows that it is.

    Args:
        reader: a connection of the transform role, in autocommit mode.
        writer: another one.
        column: what to decode.

    Raises:
        ServiceError: PostgreSQL refused or failed; names the column and SQLSTATE. The decoded table is as it was.
    """
    outcome = Outcome(column)
    try:
        total = fetch_value(reader, sql.SQL("select count(*) from raw_dtx1.{}").format(sql.Identifier(column.table)))
        with writer.transaction():
            _create(writer, column)
            with (
                meter(f"decode {column.name}", total, "payloads") as progress,
                writer.cursor().copy(sql.SQL("copy side ({}) from stdin").format(_COLUMNS)) as copy,
            ):
                for source_key, element in _elements(reader, outcome, progress):
                    copy.write_row((source_key, *element))
            _swap(writer, column)
    except psycopg.Error as error:
        raise ServiceError(
            f"decoding {column.name} failed (SQLSTATE {error.sqlstate or 'none'}); its decoded table is as it was",
            hint=_HINTS.get(error.sqlstate or "", "Look at the server's log, then run `dtx decode` again."),
        ) from None
    return outcome


def _create(writer: psycopg.Connection, column: PayloadColumn) -> None:
    table = sql.Identifier(column.decoded_table)
    writer.execute("set local lock_timeout = '60s'")
    # Two runs take turns: they would collide on creating the table.
    writer.execute("select pg_advisory_xact_lock(hashtextextended('dtx decode ' || %s, 0))", [column.name])
    writer.execute(sql.SQL(_CREATE).format(table=table))
    writer.execute(sql.SQL("create temporary table side on commit drop as table decoded.{} with no data").format(table))


def _swap(writer: psycopg.Connection, column: PayloadColumn) -> None:
    table = sql.Identifier(column.decoded_table)
    writer.execute(sql.SQL("truncate decoded.{}").format(table))
    writer.execute(
        sql.SQL("insert into decoded.{} ({columns}) select {columns} from side").format(table, columns=_COLUMNS)
    )
    writer.execute(sql.SQL("analyze decoded.{}").format(table))


def _elements(reader: psycopg.Connection, outcome: Outcome, progress: Meter) -> Iterator[tuple[str, Element]]:
    column = outcome.column
    decode_text = DECODERS[column.character_set]
    with reader.cursor().copy(_payloads(column)) as copy:
        copy.set_types(["text", "bytea"])
        for source_key, payload in copy.rows():
            elements = read_email_list(payload, decode_text)
            for element in elements:
                yield source_key, element
            outcome.rows += 1
            outcome.verdicts.update((element.status, element.reason) for element in elements)
            if elements[0].reason == "length_mismatch" and recount_lengths(payload) is not None:
                outcome.recountable += 1
            if outcome.rows % _METER_STEP == 0:
                progress.advance(_METER_STEP)


def _payloads(column: PayloadColumn) -> sql.Composed:
    source_key = sql.SQL(" || '+' || ").join(
        sql.SQL("{}::text").format(sql.Identifier(key)) for key in column.key_columns
    )
    return sql.SQL(
        "copy (select {source_key}, substring({payload} from 1 for {bytes}) from raw_dtx1.{table}) "
        "to stdout (format binary)"
    ).format(
        source_key=source_key,
        payload=sql.Identifier(column.column),
        bytes=sql.Literal(Limits().payload_bytes + 1),
        table=sql.Identifier(column.table),
    )
