"""Compares what the pipeline did with the answer key, row by row: dispositions, reasons and target rows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from loaders.database import fetch_value
from loaders.errors import ConfigurationError
from sandbox import untouched

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
    """How many source rows of one table were compared under the option that is chosen, and the first differences."""

    table: str
    option: str
    rows: int
    target_rows: int
    differences: int
    first: tuple[Difference, ...]


def compare(connection: psycopg.Connection, answer_key: Path, outcomes: Path) -> list[Comparison]:
    """Hold the outcomes against the answer key.

    Args:
        connection: a connection that may read the seeds, the id map and the application's tables; temporary tables are
            made in it.
        answer_key: folder of `<table>.csv` files: option, source_key, disposition, reason_code, expected.
        outcomes: the CSV that `dtx reconcile --rows` writes.

    Returns:
        One comparison a table of the answer key. `untouched.judge` then tells what else changed.

    Raises:
        ConfigurationError: a table's decision has an option that the answer key has no lines for.
    """
    connection.execute("""
        create temporary table outcomes (source_table text, source_key text, disposition text, reason_code text)
    """)
    _copy(connection, "copy outcomes from stdin (format csv, header)", outcomes)
    untouched.begin(connection)
    connection.execute("create index on outcomes (source_table)")
    connection.execute("analyze outcomes")
    chosen: dict[str, str] = dict(
        connection.execute("""
            select source_tables.source_table, decisions.chosen
            from migration_seeds.source_tables
            inner join migration_seeds.decisions on decisions.decision_id = source_tables.decision_id
        """).fetchall()
    )
    return [_compare_table(connection, path, chosen.get(path.stem, "")) for path in sorted(answer_key.glob("*.csv"))]


def _copy(connection: psycopg.Connection, statement: str, path: Path) -> None:
    with path.open("rb") as file, connection.cursor() as cursor, cursor.copy(statement) as copy:
        while chunk := file.read(1 << 20):
            copy.write(chunk)


def _compare_table(connection: psycopg.Connection, path: Path, option: str) -> Comparison:
    table = path.stem
    option = _read_answers(connection, path, option)
    _read_expected_targets(connection)
    untouched.expect(connection)
    _read_actual_targets(connection, table)
    connection.execute(_DIFFERENCES, {"table": table})
    first = connection.execute("select * from difference order by 1 limit %s", (_SHOWN,)).fetchall()
    return Comparison(
        table=table,
        option=option,
        rows=_count(connection, "answer"),
        target_rows=_count(connection, "actual_target"),
        differences=_count(connection, "difference"),
        first=tuple(Difference(table, *row) for row in first),
    )


def _read_answers(connection: psycopg.Connection, path: Path, option: str) -> str:
    """Fill `answer` with the lines that hold under the option; the option, or "" where it makes no difference."""
    connection.execute("drop table if exists answer, expected_target, spoken_of, actual_target, difference")
    connection.execute("""
        create temporary table answer
        (option text, source_key text, disposition text, reason_code text, expected jsonb)
    """)
    _copy(connection, "copy answer from stdin (format csv, header, force_not_null (option, source_key))", path)
    options = {each for (each,) in connection.execute("select distinct option from answer where option <> ''")}
    if options and option not in options:
        raise ConfigurationError(
            f"the answer key of {path.stem} has no lines for {option!r}, the option that its decision has chosen",
            hint=f"It has lines for {', '.join(sorted(options))}.",
        )
    connection.execute("delete from answer where option not in ('', %s)", (option,))
    connection.execute("analyze answer")
    return option if options else ""


def _read_expected_targets(connection: psycopg.Connection) -> None:
    """Fill `expected_target`, and `spoken_of` with what the answers say of each source row's target rows.

    An answer that names the target row by what the id map has for another source row gets its id from there.
    """
    connection.execute("""
        create temporary table expected_target as
        with element as (
            select
                answer.source_key,
                element.value ->> 'target_table' as target_table,
                element.value ->> 'target_id' as target_id,
                element.value -> 'row_of' as row_of,
                coalesce(element.value -> 'json_path', '[]') as json_path,
                element.value -> 'columns' as columns
            from answer
            cross join lateral jsonb_array_elements(answer.expected) as element
        )

        select
            element.source_key,
            element.target_table,
            case when element.row_of is null then element.target_id else coalesce(parent.target_id, 'no such row')
            end as target_id,
            element.json_path,
            element.columns
        from element
        left join migration.id_map as parent
            on parent.entity = element.row_of ->> 0
            and parent.source_key = element.row_of ->> 1
            and parent.target_table = element.target_table
            and parent.state = 'migrated'
    """)
    connection.execute("""
        create temporary table spoken_of as
        select
            source_key,
            target_table,
            target_id is not null as names_row,
            json_path <> '[]' as has_path,
            array(select jsonb_object_keys(columns) order by 1) as column_names
        from expected_target
        group by 1, 2, 3, 4, 5
    """)
    connection.execute("analyze spoken_of")


def _read_actual_targets(connection: psycopg.Connection, table: str) -> None:
    """Fill `actual_target` with what was published, reduced to what the answers speak of, as text.

    What no answer speaks of has no columns, and differs from everything.
    """
    connection.execute(
        """
        create temporary table actual_target as
        select
            source_key,
            target_table,
            target_id,
            to_jsonb(coalesce(json_path, '{}')) as json_path,
            '{}'::jsonb as columns
        from migration.id_map
        where entity = %s and batch_id is not null and state = 'migrated'
            and not exists (
                select from spoken_of
                where spoken_of.source_key = id_map.source_key and spoken_of.target_table = id_map.target_table
            )
        """,
        (table,),
    )
    shapes = connection.execute("select distinct target_table, names_row, has_path, column_names from spoken_of")
    for target_table, names_row, has_path, columns in shapes.fetchall():
        connection.execute(
            sql.SQL("""
                insert into actual_target
                select
                    id_map.source_key,
                    id_map.target_table,
                    case when {names_row} then id_map.target_id end,
                    to_jsonb(coalesce(id_map.json_path, '{{}}')),
                    jsonb_build_object({pairs})
                from migration.id_map
                inner join spoken_of
                    on spoken_of.source_key = id_map.source_key and spoken_of.target_table = id_map.target_table
                left join {target} as target on target.id = id_map.target_id::bigint
                where id_map.entity = {table} and id_map.batch_id is not null and id_map.state = 'migrated'
                    and spoken_of.target_table = {target_table} and spoken_of.names_row = {names_row}
                    and spoken_of.has_path = {has_path} and spoken_of.column_names = {columns}
            """).format(
                pairs=sql.SQL(", ").join(_pair(column, has_path) for column in columns),
                target=sql.Identifier(*target_table.split(".")),
                **{
                    name: sql.Literal(value)
                    for name, value in (
                        ("table", table),
                        ("target_table", target_table),
                        ("names_row", names_row),
                        ("has_path", has_path),
                        ("columns", columns),
                    )
                },
            )
        )


def _pair(column: str, has_path: bool) -> sql.Composable:
    """Name and value of one column, or of what stands at the row's path in it."""
    value = sql.SQL("target.{}").format(sql.Identifier(column))
    if has_path:
        value = sql.SQL("({} #> id_map.json_path)").format(value)
    return sql.SQL("{}, {}::text").format(sql.Literal(column), value)


