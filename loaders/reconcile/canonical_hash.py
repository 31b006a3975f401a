"""The canonical row hash as SQL: written from docs/canonical_hash.md, and from nothing of the publisher's (R3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from psycopg import sql

# Tag, and SQL for a value's text: NULL for NULL. In a session whose settings are those of loaders/database.py.
_CAST = "({value})::text"
_TEXTS = {
    "bool": ("b", "case ({value}) when true then 'true' when false then 'false' end"),
    "int2": ("i", _CAST),
    "int4": ("i", _CAST),
    "int8": ("i", _CAST),
    "numeric": (
        "n",
        "case when strpos(({value})::text, '.') > 0 then rtrim(rtrim(({value})::text, '0'), '.') "
        "else ({value})::text end",
    ),
    "float4": ("f", _CAST),
    "float8": ("f", _CAST),
    "text": ("t", _CAST),
    "varchar": ("t", _CAST),
    "bpchar": ("t", _CAST),
    "bytea": ("y", "substr(({value})::text, 3)"),
    "date": ("d", _CAST),
    "timestamp": ("m", _CAST),
    "timestamptz": ("z", _CAST),
    "time": ("c", _CAST),
    "uuid": ("u", _CAST),
    "json": ("j", "({value})::jsonb::text"),
    "jsonb": ("j", _CAST),
}
# concat() prints as the type's output function does; a cast to text prints some types (inet) otherwise.
_OTHER = ("o", "case when num_nulls({value}) = 0 then concat({value}) end")
# concat() takes 100 arguments, and a field is two of them.
_FIELDS_AT_ONCE = 50


@dataclass(frozen=True)
class Column:
    """A target column: its name and its base type as `pg_type.typname` has it."""

    name: str
    type_name: str


def texts(columns: Sequence[Column], alias: str, json_path: sql.Composable | None = None) -> list[sql.Composable]:
    """The columns' canonical texts for a select list, as `digest` reads them: each is printed once.

    Args:
        columns: of the relation `alias`.
        alias: the relation.
        json_path: a text[] expression: what is printed is what the columns hold at this path.
    """
    return [
        sql.SQL(_rendering(column)[1] + " as {name}").format(value=_value(column, alias, json_path), name=_name(index))
        for index, column in enumerate(columns)
    ]


def digest(columns: Sequence[Column], alias: str) -> sql.Composable:
    """SQL for the 32 bytes of a row's hash.

    Args:
        columns: as for `texts`.
        alias: a relation that has `texts` as its columns.
    """
    fields = [
        sql.SQL("coalesce({start} || octet_length({text}) || ':', {absent}), {text}").format(
            start=sql.Literal(f"{_sized(column.name)}{_rendering(column)[0]}"),
            absent=sql.Literal(f"{_sized(column.name)}-"),
            text=sql.SQL("{}.{}").format(sql.Identifier(alias), _name(index)),
        )
        for index, column in sorted(enumerate(columns), key=lambda each: each[1].name.encode())
    ]
    groups = [fields[start : start + _FIELDS_AT_ONCE] for start in range(0, len(fields), _FIELDS_AT_ONCE)]
    canonical = sql.SQL(" || ").join(sql.SQL("concat({})").format(sql.SQL(", ").join(group)) for group in groups)
    return sql.SQL("sha256(convert_to({}, 'UTF8'))").format(canonical if columns else sql.SQL("''"))


def _value(column: Column, alias: str, json_path: sql.Composable | None) -> sql.Composable:
    value = sql.Identifier(alias, column.name)
    return value if json_path is None else sql.SQL("{}::jsonb #> {}").format(value, json_path)


def _rendering(column: Column) -> tuple[str, str]:
    return _TEXTS.get(column.type_name, _OTHER)


def _name(index: int) -> sql.Identifier:
    return sql.Identifier(f"text_{index}")


def _sized(name: str) -> str:
    return f"{len(name.encode())}:{name}"
