"""Writes the answer key (docs/architecture.md): what must become of each source row, under each option."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ManualOverride = "public.docutrax_profiles_manualoverride"
DocRequirement = "public.docutrax_profiles_docrequirement"
Document = "public.docutrax_profiles_document"
AccountEmail = "public.docutrax_hierarchy_accountemail"
AccountMeta = "public.docutrax_hierarchy_accountmeta"
Directory = "public.docutrax_hierarchy_directory"
Record = "public.docutrax_hierarchy_record"

_encode = json.JSONEncoder(ensure_ascii=False).encode
_HEADER = ("option", "source_key", "disposition", "reason_code", "expected")


@dataclass(frozen=True, slots=True)
class Target:
    """A row of DTX 2.0 that must be there afterwards.

    Args:
        table: schema and name.
        columns: column to text as PostgreSQL prints it, None for NULL; with a path, the value at that path as jsonb.
        json_path: where in the one jsonb column the value stands; empty where whole columns are meant.
        row_id: its id, where it was there before.
        row_of: entity and source key that the id map leads to it by, where this migration made it.
    """

    table: str
    columns: Mapping[str, str | None]
    json_path: tuple[str, ...] = ()
    row_id: int | None = None
    row_of: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What must become of one source row.

    Args:
        disposition: one of the seven.
        reason_code: from the reason codes.
        expected: each target row that must appear, or must have changed.
    """

    disposition: str
    reason_code: str
    expected: tuple[Target, ...] = ()


ARCHIVED = Answer("archive", "archived")


@dataclass(frozen=True, slots=True)
class Planted:
    """A source row as it is planted, with its answers.

    Args:
        values: a value a column, in the table's order.
        answers: what must become of it, by option of the table's decision; "" where the decision makes no difference.
        key: its source key; the first value where nothing is said.
    """

    values: tuple[Any, ...]
    answers: Mapping[str, Answer]
    key: str = ""

    @property
    def source_key(self) -> str:
        """The row's source key."""
        return self.key or str(self.values[0])

    @property
    def answer(self) -> Answer:
        """The answer that holds under every option."""
        return self.answers[""]


def planted(values: tuple[Any, ...], answer: Answer) -> Planted:
    """A row whose answer is the same under every option of its table's decision."""
    return Planted(values, {"": answer})


def written(folder: Path, table: str, rows: Iterable[Planted]) -> Iterator[tuple[Any, ...]]:
    """Pass the rows' values on, writing each row's lines of `<table>.csv` as it goes by."""
    with _answer_file(folder, table) as lines:
        for row in rows:
            for option, answer in row.answers.items():
                lines.writerow((option, row.source_key, answer.disposition, answer.reason_code, _json(answer)))
            yield row.values


def written_as_archived(
    folder: Path, table: str, rows: Iterable[tuple[Any, ...]], *, has_key: bool
) -> Iterator[tuple[Any, ...]]:
    """Pass the rows' values on, writing a line each that says that the row is archived.

    Args:
        folder: of the answer key.
        table: the table's name.
        rows: a value a column; the first is the key, where there is one.
        has_key: whether the table has a key; where it has none, the lines have none, and count.
    """
    with _answer_file(folder, table) as lines:
        for row in rows:
            lines.writerow(("", row[0] if has_key else "", ARCHIVED.disposition, ARCHIVED.reason_code, ""))
            yield row


@contextmanager
def _answer_file(folder: Path, table: str) -> Iterator[Any]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{table}.csv").open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file, lineterminator="\n")
        lines.writerow(_HEADER)
        yield lines


def _json(answer: Answer) -> str:
    if not answer.expected:
        return ""
    return _encode([_element(target) for target in answer.expected])


def _element(target: Target) -> dict[str, Any]:
    element: dict[str, Any] = {"target_table": target.table, "columns": dict(target.columns)}
    if target.json_path:
        element["json_path"] = target.json_path
    if target.row_id is not None:
        element["target_id"] = str(target.row_id)
    if target.row_of:
        element["row_of"] = target.row_of
    return element