# Rows of a table without a key are counted: the nth of an outcome on one side meets the nth on the other.
_DIFFERENCES = """
create temporary table difference as
with keyless as (
    select exists (select from answer where source_key = '') as counted
),

expected_row as (
    select source_key, disposition || ' ' || reason_code as outcome, row_number() over outcomes as position
    from answer
    window outcomes as (partition by disposition, reason_code, source_key)
),

actual_row as (
    select
        case when keyless.counted then '' else outcomes.source_key end as source_key,
        outcomes.disposition || ' ' || outcomes.reason_code as outcome
    from outcomes
    cross join keyless
    where outcomes.source_table = %(table)s
),

expected_match as (
    select *, case when source_key = '' then outcome else source_key end as match
    from expected_row
),

actual_match as (
    select
        *,
        case when source_key = '' then outcome else source_key end as match,
        row_number() over (partition by source_key, outcome) as position
    from actual_row
),

row_difference as (
    select
        coalesce(expected_match.source_key, actual_match.source_key) as source_key,
        coalesce(expected_match.outcome, 'no such row') as expected,
        coalesce(actual_match.outcome, 'no outcome') as actual
    from expected_match
    full join actual_match
        on expected_match.match = actual_match.match and expected_match.position = actual_match.position
    where expected_match.outcome is distinct from actual_match.outcome
),

missing_target as (
    select source_key, target_table, target_id, json_path, columns from expected_target
    except all
    select source_key, target_table, target_id, json_path, columns from actual_target
),

surplus_target as (
    select source_key, target_table, target_id, json_path, columns from actual_target
    except all
    select source_key, target_table, target_id, json_path, columns from expected_target
),

worded_missing as (
    select source_key, target_table, concat_ws(' ', target_table, target_id, json_path, columns) as wording
    from missing_target
),

worded_surplus as (
    select source_key, target_table, concat_ws(' ', target_table, target_id, json_path, columns) as wording
    from surplus_target
)

select source_key, expected, actual from row_difference
union all
select
    coalesce(worded_missing.source_key, worded_surplus.source_key),
    coalesce(worded_missing.wording, 'no target row'),
    coalesce(worded_surplus.wording, 'no target row')
from worded_missing
full join worded_surplus
    on worded_missing.source_key = worded_surplus.source_key
    and worded_missing.target_table = worded_surplus.target_table
"""


def _count(connection: psycopg.Connection, table: str) -> int:
    return int(fetch_value(connection, sql.SQL("select count(*) from {}").format(sql.Identifier(table))))
