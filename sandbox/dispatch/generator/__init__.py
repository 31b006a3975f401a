"""Fills the dispatch system, the orders platform's parents, and the answer key (docs/dispatch.md)."""

from __future__ import annotations

import psycopg
from psycopg import sql

from loaders.database import fetch_value
from sandbox.dispatch.databases import Databases
from sandbox.dispatch.generator import (
    content_types,
    instructions,
    notes,
    notifications,
    parents,
    payments,
    people,
    templates,
)
from sandbox.dispatch.generator.plan import WITHOUT_PROFILE, Plan, Tables
from sandbox.generator.postgres_copy import PostgresCopier

__all__ = ["Plan", "fill"]


def fill(databases: Databases, plan: Plan) -> dict[str, int]:
    """Fill both databases, newly created, and add the source's keys.

    Returns:
        Rows of the source by table.
    """
    tables = small_tables(plan.seed)
    with databases.source() as source:
        copier = PostgresCopier(source)
        counts = {
            table: copier.copy(f"public.{table}", _columns(source, table), rows) for table, rows in tables.items()
        }
        notifications.make_bulk(source, plan.notification_rows, plan.seed)
        for table in tables:
            source.execute(
                sql.SQL("select setval(pg_get_serial_sequence({}, 'id'), max(id)) from {}").format(
                    sql.Literal(table), sql.Identifier(table)
                )
            )
    databases.add_source_keys()
    with databases.source(autocommit=True) as source:
        source.execute("vacuum analyze")
    with databases.target() as target:
        copier = PostgresCopier(target)
        for table, rows in parents.generate(tables, WITHOUT_PROFILE).items():
            copier.copy(f"public.{table}", parents.COLUMNS[table], rows)
    with databases.target(autocommit=True) as target:
        target.execute("vacuum analyze")
    return counts | {"dispatch_notification": plan.notification_rows}


def _columns(connection: psycopg.Connection, table: str) -> str:
    """Names of a table's columns in their order, separated by blanks."""
    statement = """
        select string_agg(column_name, ' ' order by ordinal_position)
        from information_schema.columns
        where table_schema = 'public' and table_name = %s
    """
    return str(fetch_value(connection, statement, [table]))


def small_tables(seed: int) -> Tables:
    """Rows of every table, of the notifications the planted ones."""
    tables = dict(people.generate(seed))
    roles = [row[0] for row in tables["dispatch_role"]]
    rows = instructions.generate(seed, tables["dispatch_patient"])
    return {
        **tables,
        "django_content_type": content_types.generate(),
        "dispatch_globalsetting": [(1, "gateway_token", "synthetic-token"), (2, "company_name", "Example Laboratory")],
        **templates.generate(seed, roles),
        "dispatch_instruction": rows,
        **payments.generate(seed, rows, tables["dispatch_patient"]),
        "dispatch_note": notes.generate(seed),
        "dispatch_notification": notifications.planted(),
    }
