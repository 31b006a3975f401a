"""Whether a model's relation was built by the code that the manifest describes (reliability P3)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any


def stale_models(document: Mapping[str, Any], run_results: Mapping[str, Any] | None) -> dict[str, str]:
    """Models whose last build or test failed, or was older than their code or their ancestors' code.

    dbt keeps a node's `created_at` over a partial parse and renews it when the node's file or a macro that it uses
    changes. A model that the last dbt command did not touch is not judged.

    Args:
        document: `manifest.json`.
        run_results: `run_results.json`; None when there is none.

    Returns:
        Model name to reason; a model that is up to date or not judged is absent.
    """
    if run_results is None:
        return {}
    nodes = document["nodes"]
    same_invocation = document["metadata"].get("invocation_id") == run_results["metadata"].get("invocation_id")
    stale: dict[str, str] = {}
    for result in run_results["results"]:
        node = nodes.get(result["unique_id"], {})
        if node.get("resource_type") == "model":
            reason = _build_fault(nodes, result, same_invocation=same_invocation)
            if reason:
                stale[node["name"]] = reason
        elif node.get("resource_type") == "test" and result["status"] in ("fail", "error"):
            tested = [node["attached_node"]] if node.get("attached_node") else node["depends_on"]["nodes"]
            for key in tested:
                if nodes.get(key, {}).get("resource_type") == "model":
                    stale.setdefault(nodes[key]["name"], f"its test {node['name']} failed")
    return stale


def _build_fault(nodes: Mapping[str, Any], result: Mapping[str, Any], *, same_invocation: bool) -> str | None:
    if result["status"] != "success":
        return f"its last build ended as {result['status']}"
    built_at = _completed_at(result)
    if same_invocation or built_at is None:
        return None
    for key in _lineage(nodes, result["unique_id"]):
        if nodes[key]["created_at"] > built_at:
            return f"it was built before {nodes[key]['name']} was changed"
    return None


def _completed_at(result: Mapping[str, Any]) -> float | None:
    completed = [timing["completed_at"] for timing in result["timing"] if timing["name"] == "execute"]
    return datetime.fromisoformat(completed[0]).timestamp() if completed and completed[0] else None


def _lineage(nodes: Mapping[str, Any], unique_id: str) -> list[str]:
    """The node and every model it is made from, directly or not; itself first."""
    seen: dict[str, None] = {}
    waiting = [unique_id]
    while waiting:
        key = waiting.pop()
        if key in seen or key not in nodes:
            continue
        seen[key] = None
        waiting += nodes[key].get("depends_on", {}).get("nodes", [])
    return list(seen)
