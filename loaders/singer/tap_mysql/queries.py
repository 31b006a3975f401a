"""The queries that read a planned stream."""

from __future__ import annotations

from decimal import Decimal

from loaders.errors import ConfigurationError
from loaders.singer.tap.plan import StreamPlan
from loaders.singer.tap_mysql.rendering import Column, csv_select, quote_name


def rows_query(stream: StreamPlan[Column]) -> str:
    """The query that renders the rows.

    Raises:
        ConfigurationError: the bookmark cannot have come from this column.
    """
    return csv_select(stream.table.name, stream.columns, _condition(stream))


def bookmark_query(stream: StreamPlan[Column]) -> str:
    """The query for the highest replication key; must run in the same snapshot as, or before, the other."""
    if stream.replication_key is None:
        raise AssertionError("only a stream with a replication key has a bookmark")
    name = quote_name(stream.replication_key.name)
    return f"select cast(max({name}) as char) from {quote_name(stream.table.name)}"


def _condition(stream: StreamPlan[Column]) -> str:
    if stream.replication_key is None or stream.bookmark is None:
        return ""
    name = quote_name(stream.replication_key.name)
    # Equal keys are read again: rows may have come under the last key after it was read. Rows without a key, or
    # with a zero date for one, never get past a bookmark and are read every time.
    terms = [f"{name} >= {_literal(stream.replication_key, stream.bookmark)}", f"{name} is null"]
    if stream.replication_key.is_temporal:
        terms.append(f"{name} < '0001-01-01'")
    return " or ".join(terms)


def _literal(column: Column, bookmark: str) -> str:
    if column.is_number:
        # Without quotes: MySQL would compare a quoted number as a double.
        return f"{Decimal(bookmark):f}"
    if not all(character.isdigit() or character in "-:. " for character in bookmark):
        raise ConfigurationError(f"the state's bookmark of {column.name} is no date", hint="Clear the state.")
    return f"'{bookmark}'"
