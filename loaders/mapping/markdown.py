"""Markdown as dbt's documentation site renders it: tables, code spans, links to its pages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; a `|` inside a cell is escaped."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", r"\|") for cell in line) + " |" for line in lines)


def code(name: str) -> str:
    """A name as a code span."""
    return f"`{name}`"


def codes(names: Iterable[str]) -> str:
    """Names as code spans, joined by commas."""
    return ", ".join(code(name) for name in names)


def link(text: str, model: str) -> str:
    """A link to a model's page."""
    return f"[{text}](#!/model/model.dtx.{model})"


def model_link(name: str) -> str:
    """A link to a model's page that leaves the prefix of its layer out: a cell breaks no words."""
    return link(name.partition("__")[2], name)


def graph_link(text: str, model: str) -> str:
    """A link to the graph of what a model is made from, tests left out."""
    return link(text, f"{model}?g_v=1&g_i=%2B{model}&g_e=resource_type:test")


def source_link(name: str) -> str:
    """A link to the page of a table of DTX 1.0."""
    return f"[{name}](#!/source/source.dtx.dtx1.{name})"


def with_links(text: str) -> str:
    """The text with each file under seeds/ turned into a link to its page."""
    return re.sub(r"seeds/(?:\w+/)*(\w+)\.csv", r"[\1](#!/seed/seed.dtx.\1)", text)


def doc_block(name: str, text: str) -> str:
    """A block that YAML includes with `{{ doc('name') }}`."""
    return f"{{% docs {name} %}}\n{text}\n{{% enddocs %}}\n"
