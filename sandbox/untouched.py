"""What was in DTX 2.0 before, and that the migration changed of it what the answer key says and no more."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from loaders.database import fetch_value

_SHOWN = 10
# Tables of the application; Django's own have nothing to do with anybody's data.
_TABLES = """
select table_name from information_schema.columns
where table_schema = 'public' and column_name = 'id' and table_name !~ '^(django|auth_(group|permission))'
order by 1
"""


@dataclass(frozen=True)
class Untouched:
    """How many rows were in DTX 2.0 before, and which of them, or beside them, changed otherwise than expected."""

    rows: int
    differences: int
    first: tuple[tuple[str, str, str], ...]


def remember(connection: psycopg.Connection, folder: Path) -> None:
    """Write every row of the application to `<table>.csv`, as id and JSON; files of earlier runs are replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    for (table,) in connection.execute(_TABLES).fetchall():
        statement = sql.SQL("copy (select id, to_jsonb(row) from {} as row) to stdout (format csv)").format(
            sql.Identifier("public", table)
        )
        with (folder / f"{table}.csv").open("wb") as file, connection.cursor().copy(statement) as copy:
            for chunk in copy:
                file.write(bytes(chunk))


def begin(connection: psycopg.Connection) -> None:
    """Make the temporary table `touched`, which collects the changes that are expected."""
    connection.execute("""
        create temporary table touched (target_table text, target_id text, column_name text, has_path boolean)
    """)


def expect(connection: psycopg.Connection) -> None:
    """Note what the temporary table `expected_target` says of rows that were there before."""
    connection.execute("""
        insert into touched
        select distinct target_table, target_id, column_name, json_path <> '[]'
        from expected_target
        cross join lateral jsonb_object_keys(columns) as column_name
        where target_id is not null
    """)


def judge(connection: psycopg.Connection, folder: Path) -> Untouched:
    """Hold the application's rows against what `remember` wrote.

    A row that an answer names may differ in the columns that it names, and in `updated`; where it names a path, all
    that the column held before must be there still. A row that was not there before must be one that the id map names.

    Args:
        connection: the one that `begin` and `expect` were called with.
        folder: where `remember` wrote.
    """
    connection.execute("drop table if exists changed")
    connection.execute("create temporary table changed (target_table text, target_id text, what text)")
    rows = 0
    for (table,) in connection.execute(_TABLES).fetchall():
        connection.execute("drop table if exists before")
        connection.execute("create temporary table before (target_id text, row jsonb)")
        with (folder / f"{table}.csv").open("rb") as file, connection.cursor() as cursor:
            with cursor.copy("copy before from stdin (format csv)") as copy:
                while chunk := file.read(1 << 20):
                    copy.write(chunk)
            rows += cursor.rowcount
        connection.execute("analyze before")
        connection.execute(
            sql.SQL(_CHANGED).format(table=sql.Identifier("public", table), name=sql.Literal(f"public.{table}"))
        )
    first = connection.execute("select * from changed order by 1, 2 limit %s", (_SHOWN,)).fetchall()
    return Untouched(rows, int(fetch_value(connection, "select count(*) from changed")), tuple(first))


_CHANGED = """
insert into changed
with now as (
    select id::text as target_id, to_jsonb(row) as row
    from {table} as row
),

expected as (
    select
        target_id,
        array_agg(column_name) || array['updated'] as columns,
        array_agg(column_name) filter (where has_path) as json_columns
    from touched
    where target_table = {name}
    group by target_id
),

compared as (
    select
        coalesce(before.target_id, now.target_id) as target_id,
        before.row as before,
        now.row as now,
        coalesce(expected.columns, '{{}}') as columns,
        coalesce(expected.json_columns, '{{}}') as json_columns
    from before
    full join now on before.target_id = now.target_id
    left join expected on before.target_id = expected.target_id
),

judged as (
    select
        target_id,
        case
            when now is null then 'is gone'
            when before is null and not exists (
                select from migration.id_map
                where id_map.target_table = {name} and id_map.target_id = compared.target_id
                    and id_map.state = 'migrated' and id_map.batch_id is not null
            ) then 'is new, and nobody''s'
            when before - columns <> now - columns then 'differs where it should not'
            when exists (
                select from unnest(json_columns) as name where not (now -> name) @> (before -> name)
            ) then 'has lost what its JSON held'
        end as what
    from compared
)

select {name}, target_id, what
from judged
where what is not null
"""
