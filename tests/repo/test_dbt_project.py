"""The dbt projects keep their own rules: names, layers, documentation, tests, and a parse without deprecations."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from loaders.catalogue.source_yaml import source_files
from loaders.settings import PROJECT_ROOT
from loaders.systems import DISPATCH, DTX1, SYSTEMS, System

MACROS = PROJECT_ROOT / "macros"
DBT_TESTS = PROJECT_ROOT / "tests" / "dbt"
STAGED = {DTX1: "dtx1|dtx2|migration|decoded", DISPATCH: "dispatch|orders|migration"}
NAMES = {
    "staging": r"stg_({staged})__\w+",
    "intermediate": r"int_({system}|reporting)__\w+",
    "publish": r"pub_{system}__\w+",
    "dispositions": r"dsp_{system}__\w+",
    "rejects": r"rej_{system}__\w+",
    "preflight": r"pre_{system}__\w+",
    "reporting": r"rpt_\w+",
    "catalogue": r"cat_{system}__\w+",
}
# What a layer may read: the layers before it, and itself where a step builds on a step.
READS = {
    "staging": set(),
    "intermediate": {"staging", "intermediate"},
    "publish": {"staging", "intermediate"},
    "dispositions": {"staging", "intermediate"},
    "rejects": {"staging", "intermediate", "dispositions"},
    "preflight": {"staging", "intermediate"},
    "reporting": {"staging", "intermediate", "reporting"},
    "catalogue": {"staging", "intermediate"},
}
# It counts what the layers after it decided, and nothing reads it but `dtx what-if`.
READS_DISPOSITIONS = "outcomes_by_option"
# dbt checks its YAML against the JSON schemas for a few adapters only, and PostgreSQL is none of them.
PARSE = """
import json, sys
from dbt.cli.main import dbtRunner
from dbt.jsonschemas import jsonschemas
jsonschemas._JSONSCHEMA_SUPPORTED_ADAPTERS.add("postgres")
seen = []
def note(event):
    if event.info.name.endswith("Deprecation"):
        seen.append(event.info.msg)
runner = dbtRunner(callbacks=[note])
result = runner.invoke(["parse", "--no-partial-parse", "--show-all-deprecations", "--quiet", "--warn-error-options",
    '{"error": [], "warn": []}', "--project-dir", sys.argv[1], "--profiles-dir", sys.argv[1],
    "--target-path", sys.argv[2], "--log-path", sys.argv[2]])
