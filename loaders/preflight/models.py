"""The preflight models: questions about the data that dbt has answered, from the manifest and from the database."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import psycopg
from psycopg import sql
from psycopg.rows import dict_row
from pydantic import BaseModel, ConfigDict, ValidationError

from loaders.errors import RefusedError

# holds: publish does not touch the source table. attention: people should look. ok: nothing to do.
Effect = Literal["holds", "attention", "ok"]
EFFECTS: tuple[Effect, ...] = ("holds", "attention", "ok")


class PreflightMeta(BaseModel):
    """`config.meta.preflight` of a model (architecture, Preflight models)."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    id: str
    question: str
    source_table: str
    blocks: str | None = None


@dataclass(frozen=True, slots=True)
class PreflightModel:
    """A model and the question that it answers."""

    model: str
    schema: str
    name: str
    meta: PreflightMeta


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


def load_models(manifest: Path) -> list[PreflightModel]:
    """The preflight models of dbt's manifest, in the order of their ids.

    Raises:
        RefusedError: a model's meta is wrong; names every model and key.
    """
    return parse_models(json.loads(manifest.read_text(encoding="utf-8"))["nodes"])


def parse_models(nodes: Mapping[str, Mapping[str, Any]]) -> list[PreflightModel]:
    """The preflight models among a manifest's nodes, in the order of their ids.

    Raises:
        RefusedError: a model's meta is wrong; names every model and key.
    """
    models: list[PreflightModel] = []
    faults: list[str] = []
    for node in nodes.values():
        raw = (node["config"].get("meta") or {}).get("preflight")
        if node["resource_type"] != "model" or raw is None:
            continue
        name = node["name"]
        try:
            meta = PreflightMeta.model_validate(raw)
        except ValidationError as error:
            faults += [
                f"{name}: meta.preflight.{'.'.join(map(str, fault['loc']))}: {fault['msg']}"
                for fault in error.errors(include_input=False, include_url=False)
            ]
            continue
        models.append(PreflightModel(name, node["schema"], node.get("alias") or name, meta))
    if faults:
        raise RefusedError(
            f"the preflight models are wrong ({len(faults)}): " + "; ".join(faults),
            hint="Correct the models' config.meta (docs/preflight.md) and run dbt build.",
        )
    return sorted(models, key=_place)


def read_answer(connection: psycopg.Connection, model: PreflightModel) -> Answer | None:
    """Read a model's rows; None where it has not been built.

    Args:
        connection: of a role that may read the model; the statement fails as psycopg fails.
        model: which.

    Raises:
        RefusedError: a row has an effect that does not exist.
    """
    relation = sql.Identifier(model.schema, model.name)
    found = connection.execute("select to_regclass(%s)", [relation.as_string(connection)]).fetchone()
    if found is None or found[0] is None:
        return None
    with connection.cursor(row_factory=dict_row) as cursor:
        cursor.execute(sql.SQL("select * from {}").format(relation))
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
    """The numbered actions first, P11-2 before P11-10; then what properties and decisions ask."""
    parts = [(int(number or 0), letters) for number, letters in re.findall(r"(\d+)|(\D+)", model.meta.id)]
    return not model.meta.id.startswith("P"), parts, model.model


def _gravity(row: Mapping[str, Any]) -> tuple[int, int, str]:
    return EFFECTS.index(row["effect"]), -(row.get("row_count") or 0), str(list(row.values()))
