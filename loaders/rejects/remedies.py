"""Which rejects a line of a seed would let through, and that line, made of the values that the rejected rows hold."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import psycopg
from psycopg import sql

from loaders.console import visible
from loaders.publish.contract import Relation
from loaders.publish.query import relation_sql

# As macro trim_to_null trims and macro natural_key compares: two spellings of one name are one line, not two.
_WHITE_SPACE = " \t\n\r\f\v\u00a0"
_VALUES = """
with reject as (
    select array[{values}] as spelling
    from {model}
    where reason_code = {reason_code} and ({column_name}::text is null or column_name = {column_name})
),

spelled as (
    select
        array(
            select lower(part)
            from unnest(reject.spelling) with ordinality as parts (part, place)
            order by place
        ) as name,
        reject.spelling,
        count(*) as rejects
    from reject
    group by 1, 2
)

select distinct on (name) name, spelling, sum(rejects) over (partition by name)::bigint
from spelled
order by name, rejects desc, spelling
"""


@dataclass(frozen=True, slots=True)
class Remedy:
    """One line of `seeds/ledger/reject_remedies.csv`.

    Attributes:
        column_name: the column that the reject names; None for any.
        template: cells of the seed's line; `{column}` stands for that column's value in the rejected row. No other
            column's values are ever shown (reliability X1).
    """

    source_table: str
    reason_code: str
    column_name: str | None
    seed_file: str
    template: tuple[str, ...]

    @property
    def columns(self) -> list[str]:
        """The source columns whose values the line shows."""
        return [cell[1:-1] for cell in self.template if is_placeholder(cell)]


@dataclass(frozen=True, slots=True)
class Value:
    """One value, or several that stand in one line, under which rows were rejected.

    Attributes:
        name: its comparable form, a part for each placeholder.
        spelling: its most frequent spelling, trimmed; None for NULL and blank parts.
        rejects: how many rejects it has, in all its spellings.
    """

    name: tuple[str | None, ...]
    spelling: tuple[str | None, ...]
    rejects: int


@dataclass(frozen=True, slots=True)
class SeedLine:
    """A line to add to a seed; `line` is as CSV wants it, or only a likeness where `problem` says why it won't do."""

    line: str
    rejects: int
    problem: str = ""


def is_placeholder(cell: str) -> bool:
    """Whether a template's cell stands for a column's value."""
    return re.fullmatch(r"\{[^{}]+\}", cell) is not None


def read_remedies(connection: psycopg.Connection) -> list[Remedy]:
    """The remedies as dbt built them."""
    rows = connection.execute(
        "select source_table, reason_code, column_name, seed_file, line_template from migration_seeds.reject_remedies "
        "order by 1, 2, 3"
    ).fetchall()
    return [
        Remedy(table, code, column, seed_file, tuple(next(csv.reader([template]))))
        for table, code, column, seed_file, template in rows
    ]


def read_values(connection: psycopg.Connection, model: Relation, remedy: Remedy) -> list[Value]:
    """The values of the remedy's columns in the rows that were rejected for its reason.

    Args:
        connection: may read the model.
        model: holds the rejects of the remedy's table, with their payload.
        remedy: whose values are wanted.
    """
    values = sql.SQL(", ").join(
        sql.SQL("nullif(btrim(payload ->> {}, {}), '')").format(sql.Literal(column), sql.Literal(_WHITE_SPACE))
        for column in remedy.columns
    )
    query = sql.SQL(_VALUES).format(
        values=values,
        model=relation_sql(model),
        reason_code=sql.Literal(remedy.reason_code),
        column_name=sql.Literal(remedy.column_name),
    )
    return [Value(tuple(name), tuple(spelling), rejects) for name, spelling, rejects in connection.execute(query)]


def merge_values(found: Iterable[tuple[Remedy, Sequence[Value]]]) -> list[SeedLine]:
    """The lines of one seed, the most frequent first; a value that several columns hold is one line.

    Args:
        found: remedies of the same seed, each with its values.
    """
    merged: dict[tuple[tuple[str, ...], tuple[str | None, ...]], tuple[Remedy, Value]] = {}
    for remedy, values in found:
        shape = tuple("{}" if is_placeholder(cell) else cell for cell in remedy.template)
        for value in values:
            _, known = merged.get((shape, value.name), (remedy, None))
            likelier = value if known is None or value.rejects > known.rejects else known
            rejects = value.rejects + (known.rejects if known else 0)
            merged[shape, value.name] = (remedy, Value(value.name, likelier.spelling, rejects))
    lines = [seed_line(remedy, value) for remedy, value in merged.values()]
    return sorted(lines, key=lambda line: (-line.rejects, line.line))


def seed_line(remedy: Remedy, value: Value) -> SeedLine:
    """Fill a remedy's template with one value, quoted as CSV asks for."""
    parts = iter(value.spelling)
    cells = [(next(parts) or "") if is_placeholder(cell) else cell for cell in remedy.template]
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerow(cells)
    return SeedLine(visible(buffer.getvalue().removesuffix("\n")), value.rejects, _problem(value))


def _problem(value: Value) -> str:
    if None in value.spelling:
        return "blank: no line can name it; correct it in DTX 1.0"
    if any(visible(part) != part for part in value.spelling if part is not None):
        return "holds characters that cannot be seen, shown as escapes; correct it in DTX 1.0"
    if "null" in value.name:
        return "dbt reads the word null in a seed as no value; correct it in DTX 1.0"
    return ""
