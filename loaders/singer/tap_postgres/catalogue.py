"""What the source database holds, as its system catalogue shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import psycopg

from loaders.errors import ConfigurationError, LossError
from loaders.singer.tap_postgres.config import TapConfig

_TEMPORAL = frozenset({"date", "timestamp without time zone", "timestamp with time zone"})
_BOOKMARK_TYPES = _TEMPORAL | {"smallint", "integer", "bigint"}

# A partition is read with the table that it is part of.
_TABLES = """
select c.oid::bigint, c.relname::text, c.relkind::text, pg_catalog.pg_relation_size(c.oid),
       greatest(c.reltuples, 0)::bigint
from pg_catalog.pg_class c
where c.relnamespace = to_regnamespace(quote_ident(%s)) and c.relkind in ('r', 'p', 'v', 'm') and not c.relispartition
order by c.relname
"""
_COLUMNS = """
select a.attrelid::bigint, a.attname::text, pg_catalog.format_type(a.atttypid, a.atttypmod),
       pg_catalog.format_type(coalesce(nullif(t.typbasetype, 0), t.oid), null), not (a.attnotnull or t.typnotnull)
from pg_catalog.pg_attribute a join pg_catalog.pg_type t on t.oid = a.atttypid
where a.attrelid = any(%s) and a.attnum > 0 and not a.attisdropped
order by a.attrelid, a.attnum
"""
_KEYS = """
select i.indrelid::bigint, a.attname::text
from pg_catalog.pg_index i
cross join lateral unnest(i.indkey::smallint[]) with ordinality as part (attnum, ordinal)
join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = part.attnum
where i.indrelid = any(%s) and i.indisprimary
order by i.indrelid, part.ordinal
"""


@dataclass(frozen=True)
class Column:
    """A column; `data_type` is the type without its length, of a domain the type that it is made of."""

    name: str
    sql_type: str
    data_type: str
    nullable: bool

    @property
    def character_set(self) -> None:
        """None: a database has one for all its columns."""

    @property
    def is_binary(self) -> bool:
        """Whether the target stores bytes."""
        return self.data_type == "bytea"

    @property
    def is_temporal(self) -> bool:
        """Whether it holds dates or moments, and perhaps infinite ones."""
        return self.data_type in _TEMPORAL

    @property
    def can_be_bookmark(self) -> bool:
        """Whether an increment can go by it. A numeric cannot: NaN is greater than any bookmark that could follow."""
        return self.data_type in _BOOKMARK_TYPES


@dataclass(frozen=True)
class Table:
    """A table or view; `kind` is pg_class.relkind."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    kind: str
    data_bytes: int
    approximate_rows: int

    @property
    def is_view(self) -> bool:
        """Whether it is a view, materialised or not."""
        return self.kind in "vm"

    @property
    def can_be_locked(self) -> bool:
        """Whether LOCK TABLE takes it."""
        return self.kind != "m"


def read_tables(connection: psycopg.Connection, config: TapConfig) -> dict[str, Table]:
    """Read the tables of the configured schema, or those of them that are configured, without the withheld columns.

    Raises:
        LossError: a configured table is not there.
        ConfigurationError: a withheld column is not there, so that it might be there under another name.
    """
    found = connection.execute(_TABLES, [config.source_schema]).fetchall()
    oids = [oid for oid, *_ in found]
    columns: dict[int, list[Column]] = {}
    for oid, *column in connection.execute(_COLUMNS, [oids]):
        columns.setdefault(oid, []).append(Column(*column))
    keys: dict[int, list[str]] = {}
    for oid, name in connection.execute(_KEYS, [oids]):
        keys.setdefault(oid, []).append(name)
    _check_configuration({name: columns.get(oid, []) for oid, name, *_ in found}, config)
    return {
        name: Table(
            name=name,
            columns=tuple(c for c in columns.get(oid, []) if f"{name}.{c.name}" not in config.withheld_columns),
            key=tuple(keys.get(oid, ())),
            kind=kind,
            data_bytes=size,
            approximate_rows=rows,
        )
        for oid, name, kind, size, rows in found
        if not config.tables or name in config.tables
    }


def _check_configuration(columns: Mapping[str, list[Column]], config: TapConfig) -> None:
    if missing := [name for name in config.tables if name not in columns]:
        raise LossError(
            f"tables are gone from {config.database}: {', '.join(missing)}",
            hint="If they were dropped on purpose, take them out of tap-postgres' `tables` in meltano.yml.",
        )
    known = {f"{table}.{column.name}" for table, present in columns.items() for column in present}
    if unknown := sorted(config.withheld_columns - known):
        raise ConfigurationError(
            f"withheld_columns names columns that {config.database} does not have: {', '.join(unknown)}",
            hint="Were they renamed? Correct tap-postgres' `withheld_columns` in meltano.yml before anything is read.",
        )
