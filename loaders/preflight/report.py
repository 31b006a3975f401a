"""An examination as one JSON document, and as tables that people read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from rich.text import Text

from loaders.console import print_table, stdout
from loaders.preflight.examination import Examination, HeldDecision, SourceCheck
from loaders.preflight.models import EFFECTS, Answer, Effect
from loaders.publish.findings import print_findings

# Longer lists are cut in the terminal; all rows are in the document and in the database.
SHOWN_ROWS = 12
_WORDS: Mapping[Effect, str] = {"holds": "hold", "attention": "to look at", "ok": "in order"}
_STYLES = {"blocks": "bold red", "holds": "bold red", "attention": "yellow", "ok": "green"}
# Told once under the table instead of in each row.
_TOLD_BELOW = frozenset({"effect", "blocks", "what_to_do"})
Document = Mapping[str, Any]


def as_document(examination: Examination) -> Document:
    """The document `dtx.preflight/2`; docs/preflight.md describes it."""
    source = examination.source
    return {
        "schema": "dtx.preflight/2",
        "findings": [finding.as_json() for finding in examination.findings],
        "catalogue": {
            "checked": source.error is None,
            "error": str(source.error) if source.error else None,
            "tables": source.tables,
            "columns": source.columns,
            "findings": [finding.as_json() for finding in source.findings],
        },
        "decisions": [_decision(held) for held in examination.decisions],
        "models": [
            {
                **answer.question.meta.model_dump(),
                "model": answer.question.model,
                "relation": str(answer.question.relation),
                "effects": answer.effects,
                "rows": [dict(row) for row in answer.rows],
            }
            for answer in examination.answers
        ],
    }


def show(examination: Examination) -> None:
    """Print the examination: findings, source, decisions, one table per question (what holds first), and the sum."""
    print_findings(examination.findings)
    _show_source(examination.source)
    _show_decisions(examination.decisions)
    for answer in sorted(examination.answers, key=lambda answer: not answer.effects["holds"]):
        if answer.rows:
            _show_answer(answer)
    silent = [answer for answer in examination.answers if not answer.rows]
    if silent:
        print_table(
            "Nothing found",
            ("id", "question", "model"),
            [(a.question.meta.id, a.question.meta.question, a.question.model) for a in silent],
        )
    _say(_sum(examination))


def _show_source(source: SourceCheck) -> None:
    if source.error is not None:
        _say(f"{source.system.title}'s columns were not compared: the server could not be asked.")
        return
    _say(
        f"{source.system.title}, {source.tables:,} tables, {source.columns:,} columns, against the catalogue and the "
        f"column maps: {len(source.findings):,} differences",
        "bold",
    )
    if source.findings:
        print_table(
            "",
            ("effect", "where", "what", "what to do"),
            [(_effect(f.effect), f.where, f.problem, f.what_to_do) for f in source.findings],
        )


def _show_decisions(decisions: Sequence[HeldDecision]) -> None:
    print_table(
        "Decisions; an open one holds what is published by it",
        ("decision", "subject", "chosen", "status", "holds"),
        [
            (
                held.decision.decision_id,
                held.decision.subject,
                held.decision.chosen or "",
                _effect("holds", "open") if held.decision.status == "open" else held.decision.status,
                ", ".join(_held_models(held)),
            )
            for held in decisions
        ],
    )


def _show_answer(answer: Answer) -> None:
    meta, effects = answer.question.meta, answer.effects
    columns = [column for column in answer.columns if column not in _TOLD_BELOW]
    counts = ", ".join(f"{effects[effect]:,} {word}" for effect, word in _WORDS.items() if effects[effect])
    _say(f"{meta.id}: {meta.question} {counts}", "bold")
    print_table(
        "",
        ("effect", *columns),
        [(_effect(row["effect"]), *(_cell(name, row[name]) for name in columns)) for row in answer.rows[:SHOWN_ROWS]],
    )
    hidden = len(answer.rows) - SHOWN_ROWS
    if hidden > 0:
        _say(f"  and {hidden:,} more in {answer.question.relation}")
    todo = Counter((row["effect"], row["blocks"], row["what_to_do"]) for row in answer.rows if row["effect"] != "ok")
    for (effect, blocks, what_to_do), rows in sorted(todo.items(), key=lambda item: EFFECTS.index(item[0][0])):
        ruled = f", {blocks}" if blocks else ""
        _say(f"  {effect} ({rows:,}{ruled}): {what_to_do}", _STYLES[effect])


def _sum(examination: Examination) -> str:
    findings = Counter(finding.effect for finding in examination.all_findings)
    rows: Counter[str] = Counter()
    for answer in examination.answers:
        rows.update(answer.effects)
    held = sorted({answer.question.meta.source_table for answer in examination.answers if answer.effects["holds"]})
    tables = f" ({', '.join(held)})" if held else ""
    return (
        f"Findings: {findings['blocks']:,} block, {findings['holds']:,} hold. "
        f"Rows: {rows['holds']:,} hold their table{tables}, {rows['attention']:,} to look at."
    )


def _decision(held: HeldDecision) -> Document:
    return {
        "decision_id": held.decision.decision_id,
        "subject": held.decision.subject,
        "options": list(held.decision.options),
        "chosen": held.decision.chosen,
        "status": held.decision.status,
        "models": list(held.models),
        "holds": list(_held_models(held)),
    }


def _held_models(held: HeldDecision) -> tuple[str, ...]:
    return held.models if held.decision.status == "open" else ()


def _effect(effect: str, word: str | None = None) -> Text:
    return Text(word or effect, style=_STYLES.get(effect, ""))


def _cell(column: str, value: object) -> object:
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "yes" if value else "no"
    # Keys are names, not quantities: no thousands separator.
    return str(value) if column.endswith("_id") else value


def _say(line: str, style: str = "") -> None:
    stdout.print(Text(line, style=style), soft_wrap=True)
