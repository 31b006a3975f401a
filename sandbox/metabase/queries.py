"""Running queries on the real PostgreSQL, as the read-only role that the database's details name."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from datetime import time as clock
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql

from sandbox.metabase import access, errors, mbql, parameters
from sandbox.metabase.columns import Column, QueryError, told
from sandbox.metabase.compiler import compile_query
from sandbox.metabase.native import Values
from sandbox.metabase.postgres import connect
from sandbox.metabase.registry import Call, Plain, handles
from sandbox.metabase.settings import setting
from sandbox.metabase.store import Document, Store

# Metabase's own limits: rows shown of a plain and of an aggregated query, rows exported.
SHOWN, SHOWN_AGGREGATED, EXPORTED = 2_000, 10_000, 1_048_575


@dataclass(frozen=True)
class Result:
    """Rows as JSON takes them, their columns, and the SQL that gave them."""

    rows: list[list[Any]]
    columns: tuple[Column, ...]
    statement: str
    limit: int


def run(
    store: Store,
    query: Mapping[str, Any],
    values: Values | None = None,
    conditions: Sequence[list[Any]] = (),
    *,
    limit: int | None = None,
) -> Result:
    """Run a kept query.

    Raises:
        QueryError: it cannot be compiled, or PostgreSQL refuses it.
    """
    database = store.find("database", query["database"])
    if database is None:
        raise QueryError(f"Database {query['database']} does not exist.")
    compiled = compile_query(store, query, values, conditions)
    limit = (SHOWN_AGGREGATED if compiled.aggregated else SHOWN) if limit is None else limit
    zone = setting(store, "report-timezone")
    try:
        with connect(database["details"]) as connection, connection.cursor() as cursor:
            if zone:
                connection.execute("select set_config('timezone', %s, false)", [zone])
            text = compiled.statement.as_string(connection)
            # A cursor's fetch of `limit` rows would have the server send all of them.
            cursor.execute(sql.SQL("select * from ({}) as limited limit {}").format(compiled.statement, limit))
            columns = told(compiled.columns, list(cursor.description or []))
            rows = [[plain(value) for value in row] for row in cursor]
    except psycopg.Error as error:
        message = error.diag.message_primary or str(error)
        raise QueryError(f"ERROR: {message}", "invalid-query") from None
    return Result(rows, columns, text, limit)


def plain(value: Any) -> Any:
    """A value of PostgreSQL's as Metabase's JSON has it."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, (datetime, date, clock)):
        return value.isoformat()
    if isinstance(value, (UUID, timedelta)):
        return str(value)
    if isinstance(value, (bytes, memoryview)):
        return bytes(value).hex()
    if isinstance(value, dict):
        return json.dumps(value)
    return [plain(each) for each in value] if isinstance(value, list) else value


def result_columns(store: Store, query: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """What a query's columns are; None when it does not run, or not without parameters."""
    try:
        found = run(store, query, limit=0)
    except QueryError:
        return None
    return [column.described() for column in found.columns]


def _answer(store: Store, query: Document, ask: Mapping[str, Any], declared: Sequence[Document]) -> dict[str, Any]:
    """A result as Metabase answers it, `completed` or `failed`."""
    started = time.monotonic()
    answer: dict[str, Any] = {"database_id": query["database"], "json_query": dict(query), "context": "question"}
    try:
        values, conditions = parameters.read(query, declared, ask.get("parameters") or [])
        result = run(store, query, values, conditions)
    except QueryError as error:
        data: dict[str, Any] = {"rows": [], "cols": []}
        failure = {"status": "failed", "error": str(error), "error_type": error.kind, "row_count": 0, "data": data}
        return {**answer, **failure, "running_time": int(1000 * (time.monotonic() - started))}
    columns = [column.described() for column in result.columns]
    data = {
        "rows": result.rows,
        "cols": columns,
        "native_form": {"query": result.statement, "params": None},
        "results_timezone": setting(store, "report-timezone") or "UTC",
        "results_metadata": {"columns": columns},
        "insights": None,
    }
    if len(result.rows) == result.limit:
        data["rows_truncated"] = result.limit
    answer |= {"status": "completed", "row_count": len(result.rows), "data": data}
    return {**answer, "running_time": int(1000 * (time.monotonic() - started))}


def _card(call: Call) -> Document:
    card = call.store.find("card", call.number)
    if card is None:
        raise errors.not_found()
    access.require_read(call.store, call.caller, card["collection_id"])
    return card


@handles("card.query")
def query_card(call: Call) -> Any:
    """Run a card; 202 whether it works or not. Reading its collection is enough."""
    card = _card(call)
    return _answer(call.store, card["dataset_query"], call.body or {}, card["parameters"])


@handles("dataset.query")
def query_dataset(call: Call) -> Any:
    """Run a query that nobody kept; needs the right to make queries on its database."""
    query = mbql.to_mbql5(call.body)
    access.require_queries(call.store, call.caller, query["database"], native=mbql.is_native(query))
    return _answer(call.store, query, {}, [])


@handles("card.export")
def export_card(call: Call) -> Any:
    """A card's rows as CSV or JSON, its columns as its settings order, hide and title them; values unformatted."""
    card, kind, body = _card(call), call.path["format"], call.body or {}
    if kind not in ("csv", "json", "api"):
        raise errors.assertion_failed("the stand-in writes csv and json only")
    given = body.get("parameters") or []
    given = json.loads(given) if isinstance(given, str) else given
    if kind == "api":
        answer = _answer(call.store, card["dataset_query"], {"parameters": given}, card["parameters"])
        return Plain(200, json.dumps(answer).encode(), "application/json; charset=utf-8")
    try:
        values, conditions = parameters.read(card["dataset_query"], card["parameters"], given)
        result = run(call.store, card["dataset_query"], values, conditions, limit=EXPORTED)
    except QueryError as error:
        raise errors.ApiError(500, {"status": "failed", "message": str(error), "error_type": error.kind}) from None
    places = _places(result.columns, card["visualization_settings"])
    titles = [_title(result.columns[place], card["visualization_settings"]) for place in places]
    rows = [[row[place] for place in places] for row in result.rows]
    if kind == "json":
        text = json.dumps([dict(zip(titles, row, strict=True)) for row in rows], ensure_ascii=False)
        return Plain(200, text.encode(), "application/json; charset=utf-8")
    target = io.StringIO()
    csv.writer(target, lineterminator="\n").writerows([titles, *rows])
    return Plain(200, target.getvalue().encode(), "text/csv; charset=utf-8")


def _places(columns: Sequence[Column], look: Mapping[str, Any]) -> list[int]:
    """Which columns show, and in which order; all of them when `table.columns` says nothing."""
    wanted = look.get("table.columns")
    if not wanted:
        return list(range(len(columns)))
    places = {column.name: place for place, column in enumerate(columns)}
    return [places[each["name"]] for each in wanted if each["enabled"] and each["name"] in places]


def _title(column: Column, look: Mapping[str, Any]) -> str:
    key = json.dumps(["name", column.name], separators=(",", ":"), ensure_ascii=False)
    title: str = look.get("column_settings", {}).get(key, {}).get("column_title") or column.display_name
    return title
