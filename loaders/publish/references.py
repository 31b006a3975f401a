"""Who points at a target table: foreign keys, and Django's generic foreign keys by their column names (P13)."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg
from psycopg import sql

from loaders.publish.catalogue import Table, read_table, referencing_keys
from loaders.publish.contract import Relation
from loaders.publish.query import relation_sql

_CONTENT_TYPE, _OBJECT = "content_type_id", "object_id"
_WHOLE_NUMBERS, _TEXTS = ("int2", "int4", "int8"), ("text", "varchar", "bpchar")


@dataclass(frozen=True, slots=True)
class Reference:
    """A column that names rows of a table.

    Attributes:
        child: the table that has the column.
        child_key: its primary key, None when it has none of one column.
        column: the column.
        condition: SQL for "the row `child` names the row whose key is `undo.key`".
        reads: tables that the condition reads.
    """

    child: Relation
    child_key: str | None
    column: str
    condition: sql.Composed
    reads: tuple[Relation, ...]


def references_to(connection: psycopg.Connection, table: Table) -> list[Reference]:
    """Every foreign key to a table, its own among them, and every generic one.

    Args:
        connection: of any role; the catalogue is open to all.
        table: a table of the application; its schema is where `django_content_type` is looked for.
    """
    found = []
    for foreign_key in referencing_keys(connection, table.relation):
        child = read_table(connection, foreign_key.child)
        condition = sql.SQL("child.{} = undo.key").format(sql.Identifier(foreign_key.column))
        found.append(
            Reference(foreign_key.child, _key(child), foreign_key.column, condition, reads=(foreign_key.child,))
        )
    return found + _generic_references(connection, table)


def _generic_references(connection: psycopg.Connection, table: Table) -> list[Reference]:
    """Tables with a pair of columns `content_type_id` and `object_id`, with or without a common prefix."""
    content_types = Relation(table.relation.schema, "django_content_type")
    if read_table(connection, content_types) is None:
        return []
    found = []
    for foreign_key in referencing_keys(connection, content_types):
        child = read_table(connection, foreign_key.child)
        if child is None or not foreign_key.column.endswith(_CONTENT_TYPE):
            continue
        column = child.columns.get(foreign_key.column.removesuffix(_CONTENT_TYPE) + _OBJECT)
        # A key of another kind (uuid) cannot name a row of a table that has a sequence.
        if column is None or column.type_name not in _WHOLE_NUMBERS + _TEXTS:
            continue
        condition = sql.SQL("""
            child.{object} = undo.key{cast} and child.{content_type} in (
                select id from {content_types} where app_label || '_' || model = {table}
            )
        """).format(
            object=sql.Identifier(column.name),
            cast=sql.SQL("::text" if column.type_name in _TEXTS else ""),
            content_type=sql.Identifier(foreign_key.column),
            content_types=relation_sql(content_types),
            table=table.relation.name,
        )
        reads = (foreign_key.child, content_types)
        found.append(Reference(foreign_key.child, _key(child), column.name, condition, reads))
    return found


def _key(table: Table | None) -> str | None:
    return table.key.name if table is not None and table.key is not None else None
