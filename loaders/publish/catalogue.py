"""The live catalogue of the target: what a table's columns, keys, constraints and triggers are right now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg

from loaders.errors import RefusedError
from loaders.publish.contract import Relation


@dataclass(frozen=True, slots=True)
class Column:
    """A column. `type_name` is the base type's name in pg_type, `cast_type` is it in SQL without length or precision.

    `length`, `precision` and `scale` are None where the type has no bound. `display` is the type as psql shows it.
    """

    name: str
    type_name: str
    cast_type: str
    display: str
    length: int | None
    precision: int | None
    scale: int | None
    is_required: bool
    has_default: bool
    is_generated: bool


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """A foreign key of one column; `constraint` is its name."""

    constraint: str
    child: Relation
    column: str
    parent: Relation
    parent_column: str


@dataclass(frozen=True, slots=True)
class UniqueKey:
    """A unique index: its expressions as SQL over the table's columns, and the columns that they and the filter use."""

    name: str
    expressions: tuple[str, ...]
    columns: tuple[str, ...]
    filter: str | None
    nulls_are_distinct: bool


@dataclass(frozen=True, slots=True)
class Check:
    """A check constraint: its expression as SQL over the table's columns."""

    name: str
    expression: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the live catalogue. `key` and `sequence` are None where it has no single-column key or no sequence.

    `unique_keys` has the primary key, too. `constraint_columns` has every constraint and unique index by name, with its
    columns joined by commas.
    """

    relation: Relation
    columns: dict[str, Column]
    key: Column | None
    sequence: str | None
    foreign_keys: tuple[ForeignKey, ...]
    unique_keys: tuple[UniqueKey, ...]
    checks: tuple[Check, ...]
    constraint_columns: dict[str, str]
    triggers: tuple[str, ...]
    has_row_security: bool

    @property
    def key_column(self) -> Column:
        """The primary key.

        Raises:
            RefusedError: there is none of one column.
        """
        if self.key is None:
            raise RefusedError(f"{self.relation} has no primary key of one column")
        return self.key


_COLUMNS = """
select
    attribute.attname,
    base.typname,
    quote_ident(base_schema.nspname) || '.' || quote_ident(base.typname),
    format_type(attribute.atttypid, attribute.atttypmod),
    case
        when base.typname in ('varchar', 'bpchar') and typmod.value > 0 then typmod.value - 4
    end,
    case when base.typname = 'numeric' and typmod.value > 0 then ((typmod.value - 4) >> 16) & 65535 end,
    case when base.typname = 'numeric' and typmod.value > 0 then (typmod.value - 4) & 2047 end,
    attribute.attnotnull or type.typnotnull,
    attribute.atthasdef or attribute.attidentity <> '' or type.typdefault is not null,
    attribute.attgenerated <> ''
from pg_attribute as attribute
inner join pg_type as type on type.oid = attribute.atttypid
inner join pg_type as base on base.oid = case when type.typtype = 'd' then type.typbasetype else type.oid end
inner join pg_namespace as base_schema on base_schema.oid = base.typnamespace
cross join lateral (
    select case when type.typtype = 'd' then type.typtypmod else attribute.atttypmod end as value
) as typmod
where attribute.attrelid = %s and attribute.attnum > 0 and not attribute.attisdropped
order by attribute.attnum
"""
_PRIMARY_KEY = """
select attribute.attname, pg_get_serial_sequence(%(table)s::regclass::text, attribute.attname)
from pg_index
inner join pg_attribute as attribute
    on attribute.attrelid = pg_index.indrelid and attribute.attnum = pg_index.indkey[0]
where pg_index.indrelid = %(table)s and pg_index.indisprimary and pg_index.indnkeyatts = 1
"""
_FOREIGN_KEYS = """
select
    pg_constraint.conname,
    child_schema.nspname,
    child.relname,
    child_column.attname,
    parent_schema.nspname,
    parent.relname,
    parent_column.attname
from pg_constraint
inner join pg_class as child on child.oid = pg_constraint.conrelid
inner join pg_namespace as child_schema on child_schema.oid = child.relnamespace
inner join pg_class as parent on parent.oid = pg_constraint.confrelid
inner join pg_namespace as parent_schema on parent_schema.oid = parent.relnamespace
inner join pg_attribute as child_column
    on child_column.attrelid = child.oid and child_column.attnum = pg_constraint.conkey[1]
inner join pg_attribute as parent_column
    on parent_column.attrelid = parent.oid and parent_column.attnum = pg_constraint.confkey[1]
