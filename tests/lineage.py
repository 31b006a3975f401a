"""Which columns of the sources reach a column of a dbt model, read from compiled SQL (spec: Where a column goes).

A column reaches another in one of three ways:

- *carried*: its value is handed on, cast, or part of an expression;
- *found*: it stands on the near side of the join that looked the value up, as `vendor_id` in a join with the id map;
- *chosen*: it decides between values or rows: conditions of a CASE, order in a window, filters of what was joined.

A join on `source_key` or `legacy_key` joins a row with itself and finds nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import sqlglot
from sqlglot import exp
from sqlglot.optimizer.scope import Scope, build_scope

_ROW_IDENTITY = frozenset({"source_key", "legacy_key"})
_TAKEN = exp.JSONExtract | exp.JSONExtractScalar


class Column(NamedTuple):
    """A column of a source or seed: a relation that no query makes."""

    relation: str
    name: str


@dataclass(frozen=True)
class Reach:
    """The columns that reach one column, by how they do."""

    carried: frozenset[Column] = frozenset()
    found: frozenset[Column] = frozenset()
    chosen: frozenset[Column] = frozenset()

    def __or__(self, other: Reach) -> Reach:
        return Reach(self.carried | other.carried, self.found | other.found, self.chosen | other.chosen)

    @property
    def all(self) -> frozenset[Column]:
        """Every column, however it gets there."""
        return self.carried | self.found | self.chosen

    def as_found(self) -> Reach:
        """What a value that was looked up by this one owes to it."""
        return Reach(found=self.carried | self.found, chosen=self.chosen)

    def as_chosen(self) -> Reach:
        """What a value that was chosen by this one owes to it."""
        return Reach(chosen=self.all)


NOTHING = Reach()


def together(reaches: Iterable[Reach]) -> Reach:
    """The union of them all."""
    total = NOTHING
    for reach in reaches:
        total |= reach
    return total


class Lineage:
    """Lineage over the queries of a project.

    Args:
        queries: `schema.name` of a relation to the SELECT that makes it.
        leaves: `schema.name` of a source or seed to its columns.
        seed_values: the values of a seed's column. A row's JSON from which a query takes keys that a seed lists gives
            those columns only.
    """

    def __init__(
        self,
        queries: Mapping[str, str],
        leaves: Mapping[str, Sequence[str]],
        seed_values: Callable[[Column], Iterable[str]] = lambda _: (),
    ) -> None:
        self._queries, self._leaves, self._seed_values = queries, leaves, seed_values
        self._scopes: dict[str, Scope] = {}
        self._filled: dict[int, Scope] = {}
        self._known: dict[tuple[int, str], Reach] = {}
        self._joining: set[tuple[int, str]] = set()

    def reach(self, relation: str, column: str) -> Reach:
        """What reaches a column of a relation.

        Raises:
            KeyError: there is no such relation, or it has no such column.
        """
        if relation not in self._leaves:
            return self._output(self._scope(relation), column)
        if column not in self._leaves[relation]:
            raise KeyError(f"{relation} has no column {column}")
        return Reach(carried=frozenset({Column(relation, column)}))

    def rows(self, relation: str) -> Reach:
        """What decides which rows a relation has: filters and inner joins, its inputs' included."""
        return NOTHING if relation in self._leaves else self._rows(self._scope(relation))

    def columns(self, relation: str) -> list[str]:
        """A relation's columns, in order."""
        return list(self._leaves[relation]) if relation in self._leaves else self._columns(self._scope(relation))

    def _scope(self, relation: str) -> Scope:
        if relation not in self._scopes:
            scope = build_scope(sqlglot.parse_one(self._queries[relation], dialect="postgres"))
            assert scope is not None, relation
            self._scopes[relation] = scope
            self._filled |= {id(each.expression): each for each in scope.traverse()}
        return self._scopes[relation]

    def _columns(self, scope: Scope) -> list[str]:
        if scope.outer_columns:
            return list(scope.outer_columns)
        if isinstance(scope.expression, exp.SetOperation):
            return self._columns(scope.set_operation_scopes[0])
        names: list[str] = []
        for projection in scope.expression.selects:
            if projection.is_star:
                for alias in _starred(scope, projection):
                    names += self._source_columns(scope.sources[alias])
            else:
                names.append(projection.alias_or_name)
        return names

    def _output(self, scope: Scope, column: str) -> Reach:
        key = id(scope), column
        if key not in self._known:
            self._known[key] = NOTHING  # the second part of a recursive CTE reads what its first part brought
            self._known[key] = self._compute(scope, column)
        return self._known[key]

    def _compute(self, scope: Scope, column: str) -> Reach:
        place = self._columns(scope).index(column)
        if isinstance(scope.expression, exp.SetOperation):
            return together(self._output(part, self._columns(part)[place]) for part in scope.set_operation_scopes)
        for projection in scope.expression.selects:
            if not projection.is_star:
                if place == 0:
                    return self._expression(scope, projection.unalias())
                place -= 1
                continue
            for alias in _starred(scope, projection):
                names = self._source_columns(scope.sources[alias])
                if not names:  # VALUES, named by the CTE around it
                    return self._source_reach(scope, scope.sources[alias], column)
                if place < len(names):
                    return self._column(scope, alias, names[place])
                place -= len(names)
        raise KeyError(column)

    # A source of a scope is another scope (a CTE, a subquery), a table, or a function that gives rows.
    def _source_columns(self, source: Scope | exp.Expression) -> list[str]:
        if isinstance(source, Scope):
            return self._columns(source)
        return self.columns(_relation(source)) if _is_table(source) else list(source.alias_column_names)

    def _source_rows(self, source: Scope | exp.Expression) -> Reach:
        if isinstance(source, Scope):
            return self._rows(source)
        return self.rows(_relation(source)) if _is_table(source) else NOTHING

    def _source_reach(self, scope: Scope, source: Scope | exp.Expression, column: str) -> Reach:
        if not isinstance(source, Scope):
            return self.reach(_relation(source), column) if _is_table(source) else self._expression(scope, source.this)
        if isinstance(source.expression, exp.Query):
            # A recursive CTE sees its first part as a scope that nobody filled; the filled one has the same expression.
            return self._output(self._filled[id(source.expression)], column)
        if isinstance(
            source.expression, exp.Lateral
        ):  # a function that gives rows, or VALUES, of what stands beside it
            return together(self._named(scope, each) for each in source.expression.this.find_all(exp.Column))
        return together(self._expression(scope, each) for each in source.expression.expressions)

    def _column(self, scope: Scope, alias: str, column: str) -> Reach:
        """A column of one of the scope's sources, with what found it where that source is joined."""
        source = scope.sources[alias]
        reach = self._source_reach(scope, source, column)
        join, key = _joins(scope).get(alias), (id(scope), alias)
        if join is None or key in self._joining:
            return reach
        near = [each for each in _on_parts(join) if not _is_of(each, alias)]
        if near and all(_name(each) in _ROW_IDENTITY for each in near):
            return reach
        self._joining.add(key)  # a part of the condition may name the joined source itself
        finding = together(
            self._expression(scope, each).as_found() for each in near if _name(each) not in _ROW_IDENTITY
        )
        self._joining.discard(key)
        return reach | finding | self._source_rows(source).as_chosen()

    def _named(self, scope: Scope, node: exp.Column) -> Reach:
        name = node.name
        if node.table:
            while node.table not in _selected(scope) and scope.parent is not None:
                scope = scope.parent  # a correlated subquery
            return self._column(scope, node.table, name)
        for alias in _selected(scope):
            if name in self._source_columns(scope.sources[alias]):
                return self._column(scope, alias, name)
        if name in _selected(scope):  # the row itself
            return together(self._column(scope, name, each) for each in self._source_columns(scope.sources[name]))
        raise KeyError(f"{name} in {scope.expression.sql('postgres')[:200]}")

    def _expression(self, scope: Scope, node: exp.Expression | None) -> Reach:
        if node is None:
            return NOTHING
        if isinstance(node, exp.Column):
            return self._named(scope, node)
        if isinstance(node, exp.Query):
            inner = next(each for each in scope.subquery_scopes if each.expression is node.unnest())
            return together(self._output(inner, each) for each in self._columns(inner)) | self._rows(inner).as_chosen()
        children = list(node.iter_expressions())
        choosing: list[exp.Expression] = []
        if isinstance(node, exp.Case):
            choosing = [each for each in (node.this, *(branch.this for branch in node.args["ifs"])) if each]
            children = [
                each for each in (node.args.get("default"), *(b.args["true"] for b in node.args["ifs"])) if each
            ]
        elif isinstance(node, exp.Window | exp.Filter | exp.Order):
            choosing = [each for each in children if each is not node.this] + _named_window(node)
            children = [node.this] if node.this else []
        elif isinstance(node, _TAKEN):
            return self._picked(self._expression(scope, node.this), self._expression(scope, node.expression))
        return together(self._expression(scope, each) for each in children) | together(
            self._expression(scope, each).as_chosen() for each in choosing
        )

    def _picked(self, row: Reach, key: Reach) -> Reach:
        names = {value for each in key.carried if each.name == "column_name" for value in self._seed_values(each)}
        if not names:
            return row | key
        return Reach(frozenset(each for each in row.carried if each.name in names), row.found, row.chosen) | key

    def _rows(self, scope: Scope) -> Reach:
        query = scope.expression
        if isinstance(query, exp.SetOperation):
            return together(self._rows(part) for part in scope.set_operation_scopes)
        if not isinstance(query, exp.Select):
            return NOTHING
        filters = [query.args[name] for name in ("where", "having", "distinct", "order") if query.args.get(name)]
        if not (query.args.get("distinct") and query.args["distinct"].args.get("on")):
            filters = [each for each in filters if not isinstance(each, exp.Distinct | exp.Order)]
        joins = _joins(scope)
        kept = [alias for alias in _selected(scope) if alias not in joins or not joins[alias].side]
        near = [each for alias in kept if alias in joins for each in _on_parts(joins[alias])]
        return together(self._expression(scope, each) for each in (*filters, *near)) | together(
            self._source_rows(scope.sources[alias]) for alias in kept
        )


