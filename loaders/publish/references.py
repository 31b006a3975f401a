"""Who points at a target table: foreign keys, and Django's generic foreign keys by their column names (P13)."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg

from loaders.publish.catalogue import Table, read_table, referencing_keys
from loaders.publish.contract import Relation

CONTENT_TYPE, OBJECT = "content_type_id", "object_id"


@dataclass(frozen=True, slots=True)
class GenericReference:
    """A table that names rows of any table by content type and key, as Django's contenttypes does.

    `object_type` is the type of the column that holds the key, for casts.
    """

    table: Relation
    content_types: Relation
    content_type_column: str
    object_column: str
    object_type: str


def generic_references(connection: psycopg.Connection, table: Table) -> list[GenericReference]:
    """Tables with a pair of columns `content_type_id` and `object_id`, with or without a common prefix.

    Args:
        connection: of any role.
        table: a table of the application; its schema is where `django_content_type` is looked for.
    """
    content_types = Relation(table.relation.schema, "django_content_type")
    if read_table(connection, content_types) is None:
        return []
    found = []
    for key in referencing_keys(connection, content_types):
        child = read_table(connection, key.child)
        if child is None or not key.column.endswith(CONTENT_TYPE):
            continue
        object_column = key.column.removesuffix(CONTENT_TYPE) + OBJECT
        if object_column in child.columns:
            object_type = child.columns[object_column].cast_type
            found.append(GenericReference(key.child, content_types, key.column, object_column, object_type))
    return found
