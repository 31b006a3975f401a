"""A model's relation against the code that the manifest describes (P3)."""

from __future__ import annotations

from typing import Any

from publish_manifest import manifest, model_node

from loaders.publish.staleness import stale_models

BUILT_AT = "1970-01-01T00:16:40Z"  # 1000 seconds


def project(child_changed: float, parent_changed: float) -> dict[str, Any]:
    child, parent = model_node("pub_child", "s", {}, {}), model_node("stg_parent", "s", {}, {})
    child["created_at"], parent["created_at"] = child_changed, parent_changed
    child["depends_on"]["nodes"] = [parent["unique_id"], "source.dtx.raw.thing"]
    parent["depends_on"]["nodes"] = [child["unique_id"]]
    return manifest(child, parent)


def results(status: str = "success", invocation: str = "build", completed: str | None = BUILT_AT) -> dict[str, Any]:
    timing = [{"name": "compile", "completed_at": BUILT_AT}, {"name": "execute", "completed_at": completed}]
    return {
        "metadata": {"invocation_id": invocation},
        "results": [
            {"unique_id": "model.dtx.pub_child", "status": status, "timing": timing},
            {"unique_id": "test.dtx.unknown", "status": "fail", "timing": []},
        ],
    }


def test_a_model_built_after_its_code_is_current() -> None:
    assert stale_models(project(999, 999), results()) == {}


def test_a_model_built_before_its_own_or_its_parent_s_code_is_stale() -> None:
    assert stale_models(project(1001, 999), results()) == {"pub_child": "it was built before pub_child was changed"}
    assert stale_models(project(999, 1001), results()) == {"pub_child": "it was built before stg_parent was changed"}


def test_the_invocation_that_built_it_also_parsed_it() -> None:
    assert stale_models(project(1001, 1001), results(invocation="parse")) == {}


def test_a_failed_or_skipped_build_is_stale() -> None:
    assert stale_models(project(0, 0), results("error")) == {"pub_child": "its last build ended as error"}
    assert stale_models(project(0, 0), results("skipped", "parse")) == {"pub_child": "its last build ended as skipped"}


def test_what_was_not_built_is_not_judged() -> None:
    assert stale_models(project(9999, 9999), None) == {}
    assert stale_models(project(9999, 9999), results(completed=None)) == {}


def test_a_failed_test_makes_the_model_it_is_attached_to_stale() -> None:
    document = project(0, 0)
    attached = {
        "unique_id": "test.dtx.attached",
        "name": "unique_child_key",
        "resource_type": "test",
        "attached_node": "model.dtx.pub_child",
        "depends_on": {"nodes": ["model.dtx.pub_child", "model.dtx.stg_parent"]},
    }
    singular = attached | {"unique_id": "test.dtx.singular", "name": "assert_parents", "attached_node": None}
    document["nodes"] |= {node["unique_id"]: node for node in (attached, singular)}

    def judged(**statuses: str) -> dict[str, str]:
        outcomes = results()
        outcomes["results"] += [
            {"unique_id": f"test.dtx.{name}", "status": status, "timing": []} for name, status in statuses.items()
        ]
        return stale_models(document, outcomes)

    assert judged(attached="pass", singular="warn") == {}
    assert judged(attached="fail") == {"pub_child": "its test unique_child_key failed"}
    assert judged(singular="error") == {
        "pub_child": "its test assert_parents failed",
        "stg_parent": "its test assert_parents failed",
    }
