"""Every report of the catalogue on one page of HTML, as Metabase will show it: pure."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from markupsafe import Markup

from loaders.metabase.catalogue import Catalogue, Collection, Question, Schedule
from loaders.metabase.desired import Formats, each_once
from loaders.metabase.exposures import MAIN_REPORTS
from loaders.metabase.formats import is_number, rendered
from loaders.report.page import FOLDER as REPORT_FOLDER
from loaders.report.page import page_environment

_FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Sample:
    """The first rows of a question, or why there are none."""

    rows: Sequence[Sequence[Any]] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Deliveries:
    """Who gets a report: legacy schedules by what becomes of them, and how many addresses there are in all."""

    schedules: Mapping[str, int]
    recipients: int


@dataclass(frozen=True, slots=True)
class Sheet:
    """One question on the page; `rows` is None where none were asked for."""

    question: Question
    anchor: str
    rows: list[list[tuple[str, bool]]] | None
    problem: str
    deliveries: Deliveries


@dataclass(frozen=True, slots=True)
class Section:
    """A collection on the page."""

    anchor: str
    title: str
    description: str | None
    sheets: list[Sheet]


def render(
    catalogue: Catalogue, formats: Formats, samples: Mapping[str, Sample] | None, facts: Mapping[str, str]
) -> str:
    """Render the page; the same arguments give the same bytes.

    Args:
        catalogue: what Metabase should hold.
        formats: Metabase's column settings by display format.
        samples: by question key; None where no rows are wanted.
        facts: shown at the top: `database`, `environment`, `generated_at`, `code_version`.
    """
    deliveries = deliveries_of(catalogue)
    sheets = {
        question.question_key: _sheet(number, question, formats, samples, deliveries)
        for number, question in enumerate(catalogue.questions, start=1)
    }
    # The policy names the two inline parts by their hashes: nothing that a value brings along can run.
    style = (REPORT_FOLDER / "page.css").read_text("utf-8") + (_FOLDER / "preview.css").read_text("utf-8")
    script = (_FOLDER / "preview.js").read_text("utf-8")
    environment = page_environment(_FOLDER)
    # White space of any kind reads as one space, in Metabase's tables as in HTML.
    environment.filters["folded"] = lambda text: " ".join(text.split())
    return environment.get_template("preview.html.jinja").render(
        facts=facts,
        sections=list(_sections(catalogue, sheets)),
        coverage=Counter(question.coverage for question in catalogue.questions),
        outcomes=Counter(schedule.outcome for schedule in catalogue.schedules),
        orphans=deliveries[None],
        has_rows=samples is not None,
        style=Markup(style),  # noqa: S704
        script=Markup(script),  # noqa: S704
        policy=f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; "
        "base-uri 'none'; form-action 'none'",
    )


def as_created(catalogue: Catalogue) -> Catalogue:
    """The catalogue with each question's columns as Metabase is given them: each once."""
    questions = (replace(question, columns=tuple(each_once(question.columns))) for question in catalogue.questions)
    return replace(catalogue, questions=tuple(questions))


def deliveries_of(catalogue: Catalogue) -> Mapping[str | None, Deliveries]:
    """Each question's deliveries; those of schedules whose report is not in the catalogue under None.

    A schedule counts once: for the question of its report and Account, or else for its report's first.
    """
    by_account = {(each.report_id, each.account_id): each.question_key for each in catalogue.questions}
    by_report: dict[int | None, str] = {}
    for question in catalogue.questions:
        by_report.setdefault(question.report_id, question.question_key)
    schedules: dict[str | None, list[Schedule]] = defaultdict(list)
    for schedule in catalogue.schedules:
        fallback = by_report.get(schedule.report_id)
        key = by_account.get((schedule.report_id, schedule.account_id), fallback) if schedule.report_id else None
        schedules[key].append(schedule)
    addresses: dict[int, set[str]] = defaultdict(set)
    for subscription in catalogue.subscriptions:
        addresses[subscription.schedule_id].update(each.lower() for each in subscription.recipients)
    found = {
        key: Deliveries(
            schedules=dict(sorted(Counter(each.outcome for each in group).items())),
            recipients=len(set().union(*(addresses[each.schedule_id] for each in group))),
        )
        for key, group in schedules.items()
    }
    return defaultdict(lambda: Deliveries({}, 0), found)


def _sheet(
    number: int,
    question: Question,
    formats: Formats,
    samples: Mapping[str, Sample] | None,
    deliveries: Mapping[str | None, Deliveries],
) -> Sheet:
    sample = (samples or {}).get(question.question_key)
    settings = [formats.get(column.display_format or "", {}) for column in question.columns]
    rows = None
    if sample is not None and not sample.problem:
        rows = [
            [(rendered(value, setting), is_number(value)) for value, setting in zip(row, settings, strict=True)]
            for row in sample.rows
        ]
    return Sheet(
        question=question,
        anchor=f"q{number}",
        rows=rows,
        problem=sample.problem if sample else "",
        deliveries=deliveries[question.question_key],
    )


def _sections(catalogue: Catalogue, sheets: Mapping[str, Sheet]) -> Iterator[Section]:
    main = [each for each in catalogue.questions if each.report_id in MAIN_REPORTS and each.account_id is None]
    main.sort(key=lambda each: MAIN_REPORTS.index(each.report_id))
    if main:
        yield Section("c0", "Most used reports", None, [sheets[each.question_key] for each in main])
    others = [each for each in catalogue.questions if each not in main]
    for number, (title, collection) in enumerate(_in_tree_order(catalogue.collections), start=1):
        own = [each for each in others if each.collection_key == collection.collection_key]
        own.sort(key=lambda each: (each.report_id, each.account_id or 0))
        if own:
            yield Section(f"c{number}", title, collection.description, [sheets[each.question_key] for each in own])


def _in_tree_order(
    collections: Sequence[Collection], parent: str | None = None, path: str = ""
) -> Iterator[tuple[str, Collection]]:
    # Categories in the order of their ids, as people know them; Accounts by name.
    for collection in sorted(collections, key=lambda each: "" if each.account_id is None else each.name):
        if collection.parent_key == parent:
            title = f"{path} / {collection.name}" if path else collection.name
            yield title, collection
            yield from _in_tree_order(collections, collection.collection_key, title)


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
