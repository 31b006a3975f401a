"""The entry page of dbt's documentation: prose by hand, and between its markers the tables that the seeds give."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from loaders.errors import ConfigurationError
from loaders.mapping.column_maps import Row
from loaders.mapping.markdown import Links, code, codes, table
from loaders.mapping.publish_models import PublishModel

# Jinja comments: dbt leaves them out of the page.
_SECTION = "{{# {name}: made by dtx mapping #}}\n{text}\n{{# end of {name} #}}"


def fill(page: str, sections: Mapping[str, str]) -> str:
    """The page with what stands between the markers of each section replaced.

    Args:
        page: text of overview.md.
        sections: a section's name to its Markdown.

    Raises:
        ConfigurationError: the page lacks the markers of a section.
    """
    for name, text in sections.items():
        pattern = re.escape(_SECTION.format(name=name, text="@")).replace("@", "(.*?)")
        if not re.search(pattern, page, flags=re.DOTALL):
            raise ConfigurationError(
                f"overview.md has no place for the section {name}",
                hint=f"Put back its markers: {_SECTION.format(name=name, text='…')!r}",
            )
        made = _SECTION.format(name=name, text=text)
        page = re.sub(pattern, lambda _, made=made: made, page, flags=re.DOTALL)  # type: ignore[misc]
    return page


def tables_section(
    links: Links, tables: Sequence[Row], models: Sequence[PublishModel], dispositions: Mapping[str, str]
) -> str:
    """Every table: its width, decision, what becomes of most of its rows, and the models that say so.

    Args:
        links: of the site.
        tables: lines of source_tables.csv.
        models: every publish model.
        dispositions: table to its model of dispositions, where it has one.
    """
    rows = (
        (
            links.source(each["source_table"]),
            each["columns"],
            each["description"],
            each["decision_id"],
            _disposition(links, each, dispositions),
            ", ".join(links.short(model.name) for model in models if model.source_table == each["source_table"]),
        )
        for each in tables
    )
    return table(("Table", "Columns", "What it holds", "Decision", "Most rows", "Published by"), rows)


def _disposition(links: Links, row: Row, dispositions: Mapping[str, str]) -> str:
    model = dispositions.get(row["source_table"])
    return links.model(row["disposition"], model) if model else row["disposition"]


def decisions_section(decisions: Sequence[Row]) -> str:
    """Every decision with the option that is chosen and those that could be; what is refused, the text says.

    Args:
        decisions: lines of decisions.csv.
    """
    rows = (
        (
            each["decision_id"],
            each["subject"],
            code(each["chosen"]),
            codes(option for option in each["options"].split("|") if option != each["chosen"]),
            each["status"],
            each["text"],
        )
        for each in decisions
    )
    return table(("Decision", "Subject", "Chosen", "Other options", "Status", "In words"), rows)
