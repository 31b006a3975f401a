"""Mapping tables for dbt's documentation, made from the column maps: one per source table, one per publish model."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from operator import attrgetter

from loaders.mapping.column_maps import MapLine
from loaders.mapping.markdown import Links, code, codes, doc_block, table
from loaders.mapping.publish_models import PublishModel

_HOW = {"value": "value", "condition": "condition", "key": "finds the row", "file": "names the file", "": ""}


def table_block(links: Links, source_table: str, lines: Sequence[MapLine]) -> str:
    """Block `mapping_<table>`: where each column of a table goes.

    Args:
        links: of the site.
        source_table: its name.
        lines: its column map.
    """
    archived = all(line.disposition == "archived" for line in lines)
    text = _archived(lines) if archived else _whole_map(links, lines)
    return doc_block(f"mapping_{source_table}", f"### Where each column goes\n\n{text}")


def model_block(links: Links, model: PublishModel, feeding: Sequence[MapLine]) -> str:
    """Block `mapping_<model>`: what feeds each column of a publish model, and which columns nothing feeds.

    Args:
        links: of the site.
        model: the publish model.
        feeding: the lines of column maps that speak of it.
    """
    fed = {line.target_column for line in feeding}
    unfed = [(code(name), text) for name, text in model.columns.items() if name not in fed]
    sections = [
        f"### From {code(model.source_table)} to {code(model.target_table)}",
        _mapping(links, model.source_table, feeding, lambda line: code(line.target_column)),
        f"All columns of {links.source(model.source_table)} have their lines on its page. "
        f"What the model is made from: {links.graph('the graph', model.name)}.",
    ]
    if unfed:
        sections += ["### Not from a source column", table(("Target column", "Value"), unfed)]
    return doc_block(f"mapping_{model.name}", "\n\n".join(sections))


def _mapping(links: Links, of_table: str, lines: Iterable[MapLine], goes_to: Callable[[MapLine], str]) -> str:
    def row(line: MapLine) -> tuple[str, ...]:
        rule = links.seeds(line.rule)
        return _name(line, of_table), goes_to(line), _HOW[line.role], rule, line.decision_id, line.evidence

    return table(("Source column", "Target column", "How", "Rule", "Decision", "Evidence"), map(row, lines))


def _whole_map(links: Links, lines: Sequence[MapLine]) -> str:
    targets = sorted({(_model(line), line.target_table) for line in lines if line.target_table})
    deciding = codes(dict.fromkeys(line.column_name for line in lines if line.decides))
    return "\n\n".join(
        (
            _mapping(links, lines[0].source_table, lines, _goes_to),
            "; ".join(f"{model} is {code(target)}" for model, target in targets) + ".",
            f"The value of these decides what becomes of a row: {deciding}.",
        )
    )


def _archived(lines: Sequence[MapLine]) -> str:
    by_rule = groupby(sorted(lines, key=attrgetter("rule")), key=attrgetter("rule"))
    groups = [(rule, list(group)) for rule, group in by_rule]
    if len(groups) == 1:
        return f"All {len(lines)} columns, by decision {lines[0].decision_id}. {lines[0].rule}"
    return table(
        ("Source columns", "Rule", "Decision"),
        ((codes(line.column_name for line in group), rule, group[0].decision_id) for rule, group in groups),
    )


def _goes_to(line: MapLine) -> str:
    if line.disposition == "mapped":
        return f"{_model(line)} {code(line.target_column)}"
    return {"key": "id map", "dropped": "dropped", "archived": "archive", "withheld": "withheld"}[line.disposition]


def _model(line: MapLine) -> str:
    """The table without its schema and Django app: a cell breaks no words, and whole names would push columns off."""
    return re.sub(r"^\w+\.(docutrax_[a-z]+_)?", "", line.target_table)


def _name(line: MapLine, of_table: str) -> str:
    """A column; with its table where that is another than the page's."""
    return code(line.column_name if line.source_table == of_table else f"{line.source_table}.{line.column_name}")
