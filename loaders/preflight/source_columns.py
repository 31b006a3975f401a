"""Holds the legacy server's columns against the source catalogue and the column maps, in both directions (P3)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from loaders.preflight.expected import Catalogue, ColumnMaps, ExpectedColumn, common_character_set, common_type
from loaders.publish.findings import Finding
from loaders.settings import Settings
from loaders.singer.tap_mysql.catalogue import Table, read_tables
from loaders.singer.tap_mysql.config import TapConfig
from loaders.singer.tap_mysql.source import connect

CATALOGUE = "seeds/ledger/source_columns.csv"
_CATALOGUE_FIRST = f"Put it into {CATALOGUE} as the source has it"


def read_source(settings: Settings) -> Mapping[str, Table]:
    """The legacy database's tables and views as its information_schema shows them.

    Raises:
        ServiceError: the server is out of reach or refuses the account.
    """
    config = TapConfig(
        host=settings.source_host,
        port=settings.source_port,
        user=settings.source_user,
        password=settings.source_password,
        database=settings.source_database,
    )
    connection = connect(config)
    try:
        return read_tables(connection, config)
    finally:
        connection.close()


def compare_source(
    live: Mapping[str, Table], catalogue: Catalogue, maps: ColumnMaps, published: Collection[str]
) -> list[Finding]:
    """Every difference between the source, the catalogue and the column maps; tables of other areas are no difference.

    Args:
        live: the source's tables by name.
        catalogue: what we take them to be.
        maps: which columns have been given a place.
        published: source tables that a publish contract names.
    """
    findings: list[Finding] = []
    for table, expected in catalogue.items():
        if table not in live:
            todo = "Ask who dropped or renamed it; replication stops without it."
            findings.append(Finding("blocks", "", table, "the table is gone from the source", todo))
            continue
        findings += _column_findings(table, live[table], expected)
        findings += _map_findings(table, live[table], expected, maps.get(table), is_published=table in published)
    for table in sorted(maps.keys() - catalogue.keys()):
        findings.append(Finding("holds", "", table, f"has a column map and is not in {CATALOGUE}", "Correct either."))
    return findings


def _column_findings(table: str, live: Table, expected: Mapping[str, ExpectedColumn]) -> Iterator[Finding]:
    for column in live.columns:
        known, where = expected.get(column.name), f"{table}.{column.name}"
        if known is None:
            todo = f"{_CATALOGUE_FIRST}, say in seeds/column_maps/{table}.csv what becomes of it; {_REMAKE}"
            yield Finding("holds", "", where, "is new in the source: nobody has said what becomes of it", todo)
            continue
        for what, is_now, was in (
            ("type", common_type(column.column_type), known.mysql_type),
            ("character set", common_character_set(column.character_set), known.character_set),
            ("place in the primary key", column.name in live.key, known.is_key),
        ):
            if is_now != was:
                problem = f"its {what} is {_shown(is_now)} in the source and {_shown(was)} in the catalogue"
                todo = f"{_CATALOGUE_FIRST}, see whether its models still hold; {_REMAKE}"
                yield Finding("holds", "", where, problem, todo)
        if column.nullable and not known.nullable:
            yield Finding("note", "", where, "may be NULL in the source, not in the catalogue", f"{_CATALOGUE_FIRST}.")
    names = {column.name for column in live.columns}
    for name in expected:
        if name not in names:
            todo = f"Ask who dropped or renamed it, then take it out of {CATALOGUE} and the column map; {_REMAKE}"
            yield Finding("holds", "", f"{table}.{name}", "is gone from the source", todo)


def _map_findings(
    table: str,
    live: Table,
    expected: Mapping[str, ExpectedColumn],
    mapped: frozenset[str] | None,
    *,
    is_published: bool,
) -> Iterator[Finding]:
    path = f"seeds/column_maps/{table}.csv"
    if mapped is None:
        yield Finding("holds" if is_published else "note", "", table, "has no column map", f"Write {path}.")
        return
    for name in expected:
        if name not in mapped:
            yield Finding("holds", "", f"{table}.{name}", "has no line in the column map", f"Complete {path}.")
    for name in sorted(mapped - expected.keys()):
        if live.column(name) is None:
            problem = "is in the column map, and neither in the source nor in the catalogue"
            yield Finding("holds", "", f"{table}.{name}", problem, f"Correct {path}.")


_REMAKE = "then run python -m loaders.catalogue.source_yaml and dbt build."


def _shown(value: str | bool) -> str:
    if isinstance(value, bool):
        return "given" if value else "not given"
    return value or "none"
