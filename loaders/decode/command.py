"""`dtx decode`: which payload columns are there, decode each, say what became of every row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from loaders.console import print_json, print_table, stderr
from loaders.database import connect
from loaders.decode.payload_columns import PayloadColumn, read_payload_columns
from loaders.decode.stage import Outcome, decode_column, replicated_columns
from loaders.errors import ConfigurationError
from loaders.settings import load_settings

_REPLICATE = "Run `meltano run tap-mysql target-postgres` with this table selected, then `dtx decode` again."


def decode(
    tables: Annotated[
        list[str] | None,
        typer.Argument(help="Source tables to decode; without any, all that hold PHP payloads and are replicated."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as one JSON document.")] = False,
) -> None:
    """Decode the PHP payloads of raw_dtx1 into schema decoded; a rejected payload is a row there, not a failure."""
    settings = load_settings()
    columns = _named(read_payload_columns(), tables or [])
    with (
        connect(settings, "transform", autocommit=True) as reader,
        connect(settings, "transform", autocommit=True) as writer,
    ):
        types = {table: replicated_columns(reader, table) for table in {column.table for column in columns}}
        present = [column for column in columns if types[column.table]]
        absent = [column for column in columns if not types[column.table]]
        if absent and (tables or not present):
            raise ConfigurationError(f"not replicated yet: {_tables(absent)} in schema raw_dtx1", hint=_REPLICATE)
        for column in present:
            _require_shape(column, types[column.table])
        outcomes = [decode_column(reader, writer, column) for column in present]

    if as_json:
        print_json(_document(outcomes, absent))
        return
    _print(outcomes)
    if absent:
        stderr.print(f"not replicated, so not decoded: {_tables(absent)}", soft_wrap=True)


def _named(columns: list[PayloadColumn], tables: Sequence[str]) -> list[PayloadColumn]:
    known = {column.table for column in columns}
    if unknown := sorted(set(tables) - known):
        raise ConfigurationError(
            f"the source catalogue knows no PHP payloads in {', '.join(unknown)}",
            hint=f"Tables with payloads: {', '.join(sorted(known))}.",
        )
    return [column for column in columns if not tables or column.table in tables]


def _require_shape(column: PayloadColumn, types: dict[str, str]) -> None:
    for name in (*column.key_columns, column.column):
        if name not in types:
            raise ConfigurationError(f"raw_dtx1.{column.table} has no column {name}", hint=_REPLICATE)
    if types[column.column] != "bytea":
        raise ConfigurationError(
            f"raw_dtx1.{column.name} is {types[column.column]}, not bytea: PHP's lengths count stored bytes",
            hint="Replicate it with this project's own tap-mysql, which reads php_payload columns as bytes.",
        )


def _tables(columns: Sequence[PayloadColumn]) -> str:
    return ", ".join(dict.fromkeys(column.table for column in columns))


def _print(outcomes: Sequence[Outcome]) -> None:
    print_table(
        "Decoded payloads",
        ["column", "status", "reason", "rows", "length recount offered"],
        [line for outcome in outcomes for line in _lines(outcome)],
    )


def _lines(outcome: Outcome) -> list[tuple[object, ...]]:
    name = outcome.column.name
    return [
        (name, "source rows", "", outcome.rows, ""),
        (name, "ok", "", outcome.verdicts["ok", None], ""),
        *((name, "empty", reason, rows, "") for reason, rows in outcome.by_reason("empty").items()),
        *(
            (name, "rejected", reason, rows, outcome.recountable if reason == "length_mismatch" else "")
            for reason, rows in outcome.by_reason("rejected").items()
        ),
    ]


def _document(outcomes: Sequence[Outcome], absent: Sequence[PayloadColumn]) -> dict[str, Any]:
    return {
        "schema": "dtx.decode/1",
        "columns": [
            {
                "column": outcome.column.name,
                "decoded_table": f"decoded.{outcome.column.decoded_table}",
                "source_rows": outcome.rows,
                "decoded_rows": outcome.verdicts.total(),
                "ok": outcome.verdicts["ok", None],
                "empty": outcome.by_reason("empty"),
                "rejected": outcome.by_reason("rejected"),
                "length_recount_offered": outcome.recountable,
            }
            for outcome in outcomes
        ],
        "not_replicated": [column.name for column in absent],
    }
