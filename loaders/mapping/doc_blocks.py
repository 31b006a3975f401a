"""Mapping tables for dbt's documentation, made from the column maps: one per source table, one per publish model."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from operator import attrgetter

from loaders.mapping.column_maps import MapLine
from loaders.mapping.markdown import code, codes, doc_block, source_link, table, with_links
from loaders.mapping.publish_models import PublishModel

_HEADER = ("DTX 1.0", "DTX 2.0", "How", "Rule", "Decision", "Evidence")
_HOW = {
    "value": "value",
    "condition": "condition",
    "key": "finds the row",
    "file": "names the file",
    "": "",
}


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
    """Block `mapping_<model>`: what feeds each column of a publish model, and what its source's other columns do.

    Args:
        model: the publish model.
        lines: its source table's column map.
    """
    feeding = [line for line in lines if model.is_fed_by(line)]
    fed = {line.target_column for line in feeding}
    unfed = {name: text for name, text in model.columns.items() if name not in fed}
    sections = [
        f"### From {code(model.source_table)} to {code(model.target_table)}\n\n"
        + table(
            _HEADER,
            (
                (
                    code(each.column_name),
                    code(each.target_column),
                    _HOW[each.role],
                    each.rule,
                    each.decision_id,
                    each.evidence,
                )
                for each in feeding
            ),
        ),
        f"All columns of {source_link(model.source_table)} have their lines on its page.",
    ]
    if unfed:
        sections.append(
            "### Not from a source column\n\n"
            + table(("DTX 2.0", "Value"), ((code(name), text) for name, text in unfed.items()))
        )
    return doc_block(f"mapping_{model.name}", "\n\n".join(sections))


def _whole_map(lines: Sequence[MapLine]) -> str:
    deciding = codes(dict.fromkeys(line.column_name for line in lines if line.decides))
    rows = (
        (
            code(each.column_name),
            _goes_to(each),
            _HOW[each.role],
            with_links(each.rule),
            each.decision_id,
            each.evidence,
        )
        for each in lines
    )
    targets = {_model(line): line.target_table for line in lines if line.target_table}
    return "\n\n".join(
        (
            table(_HEADER, rows),
            "; ".join(f"{model} is {code(target)}" for model, target in sorted(targets.items())) + ".",
            f"The value of these decides what becomes of a row: {deciding}.",
        )
    )


def _archived(lines: Sequence[MapLine]) -> str:
    by_rule = groupby(sorted(lines, key=attrgetter("rule")), key=attrgetter("rule"))
    groups = [(rule, list(group)) for rule, group in by_rule]
    if len(groups) == 1:
        return f"All {len(lines)} columns, by decision {lines[0].decision_id}. {groups[0][0]}"
    return table(
        ("DTX 1.0", "Rule", "Decision"),
        ((codes(line.column_name for line in group), rule, lines[0].decision_id) for rule, group in groups),
    )


def _model(line: MapLine) -> str:
    """The Django model's name: a cell breaks no words, and a table's whole name would push the others off the page."""
    return line.target_table.rpartition("_")[2]


def _goes_to(line: MapLine) -> str:
    if line.disposition == "mapped":
        return f"{_model(line)} {code(line.target_column)}"
    return {"key": "id map", "dropped": "dropped", "archived": "archive"}[line.disposition]
