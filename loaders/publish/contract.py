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

# Columns of a model that are no column of its target, in the order in which the frozen input has them.
_KEY_COLUMNS = ("source_key", "legacy_key", "target_id", "target_legacy_key", "json_path")

_BUILT = ("model", "seed", "snapshot")

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


class Resolve(_Strict):
    """Where a row that has no target_id finds it when its model's turn comes: the parent's line in the id map."""

    entity: Text
    target_table: TableName


class PublishMeta(_Strict):
    """`config.meta.publish` of a model; docs/architecture.md says what each key means."""

    target_table: TableName
    entity: Text
    system: Text
    source_table: Text
    area: Text
    mode: Literal["insert", "update", "merge_json"]
    order: int
    batch_size: int = Field(default=10_000, gt=0)
    reject_budget: RejectBudget
    decision_id: Text
    requires_verified_file: Text | None = None
    choices: dict[str, list[str]] = Field(default_factory=dict)
    shared_columns: list[str] = Field(default_factory=list)
    resolve: Resolve | None = None


class LedgerMeta(_Strict):
    """`config.meta.ledger` of a model of dispositions or rejects."""

    system: Text
    source_table: Text


class PreflightMeta(_Strict):
    """`config.meta.preflight` of a model whose rows may hold a source table."""

    id: Text
    question: Text
    source_table: Text
    blocks: Text | None = None


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
    def key_columns(self) -> tuple[str, ...]:
        """The model's columns that are no column of the target."""
        return _key_columns(self.meta)

    @property
    def hashed_columns(self) -> list[str]:
        """The supplied columns that nobody shares, in the canonical hash's order."""
        return sorted({*self.columns} - {*self.meta.shared_columns}, key=str.encode)

    def feeds(self, child: PublishContract) -> bool:
        """Whether rows of `child` may find their target among the rows that this model inserts."""
        resolve = child.meta.resolve
        return (
            resolve is not None
            and self.meta.mode == "insert"
            and (self.meta.entity, self.meta.target_table) == (resolve.entity, resolve.target_table)
        )


@dataclass(frozen=True, slots=True)
class LedgerModel:
    """A model whose rows go to the ledger: dispositions (`dsp_`) or transform-stage rejects (`rej_`)."""

    model: str
    kind: Literal["disposition", "reject"]
    relation: Relation
    meta: LedgerMeta


