"""The document `dtx.what_if/1`, and what it amounts to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from loaders.decisions.outcomes import Outcome, Standing, rollback_commands
from loaders.decisions.register import Decision
from loaders.errors import ExitCode

SCHEMA = "dtx.what_if/1"
DISPOSITIONS = ("publish", "update", "already_present", "elsewhere", "skip", "archive", "reject")


def as_document(
    decisions: Sequence[Decision],
    outcomes: Sequence[Outcome],
    standing: Sequence[Standing],
    batches: dict[int, set[int]],
    confirm: str = "",
    *,
    dtx: str = "dtx",
) -> dict[str, Any]:
    """The machine form; docs/decisions.md describes it. No clock in it: the same rows give the same bytes (R6).

    Args:
        decisions: lines of the register.
        outcomes: of these decisions.
        standing: what is published now of the tables that these decisions rule.
        batches: all batches, not rolled back, of the runs in `standing`.
        confirm: what a rollback in production wants to be told, with a leading space; else empty.
        dtx: how dtx is called for the system.
    """
    documents = []
    for decision in decisions:
        own = [outcome for outcome in outcomes if outcome.decision_id == decision.decision_id]
        tables = sorted({outcome.source_table for outcome in own})
        held = [each for each in standing if each.source_table in tables]
        documents.append(
            {
                "decision_id": decision.decision_id,
                "subject": decision.subject,
                "status": decision.status,
                "chosen": decision.chosen,
                "decided_by": decision.decided_by,
                "decided_on": decision.decided_on.isoformat() if decision.decided_on else None,
                "text": decision.text,
                "source_tables": tables,
                "options": [
                    {
                        "option": option,
                        "is_chosen": option == decision.chosen,
                        "tables": [_table(own, option, table) for table in tables],
                        **_published([each for each in held if each.option == option], batches, confirm, dtx),
                    }
                    for option in decision.options
                ],
                "refused_options": list(decision.refused_options),
            }
        )
    return {"schema": SCHEMA, "decisions": documents}


def _table(outcomes: Sequence[Outcome], option: str, table: str) -> dict[str, Any]:
    own = [each for each in outcomes if each.option == option and each.source_table == table]
    own.sort(key=lambda each: (DISPOSITIONS.index(each.disposition), each.reason_code))
    return {
        "source_table": table,
        "source_rows": sum(each.rows for each in own),
        "outcomes": [
            {"disposition": each.disposition, "reason_code": each.reason_code, "rows": each.rows} for each in own
        ],
    }


def _published(standing: Sequence[Standing], batches: dict[int, set[int]], confirm: str, dtx: str) -> dict[str, Any]:
    agreeing: Counter[tuple[str, str]] = Counter()
    contradicting: Counter[tuple[str, str]] = Counter()
    for each in standing:
        agreeing[each.source_table, each.target_table] += each.agreeing
        contradicting[each.source_table, each.target_table] += each.contradicting
    contradicted = {(each.run_id, each.batch_id) for each in standing if each.contradicting}
    return {
        "published": [
            {
                "source_table": source_table,
                "target_table": target_table,
                "may_stay": agreeing[source_table, target_table],
                "to_roll_back": contradicting[source_table, target_table],
            }
            for source_table, target_table in sorted(agreeing)
        ],
        "rollback": rollback_commands(contradicted, batches, confirm, dtx),
    }


def verdict(document: Mapping[str, Any]) -> ExitCode:
    """LOSS when an option does not account for every row, or rows stand published against the option in force."""
    if list(unaccounted(document)) or any(rows_to_roll_back(option) for option in _in_force(document)):
        return ExitCode.LOSS
    return ExitCode.CLEAN


def unaccounted(document: Mapping[str, Any]) -> Iterator[tuple[str, str, str, int, int]]:
    """Decision, option, table, its rows and the most that any option has: where an option rules on fewer rows (R1)."""
    for decision in document["decisions"]:
        for table in decision["source_tables"]:
            rows = {option["option"]: rows_of(option, table) for option in decision["options"]}
            most = max(rows.values())
            for option, counted in rows.items():
                if counted != most:
                    yield decision["decision_id"], option, table, counted, most


def outcomes_of(option: Mapping[str, Any], table: str) -> list[Mapping[str, Any]]:
    """An option's outcomes for one source table."""
    return [each for entry in option["tables"] if entry["source_table"] == table for each in entry["outcomes"]]


def rows_of(option: Mapping[str, Any], table: str) -> int:
    """Source rows of one table that an option rules on."""
    return sum(each["rows"] for each in outcomes_of(option, table))


def chosen_options(decision: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The option in force, or none."""
    return [option for option in decision["options"] if option["is_chosen"]]


def rows_to_roll_back(option: Mapping[str, Any]) -> int:
    """Published rows that an option contradicts."""
    return sum(int(place["to_roll_back"]) for place in option["published"])


def _in_force(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [option for decision in document["decisions"] for option in chosen_options(decision)]
