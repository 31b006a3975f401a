"""Synthetic dbt manifests for tests of the publisher: the keys it reads, and nothing else."""

from __future__ import annotations

from typing import Any


def publish_meta(**changes: Any) -> dict[str, Any]:
    """A valid `meta.publish`; `changes` replace keys, None removes one."""
    meta = {
        "target_table": "public.thing",
        "entity": "thing",
        "system": "dtx1",
        "source_table": "thing",
        "area": "11",
        "mode": "insert",
        "order": 10,
        "batch_size": 100,
        "reject_budget": {"rows": 1000, "share": 1.0},
        "decision_id": "D-1",
        **changes,
    }
    return {key: value for key, value in meta.items() if value is not None}


def model_node(name: str, schema: str, columns: dict[str, str], meta: dict[str, Any]) -> dict[str, Any]:
    """A model's node; `columns` is column name to data type."""
    return {
        "unique_id": f"model.dtx.{name}",
        "name": name,
        "resource_type": "model",
        "schema": schema,
        "alias": name,
        "created_at": 1000.0,
        "checksum": {"name": "sha256", "checksum": f"code of {name}"},
        "tags": [],
        "config": {"meta": meta, "contract": {"enforced": True}},
        "columns": {column: {"name": column, "data_type": data_type} for column, data_type in columns.items()},
        "depends_on": {"nodes": []},
    }


def publish_node(name: str, columns: dict[str, str], meta: dict[str, Any]) -> dict[str, Any]:
    """A publish model's node; the key columns are added."""
    keys = {"source_key": "text", "legacy_key": "text"}
    if meta.get("mode") != "insert":
        keys["target_id"] = "bigint"
    if "resolve" in meta:
        keys["target_legacy_key"] = "text"
    if meta.get("mode") == "merge_json":
        keys["json_path"] = "text[]"
    return model_node(name, "migration_publish", {**keys, **columns}, {"publish": meta})


def manifest(*nodes: dict[str, Any]) -> dict[str, Any]:
    """A manifest of these nodes and the seed of decisions."""
    seed = {
        "unique_id": "seed.dtx.decisions",
        "name": "decisions",
        "resource_type": "seed",
        "schema": "migration_seeds",
        "alias": "decisions",
        "created_at": 1000.0,
        "checksum": {"name": "sha256", "checksum": "code of decisions"},
        "tags": [],
        "config": {},
        "columns": {},
    }
    return {
        "metadata": {"invocation_id": "parse"},
        "nodes": {node["unique_id"]: node for node in (seed, *nodes)},
    }
