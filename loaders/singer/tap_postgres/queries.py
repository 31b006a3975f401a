"""The statements that read a planned stream."""

from __future__ import annotations

from psycopg import sql

from loaders.errors import ConfigurationError
from loaders.singer.messages import CSV_QUOTE
from loaders.singer.tap.plan import StreamPlan
from loaders.singer.tap_postgres.catalogue import Column, Table


def copy_statement(schema: str, stream: StreamPlan[Column], table: Table, encoding: str) -> sql.Composed:
    """COPY that renders the rows in the very form that target-postgres copies in; types print themselves (E5).

    Args:
        schema: the table's.
        stream: what to read.
        table: the stream's table.
        encoding: of the text.

    Raises:
        ConfigurationError: the bookmark cannot have come from this column.
    """
    return sql.SQL("copy (select {} from {}{}) to stdout (format csv, quote {}, encoding {})").format(
        sql.SQL(", ").join(sql.Identifier(column.name) for column in stream.columns),
        _relation(schema, table),
        _condition(stream),
        sql.Literal(CSV_QUOTE),
        sql.Literal(encoding),
    )


def bookmark_query(schema: str, stream: StreamPlan[Column], table: Table) -> sql.Composed:
    """The query for the highest finite replication key, as the server prints it."""
    key = stream.replication_key
    if key is None:
        raise AssertionError("only a stream with a replication key has a bookmark")
    finite = sql.SQL(" where isfinite({})").format(sql.Identifier(key.name)) if key.is_temporal else sql.SQL("")
    return sql.SQL("select max({})::text from {}{}").format(sql.Identifier(key.name), _relation(schema, table), finite)


def _relation(schema: str, table: Table) -> sql.Composed:
    # The rows of a table that inherits come with that table; those of a partition only with the whole.
    only = sql.SQL("only " if table.kind == "r" else "")
    return sql.SQL("{}{}").format(only, sql.Identifier(schema, table.name))


def _condition(stream: StreamPlan[Column]) -> sql.Composable:
    if stream.replication_key is None or stream.bookmark is None:
        return sql.SQL("")
    key = stream.replication_key
    if not all(character.isdigit() or character in "-+:. BC" for character in stream.bookmark):
        raise ConfigurationError(
            f"the state's bookmark of {stream.table.name}.{key.name} is neither number nor time",
            hint="Clear the state.",
        )
    # Equal keys are read again: rows may have come under the last key after it was read. Rows without a key, or with
    # an infinite one, never get past a bookmark and are read every time.
    return sql.SQL(" where {key} >= {bookmark}::{type} or {key} is null{infinite}").format(
        key=sql.Identifier(key.name),
        bookmark=sql.Literal(stream.bookmark),
        type=sql.SQL(key.data_type),  # one of catalogue._BOOKMARK_TYPES
        infinite=sql.SQL(" or not isfinite({})").format(sql.Identifier(key.name)) if key.is_temporal else sql.SQL(""),
    )
