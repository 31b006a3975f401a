"""The canonical row hash as an SQL expression; docs/canonical_hash.md is its definition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from psycopg import sql

from loaders.publish.json_place import value_at


@dataclass(frozen=True, slots=True)
class _Rendering:
    tag: str
    template: str
    octets: int | None = None  # of every text of the type


_AS_TEXT = "({value})::text"
_RENDERINGS = {
    "bool": _Rendering("b", _AS_TEXT),
    **dict.fromkeys(("int2", "int4", "int8"), _Rendering("i", _AS_TEXT)),
    "numeric": _Rendering("n", "trim_scale({value})::text"),
    **dict.fromkeys(("float4", "float8"), _Rendering("f", _AS_TEXT)),
    **dict.fromkeys(("text", "varchar", "bpchar"), _Rendering("t", _AS_TEXT)),
    "bytea": _Rendering("y", "encode({value}, 'hex')"),
    "date": _Rendering("d", _AS_TEXT),
    "timestamp": _Rendering("m", _AS_TEXT),
    "timestamptz": _Rendering("z", _AS_TEXT),
    "time": _Rendering("c", _AS_TEXT),
    "uuid": _Rendering("u", _AS_TEXT, 36),
    **dict.fromkeys(("json", "jsonb"), _Rendering("j", "({value})::jsonb::text")),
}
# No two different values are equal, and no value prints in two ways.
_EQUAL_AS_PRINTED = frozenset(
    ("bool", "int2", "int4", "int8", "date", "timestamp", "timestamptz", "time", "uuid", "bytea")
)
# The output function and not the cast to text, which differs for some types (inet).
_OTHER = _Rendering("o", "case when {value} is not null then format('%s', {value}) end")


def rendered(value: sql.Composable, type_name: str) -> sql.Composable:
    """SQL for a value's canonical text; NULL for NULL.

    Args:
        value: an expression of the type.
        type_name: the target column's base type as `pg_type.typname` has it.
    """
    return sql.SQL(_RENDERINGS.get(type_name, _OTHER).template).format(value=value)


def comparable(value: sql.Composable, type_name: str) -> sql.Composable:
    """SQL for an expression that is equal for two values exactly if their canonical texts are.

    Args:
        value: an expression of the type.
        type_name: as for `rendered`; where the type's own equality is that of the texts, it spares printing them.
    """
    if type_name in _EQUAL_AS_PRINTED:
        return value
    return sql.SQL('({}) collate "C"').format(rendered(value, type_name))


def column_value(alias: str, name: str, json_path: sql.Composable | None = None) -> sql.Composable:
    """SQL for a column of the relation `alias`, or for what stands in it at a path."""
    column = sql.Identifier(alias, name)
    return column if json_path is None else value_at(column, json_path)


def row_hash(columns: Mapping[str, str], alias: str, json_path: sql.Composable | None = None) -> sql.Composable:
    """SQL for the canonical hash (bytea, 32 bytes) of columns of the relation `alias`.

    Args:
        columns: column name to the target column's base type (`pg_type.typname`).
        alias: the relation's alias; it has all these columns in types that render alike.
        json_path: a text[] expression: the hash covers what stands in the columns at this path.
    """
    fields = [
        _field(name, _RENDERINGS.get(type_name, _OTHER), rendered(column_value(alias, name, json_path), type_name))
        for name, type_name in sorted(columns.items(), key=lambda column: column[0].encode())
    ]
    return sql.SQL("sha256(convert_to({}, 'UTF8'))").format(sql.SQL(" || ").join(fields))


def _field(name: str, rendering: _Rendering, text: sql.Composable) -> sql.Composable:
    """What is constant is joined here: with lengths that are known it is a fifth of the hash's time."""
    label = f"{len(name.encode())}:{name}"
    length = sql.SQL("octet_length({}) || ':' || ").format(text)
    if rendering.octets is not None:
        length = sql.SQL("'{}:' || ").format(sql.SQL(str(rendering.octets)))
    return sql.SQL("coalesce({} || {}{}, {})").format(label + rendering.tag, length, text, f"{label}-")
