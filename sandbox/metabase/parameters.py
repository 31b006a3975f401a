"""The values that a run of a card gets for its parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.metabase import mbql
from sandbox.metabase.columns import QueryError
from sandbox.metabase.native import Values

_OPERATORS = {
    "number/=": "=",
    "number/!=": "!=",
    "number/<=": "<=",
    "number/>=": ">=",
    "number/between": "between",
    "string/=": "=",
    "string/!=": "!=",
    "string/contains": "contains",
    "string/does-not-contain": "does-not-contain",
    "string/starts-with": "starts-with",
    "string/ends-with": "ends-with",
    "boolean/=": "=",
    "id": "=",
    "category": "=",
    "date/single": "=",
    "date/range": "between",
}


def clause_without_field(kind: str, value: Any) -> list[Any]:
    """The filter that a parameter of a type makes of a value, its field still missing.

    Raises:
        QueryError: the stand-in does not know the type.
    """
    if kind in ("date/all-options", "date/range"):
        kind = "date/range" if "~" in str(value) else "date/single"
    if kind not in _OPERATORS:
        raise QueryError(f"the stand-in does not know the parameter type {kind}")
    values = value.split("~") if kind == "date/range" else value if isinstance(value, list) else [value]
    return [_OPERATORS[kind], {}, *values]


def read(
    query: Mapping[str, Any], declared: Sequence[Mapping[str, Any]], given: Sequence[Mapping[str, Any]]
) -> tuple[Values, list[list[Any]]]:
    """Values of the query's template tags, and conditions on its fields.

    Args:
        query: MBQL 5.
        declared: the card's parameters; their defaults hold where nothing is given.
        given: the parameters of the request: `id` or `target`, and `value`.

    Raises:
        QueryError: a parameter has no target, or one that the query lacks.
    """
    by_id = {parameter["id"]: parameter for parameter in declared}
    defaults = [{**each, "value": each["default"]} for each in declared if each.get("default") is not None]
    named = {each.get("id") for each in given}
    raw: dict[str, Any] = {}
    clauses: dict[str, list[Any]] = {}
    conditions: list[list[Any]] = []
    tags = query["stages"][0].get("template-tags", {})
    for parameter in [*given, *(each for each in defaults if each["id"] not in named)]:
        if parameter.get("value") is None:
            continue
        target = parameter.get("target") or by_id.get(parameter.get("id", ""), {}).get("target")
        kind = parameter.get("type") or by_id.get(parameter.get("id", ""), {}).get("type", "category")
        if not target:
            raise QueryError("Invalid parameter: the card has none with this id.", "invalid-parameter")
        reference = target[1]
        if reference[0] == "template-tag":
            if reference[1] not in tags:
                raise QueryError(f"Invalid parameter: no template tag '{reference[1]}'.", "invalid-parameter")
            if target[0] == "variable":
                raw[reference[1]] = parameter["value"]
            else:
                clauses[reference[1]] = clause_without_field(kind, parameter["value"])
            continue
        operator, options, *values = clause_without_field(kind, parameter["value"])
        conditions.append([operator, options, _field(reference), *values])
    return Values(raw, clauses), conditions


def _field(reference: list[Any]) -> list[Any]:
    is_mbql5 = isinstance(reference[1], dict)
    field: list[Any] = reference if is_mbql5 else mbql.clause5(reference)
    return field
