"""Markdown as dbt's documentation site renders it: tables, code spans, links to its pages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from loaders.systems import System


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


@dataclass(frozen=True)
class Links:
    """Links between the pages of one system's documentation."""

    system: System

    def model(self, text: str, model: str) -> str:
        """To a model's page."""
        return f"[{text}](#!/model/model.{self.system.project_name}.{model})"

    def short(self, model: str) -> str:
        """To a model's page; leaves the prefix of its layer out: a cell breaks no words."""
        return self.model(model.partition("__")[2], model)

    def graph(self, text: str, model: str) -> str:
        """To the graph of what a model is made from, tests left out."""
        return self.model(text, f"{model}?g_v=1&g_i=%2B{model}&g_e=resource_type:test")

    def source(self, table: str) -> str:
        """To the page of a table of the source."""
        return f"[{table}](#!/source/source.{self.system.project_name}.{self.system.name}.{table})"

    def seeds(self, text: str) -> str:
        """The text with each file under seeds/ turned into a link to its page."""
        page = rf"[\1](#!/seed/seed.{self.system.project_name}.\1)"
        return re.sub(r"seeds/(?:\w+/)*(\w+)\.csv", page, text)


def doc_block(name: str, text: str) -> str:
    """A block that YAML includes with `{{ doc('name') }}`."""
    return f"{{% docs {name} %}}\n{text}\n{{% enddocs %}}\n"
