"""What the legacy database holds, as information_schema shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from loaders.errors import ConfigurationError, LossError
from loaders.singer.tap_mysql.config import TapConfig
from loaders.singer.tap_mysql.rendering import Column
from loaders.singer.tap_mysql.source import Connection, query

_TRANSACTIONAL_ENGINES = frozenset({"InnoDB", "RocksDB", "TokuDB"})

_TABLES = """
select table_name, table_type = 'VIEW', engine, coalesce(data_length, 0), coalesce(table_rows, 0)
from information_schema.tables where table_schema = %s and table_type in ('BASE TABLE', 'VIEW') order by table_name
"""
_COLUMNS = """
select table_name, column_name, lower(data_type), lower(column_type), character_set_name, is_nullable = 'YES'
from information_schema.columns where table_schema = %s order by table_name, ordinal_position
"""
_KEYS = """
select table_name, column_name from information_schema.key_column_usage
where table_schema = %s and constraint_name = 'PRIMARY' order by table_name, ordinal_position
"""


@dataclass(frozen=True)
class Table:
    """A table or view of the legacy database."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    is_view: bool
    engine: str | None
    data_bytes: int
    approximate_rows: int

    @property
    def in_snapshot(self) -> bool:
        """Whether a transaction's snapshot covers it; a view's tables are judged by themselves."""
        return self.is_view or self.engine in _TRANSACTIONAL_ENGINES


def read_tables(connection: Connection, config: TapConfig) -> dict[str, Table]:
    """Read the tables of the configured database, or those of them that are configured.

    Raises:
        LossError: a configured table is not there.
        ConfigurationError: a column to be read as bytes is not there.
    """
    columns: dict[str, list[Column]] = {}
    for table, name, data_type, column_type, character_set, nullable in query(connection, _COLUMNS, (config.database,)):
        as_bytes = f"{table}.{name}" in config.bytes_columns
        column = Column(name, data_type, column_type, character_set, bool(nullable), as_bytes)
        columns.setdefault(table, []).append(column)
    keys: dict[str, list[str]] = {}
    for table, name in query(connection, _KEYS, (config.database,)):
        keys.setdefault(table, []).append(name)
    tables = {
        name: Table(
            name=name,
            # A view's columns may be NULL where information_schema says they are not.
            columns=tuple(replace(c, nullable=True) if is_view else c for c in columns.get(name, [])),
            key=tuple(keys.get(name, ())),
            is_view=bool(is_view),
            engine=engine,
            data_bytes=int(data_bytes),
            approximate_rows=int(rows),
        )
        for name, is_view, engine, data_bytes, rows in query(connection, _TABLES, (config.database,))
    }
    _check_configuration(tables, config)
    return {name: table for name, table in tables.items() if not config.tables or name in config.tables}


def _check_configuration(tables: Mapping[str, Table], config: TapConfig) -> None:
    if missing := [name for name in config.tables if name not in tables]:
        raise LossError(
            f"tables are gone from {config.database}: {', '.join(missing)}",
            hint="If they were dropped on purpose, take them out of tap-mysql's `tables` in meltano.yml.",
        )
    known = {f"{table.name}.{column.name}" for table in tables.values() for column in table.columns}
    if unknown := sorted(config.bytes_columns - known):
        raise ConfigurationError(
            f"bytes_columns names columns that {config.database} does not have: {', '.join(unknown)}",
            hint="Correct tap-mysql's `bytes_columns` in meltano.yml.",
        )