def _selected(scope: Scope) -> list[str]:
    return list(scope.selected_sources)


def _starred(scope: Scope, projection: exp.Expression) -> list[str]:
    return [projection.table] if isinstance(projection, exp.Column) else _selected(scope)


def _joins(scope: Scope) -> dict[str, exp.Join]:
    return {join.alias_or_name: join for join in scope.expression.args.get("joins") or []}


def _on_parts(join: exp.Join) -> list[exp.Expression]:
    """What a join compares: columns, and keys taken from a JSON column together with it."""
    on = join.args.get("on")
    columns = on.find_all(exp.Column) if on else ()
    return [each.parent if isinstance(each.parent, _TAKEN) and each.arg_key == "this" else each for each in columns]


def _name(part: exp.Expression) -> str:
    return part.this.name if isinstance(part, _TAKEN) else part.name


def _is_of(part: exp.Expression, alias: str) -> bool:
    column = part.this if isinstance(part, _TAKEN) else part
    return isinstance(column, exp.Column) and column.table == alias


def _named_window(node: exp.Expression) -> list[exp.Expression]:
    select = node.find_ancestor(exp.Select)
    windows = (select.args.get("windows") or []) if select and isinstance(node, exp.Window) else []
    return [
        part
        for window in windows
        if window.name == node.alias
        for part in window.iter_expressions()
        if part is not window.this
    ]


def _is_table(source: exp.Expression) -> bool:
    return isinstance(source, exp.Table) and isinstance(source.this, exp.Identifier)


def _relation(table: exp.Expression) -> str:
    return f"{table.text('db')}.{table.name}"
