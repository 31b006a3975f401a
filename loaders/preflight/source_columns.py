"""Holds the legacy server's columns against the source catalogue and the column maps, in both directions (P3)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Protocol

from loaders.preflight.expected import Catalogue, ColumnMaps, ExpectedColumn, common_character_set, common_type
from loaders.publish.findings import Finding
from loaders.settings import Settings
from loaders.singer.tap_mysql.catalogue import read_tables as read_mysql_tables
from loaders.singer.tap_mysql.source import connect as connect_mysql
from loaders.singer.tap_postgres.catalogue import read_tables as read_postgres_tables
from loaders.singer.tap_postgres.source import connect as connect_postgres
from loaders.singer.tap_postgres.source import naming_errors as naming_postgres_errors
from loaders.sources import mysql_config, postgres_config
from loaders.systems import System


class LiveColumn(Protocol):
    """A column as the server shows it."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def sql_type(self) -> str:
        """Its type."""

    @property
    def character_set(self) -> str | None:
        """Its character set, where a column has one of its own."""

    @property
    def nullable(self) -> bool:
        """Whether it may be NULL."""


class LiveTable(Protocol):
    """A table as the server shows it."""

    @property
    def columns(self) -> tuple[LiveColumn, ...]:
        """Its columns."""

    @property
    def key(self) -> tuple[str, ...]:
        """Its primary key's columns."""


def read_source(settings: Settings) -> Mapping[str, LiveTable]:
    """The legacy database's tables and views as its own catalogue shows them.

    Raises:
        ServiceError: the server is out of reach or refuses the account.
    """
    if settings.system.server == "postgres":
        config = postgres_config(settings)
        with naming_postgres_errors(config.database), connect_postgres(config) as postgres:
            return read_postgres_tables(postgres, config)
    mysql = connect_mysql(mysql_config(settings))
    try:
        return read_mysql_tables(mysql, mysql_config(settings))
    finally:
        mysql.close()


def compare_source(
    live: Mapping[str, LiveTable], system: System, catalogue: Catalogue, maps: ColumnMaps, published: Collection[str]
) -> list[Finding]:
    """Every difference between the source, the catalogue and the column maps; tables of other areas are no difference.

    Args:
        live: the source's tables by name.
        system: the source's.
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
        findings += _column_findings(system, table, live[table], expected)
        mapped = maps.get(table)
        findings += _map_findings(system, table, live[table], expected, mapped, is_published=table in published)
    for table in sorted(maps.keys() - catalogue.keys()):
        problem = f"has a column map and is not in {_catalogue(system)}"
        findings.append(Finding("holds", "", table, problem, "Correct either."))
    return findings


def _column_findings(
    system: System, table: str, live: LiveTable, expected: Mapping[str, ExpectedColumn]
) -> Iterator[Finding]:
    catalogue_first = f"Put it into {_catalogue(system)} as the source has it"
    for column in live.columns:
        known, where = expected.get(column.name), f"{table}.{column.name}"
        if known is None:
            todo = f"{catalogue_first}, say in {_column_map(system, table)} what becomes of it; {_REMAKE}"
            yield Finding("holds", "", where, "is new in the source: nobody has said what becomes of it", todo)
            continue
        for what, is_now, was in (
            ("type", common_type(column.sql_type), known.sql_type),
            ("character set", common_character_set(column.character_set), known.character_set),
            ("place in the primary key", column.name in live.key, known.is_key),
        ):
            if is_now != was:
                problem = f"its {what} is {_shown(is_now)} in the source and {_shown(was)} in the catalogue"
                todo = f"{catalogue_first}, see whether its models still hold; {_REMAKE}"
                yield Finding("holds", "", where, problem, todo)
        if column.nullable and not known.nullable:
            yield Finding("note", "", where, "may be NULL in the source, not in the catalogue", f"{catalogue_first}.")
    names = {column.name for column in live.columns}
    for name in expected:
        if name not in names:
            whose = f"{_catalogue(system)} and the column map"
            todo = f"Ask who dropped or renamed it, then take it out of {whose}; {_REMAKE}"
            yield Finding("holds", "", f"{table}.{name}", "is gone from the source", todo)


def _map_findings(
    system: System,
    table: str,
    live: LiveTable,
    expected: Mapping[str, ExpectedColumn],
    mapped: frozenset[str] | None,
    *,
    is_published: bool,
) -> Iterator[Finding]:
    path = _column_map(system, table)
    if mapped is None:
        yield Finding("holds" if is_published else "note", "", table, "has no column map", f"Write {path}.")
        return
    for name in expected:
        if name not in mapped:
            yield Finding("holds", "", f"{table}.{name}", "has no line in the column map", f"Complete {path}.")
    names = {column.name for column in live.columns}
    for name in sorted(mapped - expected.keys()):
        if name not in names:
            problem = "is in the column map, and neither in the source nor in the catalogue"
            yield Finding("holds", "", f"{table}.{name}", problem, f"Correct {path}.")


def _catalogue(system: System) -> str:
    return f"{system.seeds_name}/ledger/source_columns.csv"


def _column_map(system: System, table: str) -> str:
    return f"{system.seeds_name}/column_maps/{table}.csv"


_REMAKE = "then run python -m loaders.catalogue.source_yaml and dbt build."


def _shown(value: str | bool) -> str:
    if isinstance(value, bool):
        return "given" if value else "not given"
    return value or "none"
