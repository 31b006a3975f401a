"""Mapping tables for dbt's documentation, made from the column maps: one per source table, one per publish model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from operator import attrgetter

from loaders.mapping.column_maps import MapLine
from loaders.mapping.markdown import code, codes, doc_block, graph_link, source_link, table, with_links
from loaders.mapping.publish_models import PublishModel

_HOW = {"value": "value", "condition": "condition", "key": "finds the row", "file": "names the file", "": ""}


def table_block(source_table: str, lines: Sequence[MapLine]) -> str:
    """Block `mapping_<table>`: where each column of a table goes.

    Args:
        source_table: its name.
        lines: its column map.
    """
    archived = all(line.disposition == "archived" for line in lines)
    text = _archived(lines) if archived else _whole_map(lines)
    return doc_block(f"mapping_{source_table}", f"### Where each column goes\n\n{text}")


def model_block(model: PublishModel, lines: Sequence[MapLine]) -> str:
    """Block `mapping_<model>`: what feeds each column of a publish model, and which columns nothing feeds.

    Args:
        model: the publish model.
        lines: its source table's column map.
    """
    feeding = [line for line in lines if model.is_fed_by(line)]
    fed = {line.target_column for line in feeding}
    unfed = [(code(name), text) for name, text in model.columns.items() if name not in fed]
    sections = [
        f"### From {code(model.source_table)} to {code(model.target_table)}",
        _mapping(feeding, lambda line: code(line.target_column)),
        f"All columns of {source_link(model.source_table)} have their lines on its page. "
        f"What the model is made from: {graph_link('the graph', model.name)}.",
    ]
    if unfed:
        sections += ["### Not from a source column", table(("DTX 2.0", "Value"), unfed)]
    return doc_block(f"mapping_{model.name}", "\n\n".join(sections))


def _mapping(lines: Iterable[MapLine], goes_to: Callable[[MapLine], str]) -> str:
    def row(line: MapLine) -> tuple[str, ...]:
        rule = with_links(line.rule)
        return code(line.column_name), goes_to(line), _HOW[line.role], rule, line.decision_id, line.evidence

    return table(("DTX 1.0", "DTX 2.0", "How", "Rule", "Decision", "Evidence"), map(row, lines))


def _whole_map(lines: Sequence[MapLine]) -> str:
    targets = sorted({(_model(line), line.target_table) for line in lines if line.target_table})
    deciding = codes(dict.fromkeys(line.column_name for line in lines if line.decides))
    return "\n\n".join(
        (
            _mapping(lines, _goes_to),
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
        ("DTX 1.0", "Rule", "Decision"),
        ((codes(line.column_name for line in group), rule, group[0].decision_id) for rule, group in groups),
    )


def _goes_to(line: MapLine) -> str:
    if line.disposition == "mapped":
        return f"{_model(line)} {code(line.target_column)}"
    return {"key": "id map", "dropped": "dropped", "archived": "archive"}[line.disposition]


def _model(line: MapLine) -> str:
    """The Django model's name: a cell breaks no words, and whole names would push the last columns off the page."""
    return line.target_table.rpartition("_")[2]
