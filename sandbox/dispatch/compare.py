"""Holds what the pipeline did with the dispatch system against the answer key, row by row."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import sql

from loaders.database import fetch_value
from loaders.errors import ConfigurationError
from sandbox.answer_key import Comparison, Difference
from sandbox.dispatch.answers import NOTIFICATIONS

_SHOWN = 10
# Expected rows can be long; csv's own limit of a field is not.
csv.field_size_limit(1 << 30)
Outcome = tuple[str, str]


@dataclass
class Expected:
    """What the lines that hold say of one source row.

    Args:
        outcomes: disposition and reason; several are a contradiction in the answer key.
        targets: columns by target table.
    """

    outcomes: set[Outcome] = field(default_factory=set)
    targets: dict[str, dict[str, str | None]] = field(default_factory=dict)


@dataclass(frozen=True)
class TableKey:
    """The answer key of one table under the options that are chosen.

    Args:
        rows: by source key.
        options: those of the chosen options that lines name.
        counts: rows of the whole table by outcome.
    """

    rows: dict[str, Expected]
    options: frozenset[str]
    counts: Counter[Outcome]


def compare(connection: psycopg.Connection, answer_key: Path, outcomes: Path) -> list[Comparison]:
    """Hold the outcomes, and the rows of the orders platform, against the answer key.

    Args:
        connection: to the target; may read the seeds, the id map and the application's tables.
        answer_key: folder as `write_answers` fills it.
        outcomes: the CSV that `dtx reconcile --rows` writes: source_table, source_key, disposition, reason_code.

    Returns:
        One comparison a component. Of the notifications each is counted, and those with lines are compared.

    Raises:
        ConfigurationError: the target has no register of decisions: nothing was built in it yet.
    """
    if fetch_value(connection, "select to_regclass('migration_seeds.decisions')") is None:
        raise ConfigurationError(
            "the orders platform has no migration_seeds.decisions, so nobody knows which options are chosen",
            hint="Run the dispatch migration first; its build loads the register.",
        )
    options = {chosen for (chosen,) in connection.execute("select chosen from migration_seeds.decisions")}
    keys = {path.stem: read_key(path, options) for path in sorted(answer_key.glob("*.csv")) if path.stem != "growth"}
    actual = _read_outcomes(outcomes, keys)
    return [_compare_table(connection, table, key, actual[table]) for table, key in keys.items()]


def read_key(path: Path, options: set[str]) -> TableKey:
    """The lines of one table that hold under the options; lines of one source row are put together."""
    rows: dict[str, Expected] = {}
    named = set()
    for line in _lines(path):
        named.add(line["option"])
        if line["option"] and line["option"] not in options:
            continue
        row = rows.setdefault(line["source_key"], Expected())
        row.outcomes.add((line["disposition"], line["reason_code"]))
        for target in json.loads(line["expected"] or "[]"):
            row.targets.setdefault(target["target_table"], {}).update(target["columns"])
    counts = Counter(outcome for row in rows.values() for outcome in row.outcomes)
    if path.stem == NOTIFICATIONS:
        counts = Counter()
        for line in _lines(path.parent / "counts" / path.name):
            if line["option"] in options:
                counts[line["disposition"], line["reason_code"]] = int(line["rows"])
    return TableKey(rows, frozenset(named & options), counts)


def _lines(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


@dataclass
class Actual:
    """What became of one table's rows: all of them counted, those that have lines by source key."""

    counts: Counter[Outcome] = field(default_factory=Counter)
    by_key: dict[str, Outcome] = field(default_factory=dict)


def _read_outcomes(path: Path, keys: Mapping[str, TableKey]) -> dict[str, Actual]:
    found = {table: Actual() for table in keys}
    with path.open(encoding="utf-8", newline="") as file:
        lines = csv.reader(file)
        next(lines)
        for table, key, disposition, reason in lines:
            if table not in found:
                continue
            found[table].counts[disposition, reason] += 1
            if key in keys[table].rows:
                found[table].by_key[key] = (disposition, reason)
    return found


