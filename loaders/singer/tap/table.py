"""Tables as every tap shows them, and the Singer catalogue that offers them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol, TypeVar

from loaders.singer.messages import BINARY_FORMAT


class Column(Protocol):
    """A column of the source."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def sql_type(self) -> str:
        """Its type as the source spells it."""

    @property
    def is_binary(self) -> bool:
        """Whether the target stores bytes; else text."""

    @property
    def can_be_bookmark(self) -> bool:
        """Whether an increment can go by it."""


ColumnT_co = TypeVar("ColumnT_co", bound=Column, covariant=True)


class Table(Protocol[ColumnT_co]):
    """A table or view of the source."""

    @property
    def name(self) -> str:
        """Its name, which is the stream's."""

    @property
    def columns(self) -> tuple[ColumnT_co, ...]:
        """The columns that may be read."""

    @property
    def key(self) -> tuple[str, ...]:
        """The primary key's columns; empty where there is none."""

    @property
    def is_view(self) -> bool:
        """Whether it is a view."""

    @property
    def data_bytes(self) -> int:
        """About how big it is."""

    @property
    def approximate_rows(self) -> int:
        """About how many rows it has."""


def discover(tables: Iterable[Table[Column]], database: str) -> dict[str, Any]:
    """The Singer catalogue of these tables; every stream and column is selected unless Meltano says otherwise."""
    return {"streams": [_stream(table, database) for table in tables]}


def properties(columns: Iterable[Column]) -> dict[str, dict[str, Any]]:
    """JSON Schema of a stream's columns: text, or hex digits of bytes; any may be NULL."""
    return {
        column.name: {"type": ["null", "string"], **({"format": BINARY_FORMAT} if column.is_binary else {})}
        for column in columns
    }


def _stream(table: Table[Column], database: str) -> dict[str, Any]:
    of_table = {
        "inclusion": "available",
        "selected-by-default": True,
        "database-name": database,
        "is-view": table.is_view,
        "row-count": table.approximate_rows,
        "table-key-properties": list(table.key),
        "valid-replication-keys": [column.name for column in table.columns if column.can_be_bookmark],
    }
    return {
        "tap_stream_id": table.name,
        "stream": table.name,
        "table_name": table.name,
        "schema": {"type": "object", "properties": properties(table.columns)},
        "metadata": [
            {"breadcrumb": [], "metadata": of_table},
            *(
                {
                    "breadcrumb": ["properties", column.name],
                    "metadata": {
                        "inclusion": "automatic" if column.name in table.key else "available",
                        "selected-by-default": True,
                        "sql-datatype": column.sql_type,
                    },
                }
                for column in table.columns
            ),
        ],
    }
