"""Small change of every query."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

from loaders.publish.contract import Relation


def relation_sql(relation: Relation) -> sql.Identifier:
    """A relation as a qualified identifier."""
    return sql.Identifier(relation.schema, relation.name)


def count_rows(connection: psycopg.Connection, relation: sql.Identifier) -> int:
    """How many rows a relation has."""
    (rows,) = only_row(connection.execute(sql.SQL("select count(*) from {}").format(relation)))
    return int(rows)


def only_row(cursor: psycopg.Cursor[tuple[Any, ...]]) -> tuple[Any, ...]:
    """The row of a query that always has exactly one.

    Raises:
        LookupError: it had none.
    """
    row = cursor.fetchone()
    if row is None:
        raise LookupError("a query that always has a row had none")
    return row
