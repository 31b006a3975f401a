"""The answers of the preflight models: what dbt found in the data, row by row."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from loaders.errors import RefusedError
from loaders.publish.contract import PreflightModel
from loaders.publish.query import relation_sql

# holds: publish does not touch the source table. attention: people should look. ok: nothing to do.
Effect = Literal["holds", "attention", "ok"]
EFFECTS: tuple[Effect, ...] = ("holds", "attention", "ok")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model answered.

    Attributes:
        question: the model.
        columns: its columns in their order.
        rows: its rows, those with the gravest effect and the most source rows first.
    """

    question: PreflightModel
    columns: tuple[str, ...]
    rows: tuple[Mapping[str, Any], ...]

    @property
    def effects(self) -> dict[Effect, int]:
        """How many rows have each effect."""
        counted = Counter(row["effect"] for row in self.rows)
        return {effect: counted[effect] for effect in EFFECTS}


def in_order(models: Iterable[PreflightModel]) -> list[PreflightModel]:
    """The numbered actions first, P11-2 before P11-10; then what properties and decisions ask."""
    return sorted(models, key=_place)


def read_answer(connection: psycopg.Connection, model: PreflightModel) -> Answer:
    """Read a model's rows.

    Args:
        connection: of a role that may read the model, which has been built.
        model: which.

    Raises:
        RefusedError: a row has an effect that does not exist.
    """
    with connection.cursor(row_factory=dict_row) as cursor:
        cursor.execute(sql.SQL("select * from {}").format(relation_sql(model.relation)))
        columns = tuple(column.name for column in cursor.description or ())
        rows = cursor.fetchall()
    unknown = {row.get("effect") for row in rows} - set(EFFECTS)
    if unknown:
        raise RefusedError(
            f"{model.model}.effect is neither {', '.join(EFFECTS)} in some rows",
            hint="Correct the model (docs/preflight.md) and run dbt build.",
        )
    return Answer(model, columns, tuple(sorted(rows, key=_gravity)))


def _place(model: PreflightModel) -> tuple[bool, list[tuple[int, str]], str]:
    parts = [(int(number or 0), letters) for number, letters in re.findall(r"(\d+)|(\D+)", model.meta.id)]
    return not model.meta.id.startswith("P"), parts, model.model


def _gravity(row: Mapping[str, Any]) -> tuple[int, int, str]:
    return EFFECTS.index(row["effect"]), -(row.get("row_count") or 0), str(list(row.values()))
