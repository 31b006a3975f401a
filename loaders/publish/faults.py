"""Which database errors are one row's fault, and how an error is told without its values (reliability X1, P11)."""

from __future__ import annotations

import psycopg

from loaders.publish.catalogue import Table

# Data exceptions, integrity violations, values beyond a limit (that of an index entry), and what a trigger of the
# application raises.
_ROW_CLASSES = ("22", "23", "54", "P0")


def is_row_fault(error: psycopg.Error) -> bool:
    """Whether some row of the batch, and not the server, is to blame."""
    return error.sqlstate is not None and error.sqlstate.startswith(_ROW_CLASSES)


def describe(error: psycopg.Error) -> str:
    """An error as SQLSTATE, table, column and constraint; PostgreSQL's own message may carry the row's values."""
    diagnosis = error.diag
    where = ".".join(filter(None, (diagnosis.schema_name, diagnosis.table_name, diagnosis.column_name)))
    parts = [f"SQLSTATE {error.sqlstate or 'none'}"]
    parts += [f"on {where}"] if where else []
    parts += [f"constraint {diagnosis.constraint_name}"] if diagnosis.constraint_name else []
    return " ".join(parts)


def faulty_columns(error: psycopg.Error, target: Table) -> str | None:
    """The columns that an error names, itself or by its constraint; None when it names none."""
    if error.diag.column_name:
        return error.diag.column_name
    constraint = error.diag.constraint_name
    return target.constraint_columns.get(constraint) if constraint else None
