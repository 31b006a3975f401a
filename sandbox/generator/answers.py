"""Writes the answer key (docs/architecture.md): what must become of each source row."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ManualOverride = "public.docutrax_profiles_manualoverride"
DocRequirement = "public.docutrax_profiles_docrequirement"
AccountEmail = "public.docutrax_hierarchy_accountemail"
Document = "public.docutrax_profiles_document"


@dataclass(frozen=True, slots=True)
class Answer:
    """What must become of one source row.

    Args:
        disposition: one of the seven.
        reason_code: from the reason codes.
        expected: (target table, column to text as PostgreSQL prints it, None for NULL) of each row that must appear.
    """

    disposition: str
    reason_code: str
    expected: tuple[tuple[str, Mapping[str, str | None]], ...] = ()


@dataclass(frozen=True, slots=True)
class Planted:
    """A source row as it is planted, with its answer.

    Args:
        values: a value a column, in the table's order; the first is the key.
        answer: what must become of it.
    """

    values: tuple[Any, ...]
    answer: Answer


def written(folder: Path, table: str, rows: Iterable[Planted]) -> Iterator[tuple[Any, ...]]:
    """Pass the rows' values on, writing each row's line of `<table>.csv` as it goes by."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{table}.csv").open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file, lineterminator="\n")
        lines.writerow(("source_key", "disposition", "reason_code", "expected"))
        for row in rows:
            answer = row.answer
            lines.writerow((row.values[0], answer.disposition, answer.reason_code, _json(answer)))
            yield row.values


def _json(answer: Answer) -> str:
    if not answer.expected:
        return ""
    return json.dumps(
        [{"target_table": table, "columns": dict(columns)} for table, columns in answer.expected], ensure_ascii=False
    )
