"""MBQL's filter clauses as SQL conditions."""

from __future__ import annotations

from typing import Any, Protocol

from psycopg import sql

from sandbox.metabase.columns import QueryError

# With values, and with null alone. A row without a value is unlike every value.
_EQUALITIES = {
    "=": ("{0} in ({1})", "{0} is null"),
    "!=": ("({0} not in ({1}) or {0} is null)", "{0} is not null"),
}
_COMPARISONS = {"<": "<", ">": ">", "<=": "<=", ">=": ">="}
_PATTERNS = {
    "starts-with": ("like", "", "%"),
    "ends-with": ("like", "%", ""),
    "contains": ("like", "%", "%"),
    "does-not-contain": ("not like", "%", "%"),
}
_INTERVAL_UNITS = ("minute", "hour", "day", "week", "month", "quarter", "year")


class Values(Protocol):
    """What turns a clause into SQL."""

    def value(self, clause: Any) -> sql.Composable:
        """SQL of a field, an expression or a literal."""


def condition(stage: Values, clause: list[Any]) -> sql.Composable:
    """SQL of a filter clause.

    Raises:
        QueryError: the clause is unknown, or lacks an argument.
    """
    operator, options, *arguments = clause
    if operator in ("and", "or"):
        inner = [condition(stage, argument) for argument in arguments]
        return sql.SQL("({})").format(sql.SQL(f" {operator} ").join(inner))
    if operator == "not":
        return sql.SQL("not ({})").format(condition(stage, arguments[0]))
    if not arguments:
        raise QueryError(f"the filter {operator} has no field")
    subject, rest = stage.value(arguments[0]), arguments[1:]
    found = _without_argument(operator, subject)
    if found is None:
        if not rest:
            raise QueryError(f"the filter {operator} has no value")
        found = _with_argument(stage, operator, options, subject, rest)
    return found


def _without_argument(operator: str, subject: sql.Composable) -> sql.Composable | None:
    template = {
        "is-null": "{} is null",
        "not-null": "{} is not null",
        "is-empty": "({0} is null or {0} = '')",
        "not-empty": "({0} is not null and {0} <> '')",
    }.get(operator)
    return sql.SQL(template).format(subject) if template else None


def _with_argument(
    stage: Values, operator: str, options: dict[str, Any], subject: sql.Composable, rest: list[Any]
) -> sql.Composable:
    if operator in _PATTERNS:
        return _pattern(operator, subject, rest, bool(options.get("case-sensitive", True)))
    if operator == "time-interval":
        return _time_interval(subject, rest)
    values = [stage.value(value) for value in rest]
    if operator in _EQUALITIES:
        known, unknown = _EQUALITIES[operator]
        only_null = all(value is None for value in rest)
        return sql.SQL(unknown if only_null else known).format(subject, sql.SQL(", ").join(values))
    if operator in _COMPARISONS:
        return sql.SQL("{} {} {}").format(subject, sql.SQL(_COMPARISONS[operator]), values[0])
    if operator == "between" and len(values) == 2:
        return sql.SQL("{} between {} and {}").format(subject, *values)
    raise QueryError(f"the stand-in does not know the filter {operator}")


def _pattern(operator: str, subject: sql.Composable, values: list[Any], case_sensitive: bool) -> sql.Composable:
    keyword, before, after = _PATTERNS[operator]
    found = []
    for value in values:
        text = str(value).replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        pattern = sql.Literal(f"{before}{text if case_sensitive else text.lower()}{after}")
        left = sql.SQL("{}::text" if case_sensitive else "lower({}::text)").format(subject)
        found.append(sql.SQL("{} {} {}").format(left, sql.SQL(keyword), pattern))
    if operator == "does-not-contain":
        return sql.SQL("({} or {} is null)").format(sql.SQL(" and ").join(found), subject)
    return sql.SQL("({})").format(sql.SQL(" or ").join(found))


def _time_interval(subject: sql.Composable, rest: list[Any]) -> sql.Composable:
    """`n` whole units before (negative) or after the present one; `current` is the present one."""
    if len(rest) != 2 or rest[1] not in _INTERVAL_UNITS:
        raise QueryError("the stand-in does not know this time-interval")
    count, unit = ({"current": 0, "last": -1, "next": 1}.get(rest[0], rest[0]), rest[1])
    first, last = (0, 1) if count == 0 else (count, 0) if count < 0 else (1, count + 1)
    present = sql.SQL("date_trunc({}, current_timestamp)").format(sql.Literal(unit))
    length = sql.Literal(f"1 {unit}" if unit != "quarter" else "3 months")
    template = "({0} >= {1} + {2} * {3}::interval and {0} < {1} + {4} * {3}::interval)"
    return sql.SQL(template).format(subject, present, first, length, last)
