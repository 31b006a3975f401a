"""Publish contracts, read from dbt's manifest: the publisher knows nothing of any table but what they say."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from loaders.errors import ConfigurationError, RefusedError
from loaders.publish.staleness import stale_models
from loaders.settings import PROJECT_ROOT

DEFAULT_MANIFEST = PROJECT_ROOT / "dbt_project" / "target" / "manifest.json"
_NOT_TARGET_COLUMNS = frozenset({"source_key", "legacy_key", "target_id"})

TableName = Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_$]*\.[a-z_][a-z0-9_$]*$")]
Text = Annotated[str, Field(min_length=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class RejectBudget(_Strict):
    """How many rows of a model may be rejected at the stages files and publish before it is not published at all."""

    rows: int = Field(ge=0)
    share: float = Field(ge=0, le=1)

    def is_spent(self, rejected: int, rows: int) -> bool:
        """Whether `rejected` of `rows` rows is past either bound."""
        return rejected > self.rows or rejected > self.share * rows


class PublishMeta(_Strict):
    """`config.meta.publish` of a model; docs/architecture.md says what each key means."""

    target_table: TableName
    entity: Text
    system: Text
    source_table: Text
    area: Text
    mode: Literal["insert", "update"]
    order: int
    batch_size: int = Field(default=10_000, gt=0)
    reject_budget: RejectBudget
    decision_id: Text
    requires_verified_file: Text | None = None
    choices: dict[str, list[str]] = Field(default_factory=dict)


class LedgerMeta(_Strict):
    """`config.meta.ledger` of a model of dispositions or rejects."""

    system: Text
    source_table: Text


@dataclass(frozen=True, slots=True)
class Relation:
    """A table of the target database."""

    schema: str
    name: str

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}"


@dataclass(frozen=True, slots=True)
class PublishContract:
    """What one model publishes: its relation, the target columns it supplies, and its meta."""

    model: str
    relation: Relation
    columns: tuple[str, ...]
    meta: PublishMeta

    @property
    def target(self) -> Relation:
        """The target table."""
        return Relation(*self.meta.target_table.split("."))

    @property
    def hashed_columns(self) -> list[str]:
        """The supplied columns in the canonical hash's order."""
        return sorted(self.columns, key=str.encode)


