"""Native SQL with template tags: raw values, field filters, other cards, optional clauses."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from psycopg import sql

from sandbox.metabase import filters
from sandbox.metabase.columns import Compiled, QueryError
from sandbox.metabase.store import Document, Store

_TAG = re.compile(r"\{\{\s*([^}]+?)\s*\}\}")
_CASTS = {"number": "numeric", "date": "date", "boolean": "boolean"}


@dataclass(frozen=True)
class Values:
    """What a run gives to template tags: raw values by tag, filter clauses without a field by tag."""

    raw: Mapping[str, Any] = field(default_factory=dict)
    clauses: Mapping[str, list[Any]] = field(default_factory=dict)


def tag_names(text: str) -> list[str]:
    """Names of the tags in a SQL text, each once, in the order they come."""
    return list(dict.fromkeys(_TAG.findall(text)))


def compile_native(
    store: Store, stage: Mapping[str, Any], values: Values, compile_card: Callable[[int], Compiled]
) -> Compiled:
    """SQL of a native stage, its tags replaced.

    Raises:
        QueryError: a tag is not declared, or a required one has no value.
    """
    substitution = _Substitution(store, stage.get("template-tags", {}), values, compile_card)
    text = stage["native"].rstrip().removesuffix(";")
    return Compiled(substitution.text(text + "\n"), None)  # the line's end ends a comment that may stand last


@dataclass(frozen=True)
class _Substitution:
    store: Store
    tags: Mapping[str, Document]
    values: Values
    compile_card: Callable[[int], Compiled]

    def text(self, text: str) -> sql.Composable:
        """A text whose `[[ ]]` clauses stay only when every tag in them has a value."""
        parts: list[sql.Composable] = []
        for piece in re.split(r"(\[\[.*?\]\])", text, flags=re.DOTALL):
            if not (piece.startswith("[[") and piece.endswith("]]")):
                parts.append(self._plain(piece))
            elif all(self._has_value(name) for name in tag_names(piece)):
                parts.append(self._plain(piece[2:-2]))
        return sql.Composed(parts)

    def _plain(self, text: str) -> sql.Composable:
        pieces = _TAG.split(text)
        return sql.Composed([self._tag(piece) if odd % 2 else sql.SQL(piece) for odd, piece in enumerate(pieces)])

    def _declared(self, name: str) -> Document:
        if name not in self.tags:
            raise QueryError(f"The SQL has {{{{{name}}}}}, which template-tags does not declare.")
        return self.tags[name]

    def _has_value(self, name: str) -> bool:
        tag = self._declared(name)
        return tag["type"] == "card" or name in self.values.raw or name in self.values.clauses or "default" in tag

    def _tag(self, name: str) -> sql.Composable:
        tag = self._declared(name)
        if tag["type"] == "card":
            return sql.SQL("({})").format(self.compile_card(tag["card-id"]).statement)
        if tag["type"] == "dimension":
            return self._field_filter(name, tag)
        if tag["type"] == "snippet":
            raise QueryError("the stand-in keeps no snippets")
        if not self._has_value(name):
            raise QueryError(f"You'll need to pick a value for '{name}'.", "missing-required-parameter")
        value = self.values.raw.get(name, tag.get("default"))
        literals: list[sql.Composable] = []
        literals += [sql.Literal(each) for each in (value if isinstance(value, list) else [value])]
        if cast := _CASTS.get(tag["type"]):
            literals = [sql.SQL("{}::{}").format(each, sql.SQL(cast)) for each in literals]
        return sql.SQL(", ").join(literals)

    def _field_filter(self, name: str, tag: Document) -> sql.Composable:
        clause = self.values.clauses.get(name)
        if clause is None and tag.get("default") is not None:
            default = tag["default"]
            clause = ["=", {}, *(default if isinstance(default, list) else [default])]
        if clause is None:
            if tag.get("required"):
                raise QueryError(f"You'll need to pick a value for '{name}'.", "missing-required-parameter")
            return sql.SQL("1 = 1")
        found = self.store.find("field", tag["dimension"][2])
        table = self.store.find("table", found["table_id"]) if found else None
        if found is None or table is None:
            raise QueryError(f"The field of the filter '{name}' does not exist.")
        subject = sql.Identifier(table["schema"], table["name"], found["name"])
        alias = tag.get("alias")
        return filters.condition(
            _Known(sql.SQL(alias) if alias else subject), [clause[0], clause[1], None, *clause[2:]]
        )


@dataclass(frozen=True)
class _Known:
    """Gives the subject of a field filter for the clause's first argument, literals for the others."""

    subject: sql.Composable

    def value(self, clause: Any) -> sql.Composable:
        return self.subject if clause is None else sql.Literal(clause)
