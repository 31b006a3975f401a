"""The first rows of each question, read as the role that Metabase reads with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg import Connection, sql

from loaders.metabase.catalogue import Question
from loaders.metabase.desired import SCHEMA
from loaders.metabase.preview import Sample


def read_samples(
    connection: Connection[Any], questions: Sequence[Question], *, limit: int, seconds: int
) -> dict[str, Sample]:
    """Run each question that is to be created, in one read-only snapshot.

    Args:
        connection: of the reporting role, not in a transaction.
        questions: the catalogue's.
        limit: rows of each.
        seconds: what one question may take.

    Returns:
        By question key; a question that cannot be run has its problem, without a value of a row.
    """
    samples = {}
    with connection.transaction():
        connection.execute("set transaction isolation level repeatable read, read only")
        connection.execute(sql.SQL("set local statement_timeout = {}").format(f"{seconds}s"))
        for question in questions:
            if question.coverage != "none":
                samples[question.question_key] = _read(connection, question, limit)
    return samples


def _read(connection: Connection[Any], question: Question, limit: int) -> Sample:
    try:
        with connection.transaction():
            return Sample(rows=connection.execute(_query(question, limit)).fetchall())
    except psycopg.errors.QueryCanceled:
        return Sample(problem="It takes longer than a preview may.")
    except psycopg.Error as error:
        return Sample(
            problem=f"{question.reporting_model}: {type(error).__name__} (SQLSTATE {error.sqlstate or 'none'})"
        )


def _query(question: Question, limit: int) -> sql.Composed:
    of_account = sql.SQL(" where account_id = {}").format(question.account_id)
    return sql.SQL("select {columns} from {model}{condition} limit {limit}").format(
        columns=sql.SQL(", ").join(sql.Identifier(column.reporting_column) for column in question.columns),
        model=sql.Identifier(SCHEMA, question.reporting_model or ""),
        condition=sql.SQL("") if question.account_id is None else of_account,
        limit=limit,
    )
