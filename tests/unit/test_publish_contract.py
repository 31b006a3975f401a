"""Publish contracts from the manifest: strict, and every fault named by model and key."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from publish_manifest import manifest, model_node, publish_meta, publish_node

from loaders.errors import ConfigurationError, ExitCode, RefusedError
from loaders.publish.contract import RejectBudget, Relation, load_manifest, parse_manifest

COLUMNS = {"name": "text", "status": "text", "file": "text"}


def faults(*nodes: dict[str, Any]) -> str:
    with pytest.raises(RefusedError) as refused:
        parse_manifest(manifest(*nodes), None)
    assert refused.value.exit_code == ExitCode.REFUSED
    return str(refused.value)


def test_a_contract_has_the_model_s_columns_without_its_keys() -> None:
    parsed = parse_manifest(
        manifest(publish_node("pub_thing", COLUMNS, publish_meta(mode="update", choices={"status": ["new"]}))), None
    )

    (contract,) = parsed.contracts
    assert contract.columns == ("name", "status", "file")
    assert contract.hashed_columns == ["file", "name", "status"]
    assert contract.relation == Relation("migration_publish", "pub_thing")
    assert contract.target == Relation("public", "thing")
    assert contract.meta.choices == {"status": ["new"]}
    assert parsed.decisions == Relation("migration_seeds", "decisions")
    assert parsed.schemas == ("migration_publish", "migration_seeds")


def test_contracts_come_in_their_order_and_models_without_meta_do_not_come() -> None:
    nodes = [
        publish_node("pub_b", COLUMNS, publish_meta(order=20)),
        publish_node("pub_c", COLUMNS, publish_meta(order=10)),
        publish_node("pub_a", COLUMNS, publish_meta(order=20)),
        model_node("stg_thing", "migration_staging", COLUMNS, {}),
    ]

    parsed = parse_manifest(manifest(*nodes), None)

    assert [contract.model for contract in parsed.contracts] == ["pub_c", "pub_a", "pub_b"]
    assert "migration_staging" in parsed.schemas


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"mode": "merge_json"}, "pub_thing: mode merge_json puts one column, and 3 are declared"),
        ({"shared_columns": ["colour"]}, "pub_thing: meta.publish.shared_columns: no column colour"),
        ({"shared_columns": ["name", "status", "file"]}, "pub_thing: no target column is declared that is its own"),
        (
            {"mode": "update", "shared_columns": ["name"]},
            "pub_thing: meta.publish.shared_columns: mode update shares nothing",
        ),
        (
            {"resolve": {"entity": "thing", "target_table": "public.thing"}},
            "pub_thing: meta.publish.resolve: mode insert makes rows and finds none",
        ),
        ({"mode": "update", "resolve": {"entity": "thing"}}, "pub_thing: meta.publish.resolve.target_table: Field req"),
        ({"mode": "upsert"}, "pub_thing: meta.publish.mode: Input should be 'insert', 'update' or 'merge_json'"),
        ({"target_table": "thing"}, "pub_thing: meta.publish.target_table: String should match"),
        ({"target_table": 'public.a"; drop table b'}, "pub_thing: meta.publish.target_table: String should match"),
        ({"entity": None}, "pub_thing: meta.publish.entity: Field required"),
        ({"area": 11}, "pub_thing: meta.publish.area: Input should be a valid string"),
        ({"batch_size": 0}, "pub_thing: meta.publish.batch_size: Input should be greater than 0"),
        ({"batch_size": "100"}, "pub_thing: meta.publish.batch_size: Input should be a valid integer"),
        ({"reject_budget": {"rows": 1}}, "pub_thing: meta.publish.reject_budget.share: Field required"),
        ({"reject_budget": {"rows": 1, "share": 2.0}}, "pub_thing: meta.publish.reject_budget.share: Input should be"),
        ({"colour": "red"}, "pub_thing: meta.publish.colour: Extra inputs are not permitted"),
        ({"choices": {"colour": ["red"]}}, "pub_thing: meta.publish.choices: no column colour"),
        ({"requires_verified_file": "path"}, "pub_thing: meta.publish.requires_verified_file: no column path"),
    ],
)
def test_a_wrong_key_is_named(change: dict[str, Any], fault: str) -> None:
    assert fault in faults(publish_node("pub_thing", COLUMNS, publish_meta(**change)))


def test_all_faults_of_all_models_come_at_once() -> None:
    unenforced = publish_node("pub_a", COLUMNS, publish_meta())
    unenforced["config"]["contract"] = {"enforced": False}
    keyless = publish_node("pub_b", COLUMNS, publish_meta(mode="update"))
    del keyless["columns"]["legacy_key"], keyless["columns"]["target_id"]
    empty = publish_node("pub_c", {}, publish_meta())
    misnamed = model_node("list_d", "x", {}, {"ledger": {"system": "dtx1", "source_table": "d"}})
    incomplete = model_node("rej_e", "x", {}, {"ledger": {"system": "dtx1"}})

    message = faults(unenforced, keyless, empty, misnamed, incomplete)

    for fault in (
        "wrong (6)",
        "pub_a: config.contract.enforced is not true",
        "pub_b: column legacy_key is not declared",
        "pub_b: column target_id is not declared",
        "pub_c: no target column is declared",
        "list_d: meta.ledger: only dsp_ and rej_ models have it",
        "rej_e: meta.ledger.source_table: Field required",
    ):
        assert fault in message


def test_ledger_models_are_told_by_their_prefix() -> None:
    ledger = {"ledger": {"system": "dtx1", "source_table": "thing"}}
    parsed = parse_manifest(
        manifest(model_node("rej_thing", "r", {}, ledger), model_node("dsp_thing", "d", {}, ledger)), None
    )

    assert [(model.model, model.kind, str(model.relation)) for model in parsed.ledger_models] == [
        ("dsp_thing", "disposition", "d.dsp_thing"),
        ("rej_thing", "reject", "r.rej_thing"),
    ]


def test_merging_models_have_paths_and_may_name_parents() -> None:
    resolve = {"entity": "thing", "target_table": "public.thing"}
    meta = publish_meta(mode="merge_json", order=20, resolve=resolve)
    parent = publish_node("pub_thing", COLUMNS, publish_meta(shared_columns=["status"]))

    inserted, merged = parse_manifest(
        manifest(parent, publish_node("pub_note", {"status": "jsonb"}, meta)), None
    ).contracts

    assert inserted.hashed_columns == ["file", "name"]
    assert merged.key_columns == ("source_key", "legacy_key", "target_id", "target_legacy_key", "json_path")
    assert merged.columns == ("status",)
    assert (inserted.feeds(merged), merged.feeds(inserted)) == (True, False)


def test_a_parent_has_its_turn_first_and_shares_what_its_child_changes() -> None:
    resolve = {"entity": "thing", "target_table": "public.thing"}
    child = publish_node("pub_note", {"status": "jsonb"}, publish_meta(mode="merge_json", order=5, resolve=resolve))
    unused = publish_node("pub_path", {"json_path": "text[]", **COLUMNS}, publish_meta(entity="path"))

    message = faults(child, publish_node("pub_thing", COLUMNS, publish_meta()), unused)

    assert "pub_note: meta.publish.order: its parents' model pub_thing has its turn later" in message
    assert "pub_thing: meta.publish.shared_columns: status is missing, which pub_note changes" in message
    assert "pub_path: column json_path is declared, and its mode has no use for it" in message


def test_preflight_models_say_what_they_hold() -> None:
    meta = {"id": "P11-1", "question": "Which?", "source_table": "thing", "blocks": None}
    node = model_node("pre_thing", "migration_preflight", {}, {"preflight": meta})

    (model,) = parse_manifest(manifest(node), None).preflight_models

    assert (model.model, model.relation, model.meta.source_table) == (
        "pre_thing",
        Relation("migration_preflight", "pre_thing"),
        "thing",
    )
    wrong = model_node("pre_thing", "migration_preflight", {}, {"preflight": {**meta, "holds": True}})
    assert "pre_thing: meta.preflight.holds: Extra inputs are not permitted" in faults(wrong)


def test_the_seed_of_decisions_must_be_there() -> None:
    document = manifest()
    del document["nodes"]["seed.dtx.decisions"]

    with pytest.raises(RefusedError, match="seed decisions: the manifest has 0 of it"):
        parse_manifest(document, None)


def test_a_missing_manifest_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as missing:
        load_manifest(tmp_path / "manifest.json")
    assert "dbt build" in missing.value.hint


def test_run_results_are_read_from_beside_the_manifest(tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps(manifest(publish_node("pub_thing", COLUMNS, publish_meta()))))
    assert (load_manifest(path).stale, load_manifest(path).invocation_id) == ({}, "parse")
    result = {"unique_id": "model.dtx.pub_thing", "status": "error", "timing": []}
    results = {"metadata": {"invocation_id": "build"}, "results": [result]}
    (tmp_path / "run_results.json").write_text(json.dumps(results))

    assert load_manifest(path).stale == {"pub_thing": "its last build ended as error"}
    assert load_manifest(path).invocation_id == "build"


@pytest.mark.parametrize(
    ("rejected", "rows", "spent"),
    [(0, 0, False), (10, 100, False), (11, 100, True), (5, 20, True), (4, 20, False), (1, 0, True)],
)
def test_a_budget_is_spent_past_either_bound(rejected: int, rows: int, spent: bool) -> None:
    assert RejectBudget(rows=10, share=0.2).is_spent(rejected, rows) is spent