def _compare_table(connection: psycopg.Connection, table: str, key: TableKey, actual: Actual) -> Comparison:
    published = _read_published(connection, table, list(key.rows))
    differences = [
        *_outcome_differences(table, key.rows, actual.by_key),
        *_target_differences(connection, table, key.rows, published),
        *_count_differences(table, key.counts, actual.counts),
    ]
    rows = _count_published(connection, table)
    publishes = sum(number for (disposition, _), number in key.counts.items() if disposition == "publish")
    if rows != publishes:
        differences.append(Difference(table, "", f"{publishes} target rows", f"{rows} target rows"))
    return Comparison(
        table=table,
        option="+".join(sorted(key.options)),
        rows=actual.counts.total(),
        target_rows=rows,
        differences=len(differences),
        first=tuple(differences[:_SHOWN]),
    )


def _outcome_differences(table: str, expected: dict[str, Expected], actual: dict[str, Outcome]) -> Iterator[Difference]:
    for key, row in expected.items():
        found = actual.get(key)
        if row.outcomes != {found}:
            wanted = " or ".join(sorted(" ".join(outcome) for outcome in row.outcomes))
            yield Difference(table, key, wanted, " ".join(found) if found else "no outcome")


_OURS = "from migration.id_map where entity = %s and batch_id is not null and state = 'migrated'"


def _count_published(connection: psycopg.Connection, table: str) -> int:
    return int(fetch_value(connection, f"select count(*) {_OURS}", [table]))


def _read_published(connection: psycopg.Connection, table: str, keys: list[str]) -> dict[str, tuple[str, str]]:
    """Target table and id by source key, of what the id map says is published."""
    statement = f"select source_key, target_table, target_id {_OURS} and source_key = any(%s)"
    return {key: (target, identifier) for key, target, identifier in connection.execute(statement, [table, keys])}


def _target_differences(
    connection: psycopg.Connection, table: str, expected: dict[str, Expected], published: dict[str, tuple[str, str]]
) -> Iterator[Difference]:
    wanted = [(key, target, columns) for key, row in expected.items() for target, columns in row.targets.items()]
    for target in sorted({target for _, target, _ in wanted}):
        rows = {key: columns for key, of_table, columns in wanted if of_table == target}
        names = sorted({name for columns in rows.values() for name in columns})
        identifiers = {key: published[key][1] for key in rows if published.get(key, ("", ""))[0] == target}
        actual = _read_target(connection, target, names, list(identifiers.values()))
        for key, columns in rows.items():
            found = actual.get(identifiers.get(key, ""))
            if found is None:
                yield Difference(table, key, f"a row of {target}", "no target row")
            elif wrong := [name for name, value in columns.items() if found[name] != value]:
                yield Difference(
                    table,
                    key,
                    f"{target} {json.dumps({name: columns[name] for name in wrong}, ensure_ascii=False)}",
                    json.dumps({name: found[name] for name in wrong}, ensure_ascii=False),
                )
    for key, row in expected.items():
        if not row.targets and key in published:
            yield Difference(table, key, "no target row", " ".join(published[key]))


def _read_target(
    connection: psycopg.Connection, target: str, names: list[str], identifiers: list[str]
) -> dict[str, dict[str, str | None]]:
    """Columns as text by id."""
    statement = sql.SQL("select id::text, {} from {} where id = any(%s::uuid[])").format(
        sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(name)) for name in names),
        sql.Identifier(*target.split(".")),
    )
    return {
        identifier: dict(zip(names, values, strict=True))
        for identifier, *values in connection.execute(statement, [identifiers])
    }


def _count_differences(table: str, expected: Counter[Outcome], actual: Counter[Outcome]) -> Iterator[Difference]:
    for outcome in sorted(expected.keys() | actual.keys()):
        if expected[outcome] != actual[outcome]:
            yield Difference(table, "", f"{expected[outcome]} {' '.join(outcome)}", f"{actual[outcome]} of them")
