"""One dbt exposure for each legacy report, made from the catalogue: pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import yaml

from loaders.metabase.catalogue import Catalogue, Collection, Question
from loaders.metabase.identity import card_entity_id

# Described by hand in reporting.yml.
MAIN_REPORTS = (1, 55, 127, 135)
# A file in git names no server: dbt puts the address in. The reserved name stands where there is no Metabase yet.
BASE_URL = "{{ env_var('DTX_METABASE_URL', '') or 'https://metabase.invalid' }}"
# Whoever alone runs a report can be asked; of five nobody knows what all of them do with it.
_MANY_USERS = 5
HEADER = """\
# Made from the catalogue by `dtx metabase exposures`, of the sandbox's generated reports, which are the same each time.
# Where the legacy reports are real, run it there once and commit what it writes; `dtx metabase exposures --check` says
# when the file is no longer what the catalogue says.
"""

Maturity = Literal["high", "medium", "low"]


@dataclass(frozen=True)
class Owner:
    """Who answers for a category's reports."""

    name: str
    email: str


@dataclass(frozen=True)
class Usage:
    """How often DTX 1.0 ran a report and how many people asked for it, from its log (P12-2)."""

    runs: int
    users: int


def exposures_text(catalogue: Catalogue, owners: Mapping[str, Owner], usage: Mapping[int, Usage]) -> str:
    """The whole file `reports.yml`; the same catalogue gives the same bytes.

    Args:
        catalogue: what Metabase should hold.
        owners: by the key of a category's collection.
        usage: by report id; a report that is not in it was never run.

    Raises:
        LookupError: a question's collection is not in the catalogue, or its category has no owner.
    """
    exposures = [
        _exposure(question, category_of(catalogue.collections, question), owners, usage.get(question.report_id))
        for question in reports(catalogue.questions)
        if question.report_id not in MAIN_REPORTS
    ]
    return HEADER + yaml.dump({"exposures": exposures}, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)


class _Dumper(yaml.SafeDumper):
    """Writes a text of several lines as a block, as people do."""


_Dumper.add_representer(
    str,
    lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None),
)


def reports(questions: Sequence[Question]) -> list[Question]:
    """One question for each report, by report id: the one of all Accounts, or a custom report's own Account's."""
    chosen: dict[int, Question] = {}
    for question in sorted(questions, key=lambda each: (each.account_id or 0, each.question_key)):
        chosen.setdefault(question.report_id, question)
    return [chosen[report_id] for report_id in sorted(chosen)]


def category_of(collections: Sequence[Collection], question: Question) -> Collection:
    """The category's collection that a question is in, be it in an Account's collection inside that one.

    Raises:
        LookupError: a collection on the way up is not in the catalogue.
    """
    by_key = {collection.collection_key: collection for collection in collections}
    collection = by_key[question.collection_key]
    while collection.account_id is not None and collection.parent_key is not None:
        collection = by_key[collection.parent_key]
    return collection


def exposure_name(report_id: int) -> str:
    """The exposure's name: of the legacy id alone, so that a new title leaves it and everything that selects it."""
    return f"report_{report_id:04d}"


def maturity(question: Question, usage: Usage | None) -> Maturity:
    """How much people rely on a report.

    High: run by many people, and complete. Medium: run at all, and something of it is served. Low: the rest.
    """
    if usage is None or usage.runs == 0 or question.coverage == "none":
        return "low"
    return "high" if usage.users >= _MANY_USERS and question.coverage == "complete" else "medium"


def _exposure(
    question: Question, category: Collection, owners: Mapping[str, Owner], usage: Usage | None
) -> dict[str, Any]:
    owner = owners[category.collection_key]
    exposure: dict[str, Any] = {
        "name": exposure_name(question.report_id),
        "label": as_jinja_text(_title(question)),
        "type": "analysis",
        "maturity": maturity(question, usage),
        "owner": {"name": as_jinja_text(owner.name), "email": as_jinja_text(owner.email)},
        "description": as_jinja_text(_description(question, category)),
        "depends_on": [],
        "config": {
            "tags": ["legacy_report", f"coverage_{question.coverage}"],
            "meta": {
                "legacy_report_id": question.report_id,
                "legacy_category": as_jinja_text(category.name),
                "question_key": question.question_key,
                "coverage": question.coverage,
                "missing_fields": [as_jinja_text(field) for field in question.missing_fields],
            },
        },
    }
    if question.account_id is not None:
        exposure["config"]["meta"]["account_id"] = question.account_id
    if question.coverage != "none" and question.reporting_model:
        exposure["depends_on"] = [f"ref('{question.reporting_model}')"]
        exposure["url"] = f"{BASE_URL}/question/entity/{card_entity_id(question.question_key)}"
    return exposure


def _title(question: Question) -> str:
    """A customer's own words may name people, and this file is for everybody who reads the repository."""
    return question.name if question.account_id is None else f"Custom report {question.report_id}"


def _description(question: Question, category: Collection) -> str:
    origin = f"Report {question.report_id} of DTX 1.0, category {as_markdown_text(category.name)}."
    if question.account_id is not None:
        origin = f"{origin} A customer made it; it shows Account {question.account_id} alone."
    words = as_markdown_text(question.description or "") if question.account_id is None else ""
    fields = ", ".join(as_markdown_text(field) for field in question.missing_fields)
    coverage = {
        "complete": "Complete: each of its fields has a column.",
        "partial": f"Partial: no column holds {fields}.",
        "none": f"Not in Metabase: no column holds any of its fields{f' ({fields})' if fields else ''}.",
    }[question.coverage]
    return "\n\n".join(filter(None, (origin, words, coverage)))


def as_jinja_text(text: str) -> str:
    """The text such that dbt, which renders all text of its YAML, renders it as itself: legacy text cannot act (T2)."""
    return re.sub(r"\{(?=[{%#])", "{{ '{' }}", text)


def as_markdown_text(text: str) -> str:
    """The text such that the documentation's Markdown shows it as itself, HTML included."""
    return re.sub(r"([\\`*_<>\[\]&])", r"\\\1", text)