@dataclass(frozen=True, slots=True)
class LedgerModel:
    """A model whose rows go to the ledger: dispositions (`dsp_`) or transform-stage rejects (`rej_`)."""

    model: str
    kind: Literal["disposition", "reject"]
    relation: Relation
    meta: LedgerMeta


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the publisher takes from dbt's manifest.

    Attributes:
        contracts: by `order`, then by model name.
        ledger_models: models of dispositions and of rejects.
        decisions: the seed of decisions.
        schemas: every schema that dbt builds into.
        stale: model name to why its relation is not what the manifest describes.
    """

    contracts: tuple[PublishContract, ...]
    ledger_models: tuple[LedgerModel, ...]
    decisions: Relation
    schemas: tuple[str, ...]
    stale: Mapping[str, str]


def load_manifest(path: Path = DEFAULT_MANIFEST) -> Manifest:
    """Read `manifest.json`, and the `run_results.json` beside it when there is one.

    Raises:
        ConfigurationError: there is no manifest.
        RefusedError: a model's meta is wrong; names every model and key.
    """
    if not path.is_file():
        raise ConfigurationError(
            f"dbt's manifest {path.name} is missing from {path.parent.name}/",
            hint="Run `dbt build --project-dir dbt_project --profiles-dir dbt_project`.",
        )
    results_path = path.with_name("run_results.json")
    results = json.loads(results_path.read_text()) if results_path.is_file() else None
    return parse_manifest(json.loads(path.read_text()), results)


def parse_manifest(document: Mapping[str, Any], run_results: Mapping[str, Any] | None) -> Manifest:
    """Turn the manifest's JSON into contracts.

    Args:
        document: `manifest.json` (schema v12).
        run_results: `run_results.json`, or None when dbt has built nothing yet.

    Raises:
        RefusedError: a model's meta is wrong; names every model and key.
    """
    faults: list[str] = []
    contracts: list[PublishContract] = []
    ledger_models: list[LedgerModel] = []
    nodes = document["nodes"]
    for node in nodes.values():
        if node["resource_type"] != "model":
            continue
        meta = node["config"].get("meta") or {}
        if "publish" in meta:
            contract, found = _contract(node, meta["publish"])
            faults += found
            contracts += [contract] if contract else []
        if "ledger" in meta:
            ledger_model, found = _ledger_model(node, meta["ledger"])
            faults += found
            ledger_models += [ledger_model] if ledger_model else []
    seeds = [node for node in nodes.values() if node["resource_type"] == "seed" and node["name"] == "decisions"]
    if len(seeds) != 1:
        faults.append(f"seed decisions: the manifest has {len(seeds)} of it")
    if faults:
        raise RefusedError(
            f"the publish contracts are wrong ({len(faults)}): " + "; ".join(faults),
            hint="Correct the models' config.meta (docs/architecture.md, dbt layers) and run dbt build.",
        )
    return Manifest(
        contracts=tuple(sorted(contracts, key=lambda contract: (contract.meta.order, contract.model))),
        ledger_models=tuple(sorted(ledger_models, key=lambda ledger_model: ledger_model.model)),
        decisions=_relation(seeds[0]),
        schemas=tuple(sorted({node["schema"] for node in nodes.values() if _is_built(node)})),
        stale=stale_models(document, run_results),
    )


def _contract(node: Mapping[str, Any], raw: object) -> tuple[PublishContract | None, list[str]]:
    name = node["name"]
    if isinstance(raw, Mapping) and raw.get("mode") == "merge_json":
        return None, [f"{name}: meta.publish.mode: merge_json is not part of this release"]
    try:
        meta = PublishMeta.model_validate(raw)
    except ValidationError as error:
        return None, _faults(f"{name}: meta.publish", error)
    declared = list(node["columns"])
    required = ["source_key", "legacy_key", *(["target_id"] if meta.mode == "update" else [])]
    columns = tuple(column for column in declared if column not in _NOT_TARGET_COLUMNS)
    faults = [f"{name}: column {column} is not declared" for column in required if column not in declared]
    if not columns:
        faults.append(f"{name}: no target column is declared")
    if not (node["config"].get("contract") or {}).get("enforced"):
        faults.append(f"{name}: config.contract.enforced is not true")
    if meta.requires_verified_file is not None and meta.requires_verified_file not in columns:
        faults.append(f"{name}: meta.publish.requires_verified_file: no column {meta.requires_verified_file}")
    faults += [f"{name}: meta.publish.choices: no column {key}" for key in meta.choices if key not in columns]
    return PublishContract(name, _relation(node), columns, meta), faults


def _ledger_model(node: Mapping[str, Any], raw: object) -> tuple[LedgerModel | None, list[str]]:
    name: str = node["name"]
    kind: Literal["disposition", "reject"]
    if name.startswith("dsp_"):
        kind = "disposition"
    elif name.startswith("rej_"):
        kind = "reject"
    else:
        return None, [f"{name}: meta.ledger: only dsp_ and rej_ models have it"]
    try:
        meta = LedgerMeta.model_validate(raw)
    except ValidationError as error:
        return None, _faults(f"{name}: meta.ledger", error)
    return LedgerModel(name, kind, _relation(node), meta), []


def _faults(where: str, error: ValidationError) -> list[str]:
    return [
        f"{where}.{'.'.join(map(str, fault['loc']))}: {fault['msg']}"
        for fault in error.errors(include_input=False, include_url=False)
    ]


def _relation(node: Mapping[str, Any]) -> Relation:
    return Relation(node["schema"], node.get("alias") or node["name"])


def _is_built(node: Mapping[str, Any]) -> bool:
    return node["resource_type"] in ("model", "seed", "snapshot") or bool(node["config"].get("store_failures"))
