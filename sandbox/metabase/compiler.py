"""MBQL 5 to PostgreSQL: as much of it as reports use. What it does not know fails the query, and so the test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from psycopg import sql

from sandbox.metabase import filters
from sandbox.metabase.columns import Column, Compiled, QueryError, apart, of_field
from sandbox.metabase.metadata import active_fields
from sandbox.metabase.native import Values, compile_native
from sandbox.metabase.store import Store

_AGGREGATIONS = {
    "count": ("count({})", "Count", "type/BigInteger"),
    "sum": ("sum({})", "Sum of {}", None),
    "avg": ("avg({})", "Average of {}", None),
    "min": ("min({})", "Min of {}", None),
    "max": ("max({})", "Max of {}", None),
    "distinct": ("count(distinct {})", "Distinct values of {}", "type/BigInteger"),
    "stddev": ("stddev_samp({})", "Standard deviation of {}", None),
}
_OPERATORS = {"+": "+", "-": "-", "*": "*", "/": "/"}
_FUNCTIONS = {"coalesce": "coalesce", "concat": "concat", "lower": "lower", "upper": "upper", "trim": "trim"}
_JOINS = {
    "left-join": "left join",
    "right-join": "right join",
    "inner-join": "inner join",
    "full-join": "full join",
}
_UNITS = ("minute", "hour", "day", "month", "quarter", "year")
_SOURCE = "source"


def compile_query(
    store: Store,
    query: Mapping[str, Any],
    values: Values | None = None,
    conditions: Sequence[list[Any]] = (),
    *,
    depth: int = 0,
) -> Compiled:
    """SQL of a kept query.

    Args:
        store: where tables, fields and source cards are.
        query: MBQL 5.
        values: values of template tags.
        conditions: filters that parameters add to the first stage.
        depth: how many cards lie around this one.

    Raises:
        QueryError: it cannot be compiled.
    """
    if depth > 5:
        raise QueryError("cards refer to each other in a circle, or too deeply")
    compiled: Compiled | None = None
    for number, stage in enumerate(query["stages"]):
        if stage["lib/type"] == "mbql.stage/native":
            compiled = compile_native(store, stage, values or Values(), lambda card: _card(store, card, depth))
            continue
        extra = conditions if number == 0 else ()
        builder = _Stage(store, query["database"], depth)
        builder.set_source(stage, compiled)
        compiled = builder.build(stage, extra)
    assert compiled is not None
    return compiled


def _card(store: Store, number: int, depth: int) -> Compiled:
    card = store.find("card", number)
    if card is None:
        raise QueryError(f"Card {number} does not exist.")
    compiled = compile_query(store, card["dataset_query"], depth=depth + 1)
    if compiled.columns is None and card["result_metadata"]:
        columns = [Column(c["name"], c["display_name"], "native", c["base_type"]) for c in card["result_metadata"]]
        return replace(compiled, columns=tuple(columns))
    return compiled


@dataclass
class _Stage:
    """One stage: its sources by alias, its expressions by name, its aggregations by uuid."""

    store: Store
    database_id: int
    depth: int
    sources: dict[str, tuple[Column, ...]] = field(default_factory=dict)
    tables: list[sql.Composable] = field(default_factory=list)
    expressions: dict[str, sql.Composable] = field(default_factory=dict)
    aggregations: dict[str, sql.Composable] = field(default_factory=dict)

    def set_source(self, stage: Mapping[str, Any], previous: Compiled | None) -> None:
        self._add(_SOURCE, *self._relation(stage, previous))

    def _relation(
        self, stage: Mapping[str, Any], previous: Compiled | None
    ) -> tuple[sql.Composable, tuple[Column, ...]]:
        if previous is None and "source-table" in stage:
            return self._table(stage["source-table"])
        inner = previous or _card(self.store, stage["source-card"], self.depth)
        if inner.columns is None:
            raise QueryError("the columns of the SQL below this stage are not known")
        return sql.SQL("({})").format(inner.statement), inner.columns

    def _table(self, number: int) -> tuple[sql.Composable, tuple[Column, ...]]:
        table = self.store.find("table", number)
        if table is None or not table["active"] or table["db_id"] != self.database_id:
            raise QueryError(f"Table {number} does not exist, or belongs to another database.")
        fields = active_fields(self.store, table)
        return sql.Identifier(table["schema"], table["name"]), tuple(of_field(each) for each in fields)

    def _add(self, alias: str, relation: sql.Composable, columns: tuple[Column, ...]) -> sql.Composable:
        if alias in self.sources:
            raise QueryError(f"two sources are called {alias}")
        self.sources[alias] = columns
        named = sql.SQL("{} as {}").format(relation, sql.Identifier(alias))
        if alias == _SOURCE:
            self.tables.append(named)
        return named

    def build(self, stage: Mapping[str, Any], conditions: Sequence[list[Any]]) -> Compiled:
        for join in stage.get("joins", []):
            self._join(join)
        for clause in stage.get("expressions", []):
            self.expressions[clause[1]["lib/expression-name"]] = self.value(clause)
        chosen, grouped = self._selection(stage)
        columns = apart([column for _, column in chosen])
        select = [
            sql.SQL("{} as {}").format(expression, sql.Identifier(column.name))
            for (expression, _), column in zip(chosen, columns, strict=True)
        ]
        if not select:
            raise QueryError("the query has no columns")
        parts = [sql.SQL("select {} from {}").format(sql.SQL(", ").join(select), sql.SQL(" ").join(self.tables))]
        if found := [filters.condition(self, clause) for clause in (*stage.get("filters", []), *conditions)]:
            parts.append(sql.SQL("where {}").format(sql.SQL(" and ").join(found)))
        if grouped:
            parts.append(sql.SQL("group by {}").format(sql.SQL(", ").join(grouped)))
        if order := [self._order(clause) for clause in stage.get("order-by", [])]:
            parts.append(sql.SQL("order by {}").format(sql.SQL(", ").join(order)))
        if "limit" in stage:
            parts.append(sql.SQL("limit {}").format(stage["limit"]))
        aggregated = bool(stage.get("aggregation") or stage.get("breakout"))
        return Compiled(sql.SQL(" ").join(parts), columns, aggregated)

    def _join(self, join: Mapping[str, Any]) -> None:
        inner = compile_query(
            self.store, {"database": self.database_id, "stages": join["stages"]}, depth=self.depth + 1
        )
        if inner.columns is None:
            raise QueryError("the columns of a joined SQL are not known")
        columns = tuple(replace(column, join_alias=join["alias"]) for column in inner.columns)
        named = self._add(join["alias"], sql.SQL("({})").format(inner.statement), columns)
        on = sql.SQL(" and ").join(filters.condition(self, clause) for clause in join["conditions"])
        keyword = sql.SQL(_JOINS[join.get("strategy", "left-join")])
        self.tables.append(sql.SQL("{} {} on {}").format(keyword, named, on))

    def _selection(self, stage: Mapping[str, Any]) -> tuple[list[tuple[sql.Composable, Column]], list[sql.Composable]]:
        if stage.get("aggregation") or stage.get("breakout"):
            groups = [(self.value(each), self._named(each, "breakout")) for each in stage.get("breakout", [])]
            sums = [self._aggregate(each) for each in stage.get("aggregation", [])]
            return groups + sums, [expression for expression, _ in groups]
        if stage.get("fields"):
            chosen = [(self.value(each), self._named(each, "fields")) for each in stage["fields"]]
        else:
            chosen = self._every(_SOURCE)
            chosen += [(expression, Column(name, name, "fields")) for name, expression in self.expressions.items()]
        for join in stage.get("joins", []):
            fields = join.get("fields", "none")
            if fields == "all":
                chosen += self._every(join["alias"])
            elif isinstance(fields, list):
                chosen += [(self.value(each), self._named(each, "fields")) for each in fields]
        return chosen, []

    def _every(self, alias: str) -> list[tuple[sql.Composable, Column]]:
        shown = [
            column
            for column in self.sources[alias]
            if column.field is None or column.field["visibility_type"] in ("normal", "details-only")
        ]
        return [(sql.Identifier(alias, column.name), column) for column in shown]

    def _named(self, clause: list[Any], source: str) -> Column:
        if clause[0] == "expression":
            return Column(clause[2], clause[2], source)
        return replace(self.column(clause)[1], source=source)

    def _aggregate(self, clause: list[Any]) -> tuple[sql.Composable, Column]:
        operator, options, *arguments = clause
        if operator not in _AGGREGATIONS:
            raise QueryError(f"the stand-in does not know the aggregation {operator}")
        template, title, kind = _AGGREGATIONS[operator]
        inner = self.value(arguments[0]) if arguments else sql.SQL("*")
        expression = sql.SQL(template).format(inner)
        of = self._named(arguments[0], "fields").display_name if arguments else ""
        self.aggregations[options.get("lib/uuid", "")] = expression
        name = options.get("name") or ("count" if operator == "distinct" else operator)
        return expression, Column(name, options.get("display-name") or title.format(of), "aggregation", kind)

    def _order(self, clause: list[Any]) -> sql.Composable:
        direction, _, key = clause
        return sql.SQL("{} {}").format(self.value(key), sql.SQL("desc" if direction == "desc" else "asc"))

    def column(self, clause: list[Any]) -> tuple[sql.Composable, Column]:
        """The column that a field clause means; one that no source has fails the query."""
        _, options, reference = clause
        alias = options.get("join-alias") or _SOURCE
        for column in self.sources.get(alias, ()):
            number = column.field["id"] if column.field else None
            if reference in (number, column.name):
                return sql.Identifier(alias, column.name), column
        raise QueryError(f"Field {reference} is in none of the query's sources.")

    def value(self, clause: Any) -> sql.Composable:
        """SQL of a field, an expression, an aggregation or a literal."""
        if not (isinstance(clause, list) and clause and isinstance(clause[0], str)):
            return sql.Literal(clause)
        operator, options, *arguments = clause
        if operator == "field":
            expression, column = self.column(clause)
            return _truncated(expression, column, options.get("temporal-unit"))
        if operator == "expression":
            return self._known(self.expressions, arguments[0])
        if operator == "aggregation":
            return self._known(self.aggregations, arguments[0])
        found = [self.value(argument) for argument in arguments]
        if operator in _OPERATORS:
            return sql.SQL("({})").format(sql.SQL(f" {_OPERATORS[operator]} ").join(found))
        if operator in _FUNCTIONS:
            return sql.SQL("{}({})").format(sql.SQL(_FUNCTIONS[operator]), sql.SQL(", ").join(found))
        raise QueryError(f"the stand-in does not know the clause {operator}")

    @staticmethod
    def _known(found: dict[str, sql.Composable], name: str) -> sql.Composable:
        if name not in found:
            raise QueryError(f"{name} is not in this stage")
        return found[name]


def _truncated(expression: sql.Composable, column: Column, unit: str | None) -> sql.Composable:
    if unit in (None, "default"):
        return expression
    if unit == "week":  # from Sunday on, as Metabase counts unless told otherwise
        template = "(date_trunc('week', {} + interval '1 day') - interval '1 day')"
        truncated: sql.Composable = sql.SQL(template).format(expression)
    elif unit in _UNITS:
        truncated = sql.SQL("date_trunc({}, {})").format(sql.Literal(unit), expression)
    else:
        raise QueryError(f"the stand-in does not know the unit {unit}")
    return sql.SQL("{}::date").format(truncated) if column.base_type == "type/Date" else truncated
