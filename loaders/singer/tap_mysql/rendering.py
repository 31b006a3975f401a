"""SQL that makes the legacy server print its rows as CSV, exactly and in one string a row.

A text field is always quoted, so that NULL and '' (two quotes) stay two things. Every other field is what the
server's own cast prints, zero dates, negative times and leading zeros included (reliability E2, E5).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from loaders.singer.messages import CSV_QUOTE

_INTEGERS = frozenset({"tinyint", "smallint", "mediumint", "int", "bigint"})
_TEMPORAL = frozenset({"date", "datetime", "timestamp"})
_BINARY = frozenset(
    {"binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob", "bit"}
    | {"geometry", "point", "linestring", "polygon", "geometrycollection", "geomcollection"}
    | {"multipoint", "multilinestring", "multipolygon"}
)


@dataclass(frozen=True)
class Dialect:
    """How fields are quoted and what stands for NULL.

    Attributes:
        quote: a plain character in the query's text, not a hexadecimal literal, which would make the result binary.
        null: written without quotes; letters, or nothing.
    """

    quote: str
    null: str


# What target-postgres copies.
POSTGRES = Dialect(CSV_QUOTE, "")


@dataclass(frozen=True)
class Column:
    """A column as information_schema shows it; `as_bytes` is what we make of it."""

    name: str
    data_type: str
    column_type: str
    character_set: str | None
    nullable: bool
    as_bytes: bool = False

    @property
    def is_binary(self) -> bool:
        """Whether the target stores bytes: a binary type, or a text read as the bytes it is stored as (E1)."""
        return self.as_bytes or self.data_type in _BINARY

    @property
    def sql_type(self) -> str:
        """The type as MySQL spells it."""
        return self.column_type

    @property
    def is_number(self) -> bool:
        """Whether it holds exact numbers."""
        return self.data_type in _INTEGERS or self.data_type == "decimal"

    @property
    def is_temporal(self) -> bool:
        """Whether it holds dates or moments, zero dates among them."""
        return self.data_type in _TEMPORAL

    @property
    def can_be_bookmark(self) -> bool:
        """Whether an increment can go by it."""
        return not self.as_bytes and (self.is_number or self.is_temporal)


def quote_name(name: str) -> str:
    """An identifier as MySQL wants it."""
    return "`" + name.replace("`", "``") + "`"


def csv_select(table: str, columns: Sequence[Column], where: str = "", dialect: Dialect = POSTGRES) -> str:
    """The query whose single column holds a table's rows as CSV records.

    Args:
        table: the table's name.
        columns: the columns, in the order of the fields; at least one.
        where: a condition in SQL, or nothing.
        dialect: of the CSV.
    """
    # A value that outgrows max_allowed_packet becomes NULL, which CONCAT_WS leaves out: the server warns of it, and
    # the reader takes any warning for a loss.
    fields = ", ".join(_field(column, dialect) for column in columns)
    return f"select concat_ws(',', {fields}) from {quote_name(table)}" + (f" where {where}" if where else "")


def _field(column: Column, dialect: Dialect) -> str:
    value = _value(column, dialect.quote)
    return f"ifnull({value}, '{dialect.null}')" if column.nullable else value


def _value(column: Column, quote: str) -> str:
    name = quote_name(column.name)
    if column.is_binary:
        # The cast hands over the stored bytes; without it a latin1 text would be converted first (E1), and HEX would
        # take a BIT for a number. A text of bytes is quoted too.
        return f"concat('{quote}\\\\x', hex(cast({name} as binary)), '{quote}')"
    if column.character_set or column.data_type == "json":
        text = name if column.character_set == "utf8mb4" else f"convert({name} using utf8mb4)"
        # Under a binary collation REPLACE need not look for characters: a tenth of the server's time (measured).
        return f"concat('{quote}', replace({text} collate utf8mb4_bin, '{quote}', '{quote}{quote}'), '{quote}')"
    if column.data_type == "float":
        # FLOAT prints six digits: 16777217 as 16777200 (E5). As a double it prints the very value that is stored;
        # read as `real` it is the same number again.
        return f"cast({name} + 0e0 as char)"
    if column.data_type in _INTEGERS and "zerofill" not in column.column_type:
        return name
    return f"cast({name} as char)"
