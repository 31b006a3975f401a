"""The archive's CSV: the dialect that MySQL's own LOAD DATA reads back exactly, and how its records are cut (A1).

`FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '"' ESCAPED BY '' LINES TERMINATED BY '\\n'`: without an escape
character the bare word NULL is NULL and "NULL" is a text, '' is "", and a backslash is a backslash.
https://mariadb.com/kb/en/load-data-infile/
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from loaders.singer.tap_mysql.catalogue import Table
from loaders.singer.tap_mysql.rendering import Column, Dialect, csv_select, quote_name

MYSQL = Dialect('"', "NULL")
NULL = b"NULL"
BYTES_PREFIX = "\\x"
# Whatever these hold comes back the same through utf8mb4; text of another character set is archived as its bytes.
_REVERSIBLE = frozenset({"ascii", "latin1", "utf8", "utf8mb3", "utf8mb4"})
_NOT_SYNTAX = bytes(set(range(256)) - set(b'"\n'))
_FIELD = re.compile(rb'("[^"]*(?:""[^"]*)*"|[^",\n]*)([,\n])')


def archived_columns(table: Table) -> tuple[Column, ...]:
    """A table's columns as the archive renders them: text that utf8mb4 may not carry both ways becomes bytes."""
    return tuple(
        Column(
            column.name,
            column.data_type,
            column.column_type,
            column.character_set,
            column.nullable,
            as_bytes=column.as_bytes
            or (column.character_set is not None and column.character_set.lower() not in _REVERSIBLE),
        )
        for column in table.columns
    )


def select(table: str, columns: Sequence[Column]) -> str:
    """The query whose single column holds the table's records."""
    return csv_select(table, columns, dialect=MYSQL)


def header(names: Sequence[str]) -> bytes:
    """The first record: the columns' original names."""
    return b",".join(quoted(name.encode()) for name in names) + b"\n"


def quoted(value: bytes) -> bytes:
    """A text as a field."""
    return b'"' + value.replace(b'"', b'""') + b'"'


def load_statement(table: str, columns: Sequence[tuple[str, bool]], generated: frozenset[str], path: str) -> str:
    """The LOAD DATA that restores a file of the archive.

    Args:
        table: the table's name.
        columns: name, and whether it is archived as hex digits of its bytes, in the file's order.
        generated: columns that the server computes itself; what the file says of them is passed over.
        path: of the file, on the client.
    """
    variables = [
        f"@v{index}" if is_bytes or name in generated else quote_name(name)
        for index, (name, is_bytes) in enumerate(columns)
    ]
    assignments = [
        f"{quote_name(name)} = unhex(substr(@v{index}, {len(BYTES_PREFIX) + 1}))"
        for index, (name, is_bytes) in enumerate(columns)
        if is_bytes and name not in generated
    ]
    return (
        f"load data local infile '{path}' into table {quote_name(table)} character set utf8mb4 "
        "fields terminated by ',' optionally enclosed by '\"' escaped by '' lines terminated by '\\n' ignore 1 lines "
        f"({', '.join(variables)})" + (f" set {', '.join(assignments)}" if assignments else "")
    )


class RecordCounter:
    """Counts records in consecutive pieces of a file: line ends outside quotes."""

    def __init__(self) -> None:
        self.records = 0
        self._is_inside = False

    def add(self, piece: bytes) -> None:
        """Count one piece, of any length."""
        # Two adjacent quotes change nothing; what is left are line ends, parted by a quote wherever the side changes.
        syntax = piece.translate(None, _NOT_SYNTAX).replace(b'""', b"")
        for index, lines in enumerate(syntax.split(b'"')):
            if index:
                self._is_inside = not self._is_inside
            if not self._is_inside:
                self.records += len(lines)


class RecordReader:
    """Cuts consecutive pieces of a file into records of raw fields, quotes and all."""

    def __init__(self) -> None:
        self._rest = b""

    def add(self, piece: bytes) -> Iterator[list[bytes]]:
        """Yield the records that are complete with this piece."""
        data = self._rest + piece
        record: list[bytes] = []
        end = position = 0
        while match := _FIELD.match(data, position):
            field, ending = match.groups()
            record.append(field)
            position = match.end()
            if ending == b"\n":
                yield record
                record, end = [], position
        self._rest = data[end:]


def text_of(field: bytes) -> bytes | None:
    """A raw field's value; None for NULL."""
    if field.startswith(b'"'):
        return field[1:-1].replace(b'""', b'"')
    return None if field == NULL else field
