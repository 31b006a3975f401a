"""Which models list files: dbt's manifest, `config.meta.files` (docs/architecture.md, dbt layers)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psycopg import sql
from pydantic import BaseModel, ConfigDict, ValidationError

from loaders.errors import ConfigurationError, RefusedError
from loaders.systems import DTX1

DEFAULT_MANIFEST = DTX1.manifest
COLUMNS = ("entity", "source_key", "legacy_key", "source_path", "object_key", "original_name")


class FilesMeta(BaseModel):
    """`config.meta.files` of a model.

    Attributes:
        entity: migration.file_transfer.entity.
        system: of the source rows.
        source_table: of the source rows.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    entity: str
    system: str
    source_table: str


@dataclass(frozen=True)
class FilesModel:
    """A model with one row per file: the columns of `COLUMNS`, all text.

    Attributes:
        name: the model's.
        relation: schema and name.
        meta: what its rows are.
    """

    name: str
    relation: sql.Identifier
    meta: FilesMeta


def load_models(manifest: Path) -> list[FilesModel]:
    """The models with `config.meta.files`, by name.

    Args:
        manifest: path of dbt's `manifest.json`.

    Raises:
        ConfigurationError: there is no manifest, or no such model in it.
        RefusedError: a model's `meta.files` is wrong.
    """
    if not manifest.is_file():
        raise ConfigurationError(
            f"there is no dbt manifest at {manifest}",
            hint="Run `dbt build`, or the job of meltano.yml that does; or give the manifest by --manifest.",
        )
    nodes: dict[str, Any] = json.loads(manifest.read_text())["nodes"]
    listed = [node for node in nodes.values() if "files" in (node.get("config", {}).get("meta") or {})]
    if not listed:
        raise ConfigurationError(
            "no model lists files: none has config.meta.files",
            hint="Give the model {entity, system, source_table} under config.meta.files and run dbt build.",
        )
    return sorted(map(_model, listed), key=lambda model: model.name)


def _model(node: dict[str, Any]) -> FilesModel:
    name = node["name"]
    try:
        meta = FilesMeta.model_validate(node["config"]["meta"]["files"])
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        raise RefusedError(
            f"{name}: config.meta.files is wrong: {faults}",
            hint="It holds entity, system and source_table (docs/architecture.md).",
        ) from None
    return FilesModel(name, sql.Identifier(node["schema"], node.get("alias") or name), meta)