@dataclass(frozen=True, slots=True)
class PreflightModel:
    """A model that asks something of the data; its rows with effect `holds` keep publish off its source table."""

    model: str
    relation: Relation
    meta: PreflightMeta


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the publisher takes from dbt's manifest.

    Attributes:
        contracts: by `order`, then by model name.
        ledger_models: models of dispositions and of rejects.
        preflight_models: models that may hold a source table, by name.
        decisions: the seed of decisions.
        schemas: every schema that dbt builds into.
        stale: model name to why its relation is not what the manifest describes.
        code: unique id of each model, seed and snapshot, the reporting tables aside, to the checksum of its file.
        invocation_id: the dbt run whose results lie beside the manifest; the one that wrote it where there are none.
    """

    contracts: tuple[PublishContract, ...]
    ledger_models: tuple[LedgerModel, ...]
    preflight_models: tuple[PreflightModel, ...]
    decisions: Relation
    schemas: tuple[str, ...]
    stale: Mapping[str, str]
    code: Mapping[str, str]
    invocation_id: str


def load_manifest(path: Path) -> Manifest:
    """Read `manifest.json`, and the `run_results.json` beside it when there is one.

    Raises:
        ConfigurationError: there is no manifest.
        RefusedError: a model's meta is wrong; names every model and key.
    """
    if not path.is_file():
        raise ConfigurationError(
            f"there is no dbt manifest at {path}",
            hint="Run `dbt build`, or the job of meltano.yml that does; or give the manifest by --manifest.",
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
    preflight_models: list[PreflightModel] = []
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
        if "preflight" in meta:
            preflight_model, found = _preflight_model(node, meta["preflight"])
            faults += found
            preflight_models += [preflight_model] if preflight_model else []
    faults += [fault for child in contracts for parent in contracts for fault in _family_faults(parent, child)]
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
        preflight_models=tuple(sorted(preflight_models, key=lambda preflight_model: preflight_model.model)),
        decisions=_relation(seeds[0]),
        schemas=tuple(sorted({node["schema"] for node in nodes.values() if _is_built(node)})),
        stale=stale_models(document, run_results),
        code={
            key: node["checksum"]["checksum"]
            for key, node in nodes.items()
            if node["resource_type"] in _BUILT and "reporting" not in node["tags"]
        },
        invocation_id=(run_results or document)["metadata"]["invocation_id"],
    )


def _contract(node: Mapping[str, Any], raw: object) -> tuple[PublishContract | None, list[str]]:
    name = node["name"]
    try:
        meta = PublishMeta.model_validate(raw)
    except ValidationError as error:
        return None, _faults(f"{name}: meta.publish", error)
    declared = list(node["columns"])
    columns = tuple(column for column in declared if column not in _KEY_COLUMNS)
    keys = _key_columns(meta)
    faults = [f"{name}: column {column} is not declared" for column in keys if column not in declared]
    faults += [
        f"{name}: column {column} is declared, and its mode has no use for it"
        for column in _KEY_COLUMNS
        if column in declared and column not in keys
    ]
    if not {*columns} - {*meta.shared_columns}:
        faults.append(f"{name}: no target column is declared" + (" that is its own" if columns else ""))
    if meta.mode == "merge_json" and len(columns) > 1:
        faults.append(f"{name}: mode merge_json puts one column, and {len(columns)} are declared")
    if not (node["config"].get("contract") or {}).get("enforced"):
        faults.append(f"{name}: config.contract.enforced is not true")
    if meta.mode == "insert" and meta.resolve is not None:
        faults.append(f"{name}: meta.publish.resolve: mode insert makes rows and finds none")
    if meta.mode != "insert" and meta.shared_columns:
        faults.append(f"{name}: meta.publish.shared_columns: mode {meta.mode} shares nothing")
    if meta.requires_verified_file is not None and meta.requires_verified_file not in columns:
        faults.append(f"{name}: meta.publish.requires_verified_file: no column {meta.requires_verified_file}")
    named = {"choices": meta.choices, "shared_columns": meta.shared_columns}
    faults += [
        f"{name}: meta.publish.{key}: no column {each}" for key in named for each in named[key] if each not in columns
    ]
    return PublishContract(name, _relation(node), columns, meta), faults


def _key_columns(meta: PublishMeta) -> tuple[str, ...]:
    used = {
        "source_key": True,
        "legacy_key": True,
        "target_id": meta.mode != "insert",
        "target_legacy_key": meta.resolve is not None,
        "json_path": meta.mode == "merge_json",
    }
    return tuple(column for column in _KEY_COLUMNS if used[column])


def _family_faults(parent: PublishContract, child: PublishContract) -> list[str]:
    """A parent has its turn first, and does not count as edited when its child changes what it supplied."""
    if not parent.feeds(child):
        return []
    faults = []
    if (parent.meta.order, parent.model) > (child.meta.order, child.model):
        faults.append(f"{child.model}: meta.publish.order: its parents' model {parent.model} has its turn later")
    faults += [
        f"{parent.model}: meta.publish.shared_columns: {column} is missing, which {child.model} changes"
        for column in child.columns
        if column in parent.hashed_columns
    ]
    return faults


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


def _preflight_model(node: Mapping[str, Any], raw: object) -> tuple[PreflightModel | None, list[str]]:
    try:
        meta = PreflightMeta.model_validate(raw)
    except ValidationError as error:
        return None, _faults(f"{node['name']}: meta.preflight", error)
    return PreflightModel(node["name"], _relation(node), meta), []


def _faults(where: str, error: ValidationError) -> list[str]:
    return [
        f"{where}.{'.'.join(map(str, fault['loc']))}: {fault['msg']}"
        for fault in error.errors(include_input=False, include_url=False)
    ]


def _relation(node: Mapping[str, Any]) -> Relation:
    return Relation(node["schema"], node.get("alias") or node["name"])


def _is_built(node: Mapping[str, Any]) -> bool:
    return node["resource_type"] in _BUILT or bool(node["config"].get("store_failures"))