assert result.success, result.exception
print(json.dumps(seen))
"""

Node = dict[str, Any]


@pytest.fixture(scope="module", params=SYSTEMS.values(), ids=SYSTEMS)
def system(request: pytest.FixtureRequest) -> System:
    found: System = request.param
    return found


@pytest.fixture(scope="module")
def parsed(system: System, tmp_path_factory: pytest.TempPathFactory) -> tuple[Node, list[str]]:
    """The manifest of a fresh parse, and the deprecations that it met. No database is needed."""
    folder = tmp_path_factory.mktemp("dbt")
    placeholders = {
        f"{system.prefix}{name}": "0"
        for name in (
            "TARGET_HOST",
            "TARGET_PORT",
            "TARGET_DATABASE",
            "TARGET_USER",
            "TARGET_PASSWORD",
            "PUBLISHER_USER",
        )
    }
    done = subprocess.run(
        [sys.executable, "-c", PARSE, system.project, folder],
        env=os.environ | placeholders,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads((folder / "manifest.json").read_text()), json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def manifest(parsed: tuple[Node, list[str]]) -> Node:
    return parsed[0]


def models_of(manifest: Node) -> Iterator[tuple[str, Node]]:
    """Each model with its layer."""
    for node in manifest["nodes"].values():
        if node["resource_type"] == "model":
            yield Path(node["path"]).parts[0], node


def test_the_project_parses_without_a_deprecation_or_an_unknown_key(
    system: System, parsed: tuple[Node, list[str]]
) -> None:
    # `unlogged` is a key of the adapter that dbt's schema lacks; that it is met shows that the schema was asked.
    ours = [message for message in parsed[1] if "`unlogged`" not in message]

    assert ours == []
    assert len(parsed[1]) > 0 or system is DISPATCH


def test_the_source_yaml_is_what_the_catalogue_says() -> None:
    for path, text in source_files().items():
        assert path.read_text(encoding="utf-8") == text, "run python -m loaders.catalogue.source_yaml"


def test_the_sources_name_every_column_that_is_replicated(system: System, manifest: Node) -> None:
    sources = {s["name"]: set(s["columns"]) for s in manifest["sources"].values() if s["source_name"] == system.name}
    catalogue: dict[str, set[str]] = {}
    for line in read_csv(system, "source_columns.csv"):
        if line.get("extracted") != "false":
            catalogue.setdefault(line["source_table"], {"_loaded_at", "_unstorable"}).add(line["column_name"])

    assert len(sources) == {DTX1: 22, DISPATCH: 26}[system]
    assert sources == catalogue


def test_names_follow_the_grammar_of_their_layer(system: System, manifest: Node) -> None:
    names = {layer: name.format(staged=STAGED[system], system=system.name) for layer, name in NAMES.items()}
    assert [n["name"] for layer, n in models_of(manifest) if not re.fullmatch(names[layer], n["name"])] == []


def test_a_layer_reads_only_what_lies_before_it(manifest: Node) -> None:
    layers = {node["unique_id"]: layer for layer, node in models_of(manifest)}
    breaches = [
        (node["name"], parent)
        for layer, node in models_of(manifest)
        for parent in node["depends_on"]["nodes"]
        if (parent.startswith("source.") and layer != "staging")
        or (parent.startswith("model.") and layers[parent] not in READS[layer])
        if not node["name"].endswith(READS_DISPOSITIONS)
    ]
    assert breaches == []


def test_a_staging_model_is_one_to_one_with_its_source(manifest: Node) -> None:
    for layer, node in models_of(manifest):
        if layer == "staging":
            parents = node["depends_on"]["nodes"]
            assert [parent.split(".")[0] for parent in parents] == ["source"], node["name"]
            assert not re.search(r"\b(where|join|group by|union|distinct)\b", node["raw_code"]), node["name"]


def test_every_model_has_a_yaml_of_its_own_and_every_column_a_description(manifest: Node) -> None:
    for _, node in models_of(manifest):
        assert Path(node["patch_path"].split("://")[1]).stem == node["name"]
        assert node["description"], node["name"]
        assert [c["name"] for c in node["columns"].values() if not c["description"]] == [], node["name"]


def test_models_are_short_and_have_no_length_cast(manifest: Node) -> None:
    """M6: a length cast cuts without a word."""
    for _, node in models_of(manifest):
        assert node["raw_code"].count("\n") <= 120, node["name"]
        assert not re.search(r"::\s*(character varying|varchar|char)\s*\(|substr\(|left\(\w+\.", node["raw_code"])


def test_what_leaves_dbt_has_an_enforced_contract_with_types(manifest: Node) -> None:
    for layer, node in models_of(manifest):
        if layer in ("publish", "dispositions", "rejects", "preflight", "reporting", "catalogue"):
            assert node["config"]["contract"]["enforced"] is True, node["name"]
            assert [c["name"] for c in node["columns"].values() if not c["data_type"]] == [], node["name"]


def test_each_layer_says_what_it_publishes_and_whose_rows_it_accounts_for(system: System, manifest: Node) -> None:
    decided = {line["decision_id"] for line in read_csv(system, "decisions.csv")}
    for layer, node in models_of(manifest):
        meta = node["config"]["meta"]
        assert ("publish" in meta) == (layer == "publish"), node["name"]
        assert ("ledger" in meta) == (layer in ("dispositions", "rejects")), node["name"]
        assert ("preflight" in meta) == (layer == "preflight"), node["name"]
        if layer == "publish":
            assert meta["publish"]["decision_id"] in decided
            assert meta["publish"]["system"] == system.name


@pytest.mark.parametrize("system", [DTX1], ids=["dtx1"], indirect=True)
def test_t4_the_reporting_views_are_made_of_dtx2_alone_and_refreshed_together(manifest: Node) -> None:
    """Of no legacy cache; a step that a refresh left out would make old figures look new."""
    layers = {node["unique_id"]: layer for layer, node in models_of(manifest)}
    waiting = [key for key, layer in layers.items() if layer == "reporting"]
    ancestors: set[str] = set()
    while waiting:
        key = waiting.pop()
        if key not in ancestors:
            ancestors.add(key)
            waiting += manifest["nodes"].get(key, {}).get("depends_on", {}).get("nodes", [])

    assert {manifest["sources"][key]["source_name"] for key in ancestors if key.startswith("source.")} == {"dtx2"}
    untagged = {key for key in ancestors & layers.keys() if "reporting" not in manifest["nodes"][key]["config"]["tags"]}
    assert {layers[key] for key in untagged} == {"staging"}


def test_every_source_table_with_dispositions_has_its_rows_conserved(manifest: Node) -> None:
    """R1: the test that no row is lost or doubled must not be forgotten with a new table."""
    conserved = {
        node["attached_node"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test" and (node.get("test_metadata") or {}).get("name") == "rows_conserved"
    }
    assert conserved == {node["unique_id"] for layer, node in models_of(manifest) if layer == "dispositions"}


def test_the_outcomes_by_option_count_every_table_with_dispositions(system: System, manifest: Node) -> None:
    """A table that is not counted would have no share in any choice that `dtx what-if` shows."""
    (outcomes,) = [node for _, node in models_of(manifest) if node["name"].endswith(READS_DISPOSITIONS)]
    counted = {
        re.sub(rf"^(dsp|int)_{system.name}__|_(by_option|outcomes)$", "", parent.rpartition(".")[2])
        for parent in outcomes["depends_on"]["nodes"]
        if parent.startswith("model.")
    }
    assert counted == {system.short_name(table) for table in tables_with_dispositions(manifest)}
    if system is DTX1:
        assert counted == {line["source_table"] for line in read_csv(DTX1, "source_tables.csv")}


def test_models_ask_for_decisions_that_exist(system: System) -> None:
    decided = {line["decision_id"] for line in read_csv(system, "decisions.csv")}
    code = "\n".join(path.read_text(encoding="utf-8") for path in (system.project / "models").rglob("*.sql"))

    assert set(re.findall(r"decision\('([^']+)'\)", code)) <= decided


def test_each_decision_of_dtx1_is_documented() -> None:
    decided = {line["decision_id"] for line in read_csv(DTX1, "decisions.csv")}
    pages = (DTX1.project / "models" / "_decisions").glob("*.md")
    documented = "\n".join(path.read_text(encoding="utf-8") for path in pages)

    assert {f"decision_{key.lower().replace('-', '_')}" for key in decided} == set(
        re.findall(r"docs (decision_\w+)", documented)
    )


def test_each_reject_reason_names_a_column_of_its_table(system: System) -> None:
    named_by_the_row = {"text_unstorable", "contact_unexpected", "date_invalid", "flag_unmapped"}
    columns = {(line["source_table"], line["column_name"]) for line in read_csv(system, "source_columns.csv")}
    for line in read_csv(system, "reason_codes.csv"):
        if (line["disposition"], line["stage"]) != ("reject", "transform") or line["reason_code"] in named_by_the_row:
            assert line["column_name"] == "", line["reason_code"]
        else:
            assert (line["source_table"], line["column_name"]) in columns, line["reason_code"]


def test_every_reason_of_the_transform_stage_has_a_unit_test_that_expects_it(system: System, manifest: Node) -> None:
    """A reason code nobody gives is a promise that nobody keeps."""
    expected: set[str] = set()
    for path in (system.project / "models").rglob("*.yml"):
        for test in yaml.safe_load(path.read_text(encoding="utf-8")).get("unit_tests", []):
            if test["expect"].get("format") == "sql":
                continue
            for row in test["expect"]["rows"]:
                expected |= {str(value) for key, value in row.items() if "reason" in key or key == "claim"}
    tables = tables_with_dispositions(manifest)
    codes = [line for line in read_csv(system, "reason_codes.csv") if line["source_table"] in {"", *tables}]
    decoder = {line["reason_code"] for line in codes if line["stage"] == "decode"}
    promised = {line["reason_code"] for line in codes if line["stage"] == "transform"}
    payloads = {reason for reason in promised if reason.startswith("payload_")}

    assert payloads == {f"payload_{reason}" for reason in decoder - {"address_invalid"}}
    assert promised - payloads - expected == set()


def test_each_macro_has_a_file_a_header_a_description_and_a_case(manifest: Node) -> None:
    described = {m["name"]: m for m in manifest["macros"].values() if m["package_name"] in ("dtx", "dispatch")}
    for path in sorted(MACROS.rglob("*.sql")):
        text = path.read_text(encoding="utf-8")
        assert re.findall(r"{% macro (\w+)", text) == [path.stem]
        assert text.startswith("{#"), f"{path.name} says nothing of its input, output and why"
        assert described[path.stem]["description"], path.name
        if path.parent.name != "project" or path.stem == "decision":
            assert (DBT_TESTS / "macro_cases" / f"case_{path.stem}.sql").exists(), path.stem
    assert {path.stem.removeprefix("case_") for path in (DBT_TESTS / "macro_cases").glob("*.sql")} <= set(described)


def test_each_seed_has_a_description_and_types_for_every_column(system: System, manifest: Node) -> None:
    """Left to itself dbt guesses: a code such as 007 would become a number."""
    for node in manifest["nodes"].values():
        if node["resource_type"] == "seed":
            with (system.project / node["original_file_path"]).open(encoding="utf-8", newline="") as file:
                header = next(csv.reader(file))
            assert node["description"], node["name"]
            assert set(node["columns"]) == set(node["config"]["column_types"]) == set(header), node["name"]


def test_each_dbt_test_opens_with_the_damage_it_prevents() -> None:
    paths = list(DBT_TESTS.rglob("*.sql"))
    assert paths
    assert [p.name for p in paths if not p.read_text(encoding="utf-8").startswith(("-- ", "{#\n"))] == []


def tables_with_dispositions(manifest: Node) -> set[str]:
    """The source tables that a model accounts for."""
    return {
        n["config"]["meta"]["ledger"]["source_table"] for layer, n in models_of(manifest) if layer == "dispositions"
    }


def read_csv(system: System, name: str) -> list[dict[str, str]]:
    with (system.seeds / "ledger" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
