"""Compares what the pipeline did with the answer key, row by row: dispositions, reasons and target rows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from loaders.database import fetch_value

_SHOWN = 10


@dataclass(frozen=True)
class Difference:
    """A source row that ended otherwise than the answer key says."""

    table: str
    source_key: str
    expected: str
    actual: str


@dataclass(frozen=True)
class Comparison:
    """How many source rows of one table were compared, and the first differences."""

    table: str
    rows: int
    target_rows: int
    differences: int
    first: tuple[Difference, ...]


def compare(connection: psycopg.Connection, answer_key: Path, outcomes: Path) -> list[Comparison]:
    """Hold the outcomes against the answer key.

    Args:
        connection: a connection that may read the id map and the application's tables; temporary tables are made in it.
        answer_key: folder of `<table>.csv` files: source_key, disposition, reason_code, expected.
        outcomes: the CSV that `dtx reconcile --rows` writes.

    Returns:
        One comparison a table of the answer key.
    """
    connection.execute("""
        create temporary table outcomes (source_table text, source_key text, disposition text, reason_code text)
    """)
    _copy(connection, "copy outcomes from stdin (format csv, header)", outcomes)
    return [_compare_table(connection, path) for path in sorted(answer_key.glob("*.csv"))]


def _copy(connection: psycopg.Connection, statement: str, path: Path) -> None:
    with path.open("rb") as file, connection.cursor() as cursor, cursor.copy(statement) as copy:
        while chunk := file.read(1 << 20):
            copy.write(chunk)


def _compare_table(connection: psycopg.Connection, path: Path) -> Comparison:
    table = path.stem
    connection.execute("drop table if exists answer_key, actual_target, difference")
    connection.execute("""
        create temporary table answer_key (source_key text, disposition text, reason_code text, expected jsonb)
    """)
    _copy(connection, "copy answer_key from stdin (format csv, header)", path)
    _read_actual_targets(connection, table)
    connection.execute(
        """
        create temporary table difference as
        with expected_target as (
            select source_key, element ->> 'target_table' as target_table, element -> 'columns' as columns
            from answer_key
            cross join lateral jsonb_array_elements(coalesce(expected, '[]')) as element
        ),

        expected_row as (
            select source_key, disposition || ' ' || reason_code as outcome
            from answer_key
        ),

        actual_row as (
            select source_key, disposition || ' ' || reason_code as outcome
            from outcomes
            where source_table = %(table)s
        ),

        row_difference as (
            select
                coalesce(expected_row.source_key, actual_row.source_key) as source_key,
                coalesce(expected_row.outcome, 'no such row') as expected,
                coalesce(actual_row.outcome, 'no outcome') as actual
            from expected_row
            full join actual_row on expected_row.source_key = actual_row.source_key
            where expected_row.outcome is distinct from actual_row.outcome
        ),

        missing_target as (
            select source_key, target_table, columns from expected_target
            except all
            select source_key, target_table, columns from actual_target
        ),

        surplus_target as (
            select source_key, target_table, columns from actual_target
            except all
            select source_key, target_table, columns from expected_target
        )

        select source_key, expected, actual from row_difference
        union all
        select
            coalesce(missing_target.source_key, surplus_target.source_key),
            coalesce(missing_target.target_table || ' ' || missing_target.columns::text, 'no target row'),
            coalesce(surplus_target.target_table || ' ' || surplus_target.columns::text, 'no target row')
        from missing_target
        full join surplus_target
            on missing_target.source_key = surplus_target.source_key
            and missing_target.target_table = surplus_target.target_table
        """,
        {"table": table},
    )
    first = connection.execute("select * from difference order by 1 limit %s", (_SHOWN,)).fetchall()
    return Comparison(
        table=table,
        rows=_count(connection, "answer_key"),
        target_rows=_count(connection, "actual_target"),
        differences=_count(connection, "difference"),
        first=tuple(Difference(table, *row) for row in first),
    )


def _read_actual_targets(connection: psycopg.Connection, table: str) -> None:
    """Fill `actual_target` with the published rows, reduced to the columns that the answer key speaks of, as text."""
    connection.execute("create temporary table actual_target (source_key text, target_table text, columns jsonb)")
    targets = connection.execute("""
        select element ->> 'target_table', array_agg(distinct column_name order by column_name)
        from answer_key
        cross join lateral jsonb_array_elements(coalesce(expected, '[]')) as element
        cross join lateral jsonb_object_keys(element -> 'columns') as column_name
        group by 1
    """).fetchall()
    for target_table, columns in targets:
        pairs = sql.SQL(", ").join(
            sql.SQL("{}, target.{}::text").format(sql.Literal(column), sql.Identifier(column)) for column in columns
        )
        connection.execute(
            sql.SQL("""
                insert into actual_target
                select id_map.source_key, id_map.target_table, jsonb_build_object({pairs})
                from migration.id_map
                left join {target} as target on target.id::text = id_map.target_id
                where id_map.entity = {table} and id_map.batch_id is not null and id_map.state = 'migrated'
                    and id_map.target_table = {target_table}
            """).format(
                pairs=pairs,
                target=sql.Identifier(*target_table.split(".")),
                table=sql.Literal(table),
                target_table=sql.Literal(target_table),
            )
        )


def _count(connection: psycopg.Connection, table: str) -> int:
    return int(fetch_value(connection, sql.SQL("select count(*) from {}").format(sql.Identifier(table))))
