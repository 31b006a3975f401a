"""The document `dtx.rejects/1`, and the same as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from loaders.console import print_table, stdout
from loaders.rejects.counts import Reason, RejectCount
from loaders.rejects.remedies import SeedLine
from loaders.rejects.seeds import SeedColumn

SCHEMA = "dtx.rejects/1"
_KEYS_PRINTED = 3


def reject_entry(
    count: RejectCount, reasons: Mapping[tuple[str, str, str], Reason], seed_file: str | None
) -> dict[str, Any]:
    """One entry of `rejects`.

    Args:
        count: the rejects.
        reasons: the vocabulary; an entry for the table itself goes before one for any.
        seed_file: the seed whose lines would let them through.
    """
    own = reasons.get((count.source_table, count.stage, count.reason_code))
    reason = own or reasons.get(("", count.stage, count.reason_code), Reason("", ""))
    return {
        "system": count.system,
        "source_table": count.source_table,
        "stage": count.stage,
        "reason_code": count.reason_code,
        "column_name": count.column_name or None,
        "sqlstate": count.sqlstate or None,
        "rejects": count.rejects,
        "source_rows": count.source_rows,
        "keys": count.keys,
        "meaning": reason.meaning,
        "what_to_do": reason.what_to_do,
        "seed_file": seed_file,
    }


def seed_entry(seed_file: str, columns: Sequence[SeedColumn], lines: Sequence[SeedLine], limit: int) -> dict[str, Any]:
    """One entry of `seeds`.

    Args:
        seed_file: the seed's path.
        columns: in the file's order.
        lines: the most frequent first.
        limit: how many are listed; the others are counted.
    """
    usable = [line for line in lines if not line.problem]
    unusable = [line for line in lines if line.problem]
    return {
        "seed_file": seed_file,
        "columns": [
            {
                "column": column.name,
                "description": column.description,
                "is_required": column.is_required,
                "choices": list(column.choices),
            }
            for column in columns
        ],
        "lines": [{"line": each.line, "rejects": each.rejects} for each in usable[:limit]],
        "unusable": [
            {"line": each.line, "rejects": each.rejects, "problem": each.problem} for each in unusable[:limit]
        ],
        "further_lines": len(usable[limit:]) + len(unusable[limit:]),
        "further_rejects": sum(each.rejects for each in (*usable[limit:], *unusable[limit:])),
    }


def show(document: Mapping[str, Any]) -> None:
    """Print the document: the counts, then for each seed its values with counts, and the lines to append."""
    print_table(
        "Rejects",
        ("table", "stage", "reason", "column", "rejects", "source rows", "keys (first three)", "what to do"),
        [
            (
                each["source_table"],
                each["stage"],
                each["reason_code"] + (f" ({each['sqlstate']})" if each["sqlstate"] else ""),
                each["column_name"] or "",
                each["rejects"],
                each["source_rows"],
                ", ".join(each["keys"][:_KEYS_PRINTED]),
                each["what_to_do"],
            )
            for each in document["rejects"]
        ],
    )
    for seed in document["seeds"]:
        _show_seed(seed)
    if not document["rejects"]:
        _say("No rejects.")


def _show_seed(seed: Mapping[str, Any]) -> None:
    lines = [*seed["lines"], *seed["unusable"]]
    print_table(
        f"What {seed['seed_file']} lacks",
        ("rejects", "line", "why it cannot be added"),
        [(line["rejects"], line["line"], line.get("problem", "")) for line in lines],
    )
    if seed["further_lines"]:
        _say(f"and {seed['further_lines']:,} more, of {seed['further_rejects']:,} rejects: --limit shows them")
    if not seed["lines"]:
        return
    _say(f"Append to {seed['seed_file']}, complete, then dbt build and dtx publish.")
    for column in seed["columns"]:
        wanted = f"one of {', '.join(column['choices'])}" if column["choices"] else column["description"]
        _say(f"  {column['column']} ({'required' if column['is_required'] else 'may be empty'}): {wanted}")
    _say("")
    for line in seed["lines"]:
        _say(line["line"])
    _say("")


def _say(line: str) -> None:
    stdout.print(line, markup=False, soft_wrap=True)