where pg_constraint.contype = 'f' and cardinality(pg_constraint.conkey) = 1 and pg_constraint.{side} = %s
order by child_schema.nspname, child.relname, child_column.attname, pg_constraint.conname
"""
# A column that an index's expression or filter uses is found by pg_depend; indkey has it as 0.
_UNIQUE_KEYS = """
select
    index_class.relname,
    array(
        select pg_get_indexdef(pg_index.indexrelid, position, true)
        from generate_series(1, pg_index.indnkeyatts) as position
    ),
    array(
        select distinct attribute.attname::text
        from pg_attribute as attribute
        where attribute.attrelid = pg_index.indrelid and (
            attribute.attnum = any (pg_index.indkey::int2[])
            or exists (
                select from pg_depend
                where pg_depend.classid = 'pg_class'::regclass and pg_depend.objid = pg_index.indexrelid
                and pg_depend.refobjid = pg_index.indrelid and pg_depend.refobjsubid = attribute.attnum
            )
        )
    ),
    pg_get_expr(pg_index.indpred, pg_index.indrelid),
    not coalesce((to_jsonb(pg_index) ->> 'indnullsnotdistinct')::boolean, false)
from pg_index
inner join pg_class as index_class on index_class.oid = pg_index.indexrelid
where pg_index.indrelid = %s and pg_index.indisunique
order by index_class.relname
"""
_CHECKS = """
select
    pg_constraint.conname,
    pg_get_expr(pg_constraint.conbin, pg_constraint.conrelid),
    array(
        select attribute.attname::text
        from pg_attribute as attribute
        where attribute.attrelid = pg_constraint.conrelid and attribute.attnum = any (pg_constraint.conkey)
    )
from pg_constraint
where pg_constraint.contype = 'c' and pg_constraint.conrelid = %s
order by pg_constraint.conname
"""
_CONSTRAINT_COLUMNS = """
select pg_constraint.conname, string_agg(attribute.attname, ', ' order by attribute.attnum)
from pg_constraint
inner join pg_attribute as attribute
    on attribute.attrelid = pg_constraint.conrelid and attribute.attnum = any (pg_constraint.conkey)
where pg_constraint.conrelid = %s
group by pg_constraint.conname
"""
_TRIGGERS = "select tgname from pg_trigger where tgrelid = %s and not tgisinternal and tgenabled <> 'D' order by tgname"


def read_table(connection: psycopg.Connection, relation: Relation) -> Table | None:
    """Read one table from the catalogue; None when there is no such table.

    Args:
        connection: of any role; the catalogue is open to all.
        relation: an ordinary or partitioned table, a view or a materialized view.
    """
    found = connection.execute(
        "select pg_class.oid, pg_class.relrowsecurity from pg_class "
        "inner join pg_namespace on pg_namespace.oid = pg_class.relnamespace "
        "where nspname = %s and relname = %s and relkind in ('r', 'p', 'v', 'm')",
        [relation.schema, relation.name],
    ).fetchone()
    if found is None:
        return None
    oid, has_row_security = found

    def rows(query: str) -> list[tuple[Any, ...]]:
        return connection.execute(query, [oid]).fetchall()

    columns = {row[0]: Column(*row) for row in rows(_COLUMNS)}
    unique_keys = tuple(UniqueKey(row[0], tuple(row[1]), tuple(row[2]), *row[3:]) for row in rows(_UNIQUE_KEYS))
    key = connection.execute(_PRIMARY_KEY, {"table": oid}).fetchone()
    return Table(
        relation=relation,
        columns=columns,
        key=columns[key[0]] if key else None,
        sequence=key[1] if key else None,
        foreign_keys=_foreign_keys(rows(_FOREIGN_KEYS.format(side="conrelid"))),
        unique_keys=unique_keys,
        checks=tuple(Check(name, expression, tuple(used)) for name, expression, used in rows(_CHECKS)),
        constraint_columns={unique_key.name: ", ".join(unique_key.columns) for unique_key in unique_keys}
        | dict(rows(_CONSTRAINT_COLUMNS)),
        triggers=tuple(name for (name,) in rows(_TRIGGERS)),
        has_row_security=has_row_security,
    )


def referencing_keys(connection: psycopg.Connection, relation: Relation) -> tuple[ForeignKey, ...]:
    """The foreign keys of other tables, and of the table itself, that point at a table."""
    oid = f'"{relation.schema}"."{relation.name}"'
    query = _FOREIGN_KEYS.format(side="confrelid").replace("= %s", "= %s::regclass")
    return _foreign_keys(connection.execute(query, [oid]).fetchall())


def _foreign_keys(rows: list[tuple[Any, ...]]) -> tuple[ForeignKey, ...]:
    return tuple(ForeignKey(row[0], Relation(row[1], row[2]), row[3], Relation(row[4], row[5]), row[6]) for row in rows)
