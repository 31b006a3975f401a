"""The column maps say what the SQL does: both held against each other, column by column.

`dbt compile` gives the SQL, without a database; `lineage.py` reads it. docs/mapping.md says what the roles of a map's
line mean and what is held against what.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from lineage import NOTHING, Column, Lineage, Reach, together

from loaders.mapping.column_maps import MapLine, read_column_maps
from loaders.settings import PROJECT_ROOT

# What a publish model says of a row that is no column of the target.
CONTRACT_COLUMNS = {"source_key", "legacy_key", "target_id", "target_legacy_key", "json_path"}
SETTINGS = ("TARGET_HOST", "TARGET_PORT", "TARGET_DATABASE", "TARGET_USER", "TARGET_PASSWORD", "PUBLISHER_USER")


@dataclass(frozen=True)
class Project:
    """The compiled project: its lineage, and its models by what they say of themselves in `config.meta`."""

    lineage: Lineage
    models: Sequence[str]
    publish: Sequence[tuple[str, Mapping[str, Any]]]
    dispositions: Mapping[str, str]
    files: Mapping[str, str]

    def publishing(self, source_table: str, target_table: str | None = None) -> list[tuple[str, Mapping[str, Any]]]:
        return [
            (relation, meta)
            for relation, meta in self.publish
            if meta["source_table"] == source_table and target_table in (None, meta["target_table"])
        ]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    target = tmp_path_factory.mktemp("dbt")
    folder = PROJECT_ROOT / "dbt_project"
    done = subprocess.run(
        [
            *(Path(sys.executable).parent / "dbt", "compile", "--no-introspect", "--no-populate-cache", "--quiet"),
            *("--project-dir", folder, "--profiles-dir", folder, "--target-path", target, "--log-path", target),
        ],
        env=os.environ | {f"DTX_{name}": "0" for name in SETTINGS},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return read_project(json.loads((target / "manifest.json").read_text(encoding="utf-8")))


def read_project(manifest: Mapping[str, Any]) -> Project:
    nodes = [{**node, "relation": f"{node['schema']}.{node['alias']}"} for node in built(manifest)]
    models = [node for node in nodes if node["resource_type"] == "model"]
    seeds = {node["relation"]: node for node in nodes if node["resource_type"] == "seed"}
    sources = {f"{each['schema']}.{each['identifier']}": list(each["columns"]) for each in manifest["sources"].values()}

    def seed_values(column: Column) -> set[str]:
        if column.relation not in seeds:
            return set()
        path = PROJECT_ROOT / "dbt_project" / seeds[column.relation]["original_file_path"]
        with path.open(encoding="utf-8", newline="") as file:
            return {line[column.name] for line in csv.DictReader(file)}

    lineage = Lineage(
        {node["relation"]: node["compiled_code"] for node in models},
        sources | {relation: list(node["columns"]) for relation, node in seeds.items()},
        seed_values,
    )
    metas = [(node["relation"], node["config"]["meta"]) for node in models]
    ledger = {relation: meta["ledger"]["source_table"] for relation, meta in metas if "ledger" in meta}
    return Project(
        lineage,
        [relation for relation, _ in metas],
        [(relation, meta["publish"]) for relation, meta in metas if "publish" in meta],
        {table: relation for relation, table in ledger.items() if "disposition" in lineage.columns(relation)},
        {meta["files"]["source_table"]: relation for relation, meta in metas if "files" in meta},
    )


def built(manifest: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    return (node for node in manifest["nodes"].values() if node["resource_type"] in ("model", "seed"))


def of_table(table: str, columns: Iterable[Column]) -> set[str]:
    """Which of them are the table's own; what was decoded from a column counts as the column."""
    found = set()
    for column in columns:
        schema, _, relation = column.relation.partition(".")
        if schema == "raw_dtx1" and relation == table and not column.name.startswith("_"):
            found.add(column.name)
        elif schema == "decoded" and relation.startswith(f"{table}__") and column.name != "source_key":
            found.add(relation.removeprefix(f"{table}__"))
    return found


def findings(project: Project, table: str, lines: Sequence[MapLine]) -> list[str]:
    """Everything in which the map of a table and the SQL disagree."""
    targets = sorted({line.target_table for line in lines if line.target_table})
    return [
        *(f"{table}: no model publishes it to {target}" for target in targets if not project.publishing(table, target)),
        *(each for target in published_to(project, table) for each in target_findings(project, table, target, lines)),
        *key_findings(project, table, lines),
        *file_findings(project, table, lines),
        *decision_findings(project, table, lines),
    ]


def published_to(project: Project, table: str) -> list[str]:
    return sorted({meta["target_table"] for _, meta in project.publishing(table)})


def target_findings(project: Project, table: str, target: str, lines: Sequence[MapLine]) -> Iterator[str]:
    """Values and conditions of each target column; keys of the target row."""
    reaches: dict[str, Reach] = {}
    rows = keys = NOTHING
    for relation, _ in project.publishing(table, target):
        columns = project.lineage.columns(relation)
        of = {name: project.lineage.reach(relation, name) for name in columns}
        key = together(of[name] for name in ("target_id", "target_legacy_key") if name in of)
        keys |= key
        rows |= project.lineage.rows(relation)
        for name in set(columns) - CONTRACT_COLUMNS:
            # What finds the row that is changed is a key of the row, not of each of its columns.
            own = replace(of[name], found=of[name].found - key.all, chosen=of[name].chosen - key.all)
            reaches[name] = reaches.get(name, NOTHING) | own | of.get("json_path", NOTHING)
    listed = {
        role: {
            (line.target_column, line.column_name) for line in lines if (line.target_table, line.role) == (target, role)
        }
        for role in ("value", "condition", "key", "file")
    }
    carried = pairs(table, {name: reach.carried for name, reach in reaches.items()})
    valued = carried | pairs(table, {name: reach.found for name, reach in reaches.items()})
    reached = valued | pairs(table, {name: reach.chosen for name, reach in reaches.items()})
    deciding = of_table(table, rows.all)
    for column, source in sorted(carried - listed["value"]):
        yield f"{table}.{source} is carried into {target}.{column}, and the map has no such line of role value"
    for column, source in sorted(reached - carried - listed["value"] - listed["condition"]):
        yield f"{table}.{source} reaches {target}.{column}, and the map has no such line"
    for column, source in sorted(listed["value"] - valued):
        yield f"the map says that {table}.{source} becomes {target}.{column}, and in the SQL it does not reach it"
    for column, source in sorted(listed["condition"] - reached):
        if column not in reaches or source not in deciding:
            yield f"the map says that {table}.{source} decides {target}.{column}, and in the SQL it does not"
    finding, said = of_table(table, keys.all), {source for _, source in listed["key"]}
    for source in sorted(finding - said):
        yield f"{table}.{source} finds the row of {target}, and the map has no such line of role key"
    for source in sorted(said - finding):
        yield f"the map says that {table}.{source} finds the row of {target}, and in the SQL it does not"


def pairs(table: str, columns: Mapping[str, Iterable[Column]]) -> set[tuple[str, str]]:
    return {(name, source) for name, reaching in columns.items() for source in of_table(table, reaching)}


def key_findings(project: Project, table: str, lines: Sequence[MapLine]) -> Iterator[str]:
    keys = {line.column_name for line in lines if line.disposition == "key"}
    for relation, _ in project.publishing(table):
        carried = of_table(table, project.lineage.reach(relation, "source_key").carried)
        if keys and carried != keys:
            yield f"{table}: the source key of {relation} is {sorted(carried)}, and the map's key {sorted(keys)}"


def file_findings(project: Project, table: str, lines: Sequence[MapLine]) -> Iterator[str]:
    said = {(line.target_table, line.target_column, line.column_name) for line in lines if line.role == "file"}
    named = set()
    if table in project.files:
        named = of_table(table, project.lineage.reach(project.files[table], "source_path").carried)
    wanted = {
        (meta["target_table"], meta["requires_verified_file"], source)
        for _, meta in project.publishing(table)
        if "requires_verified_file" in meta
        for source in named
    }
    for target, column, source in sorted(said ^ wanted):
        yield f"{table}.{source} as the file of {target}.{column}: map and SQL disagree"


def decision_findings(project: Project, table: str, lines: Sequence[MapLine]) -> Iterator[str]:
    said = {line.column_name for line in lines if line.decides}
    done = set()
    if table in project.dispositions:
        done = of_table(table, project.lineage.reach(project.dispositions[table], "disposition").all)
    for source in sorted(done - said):
        yield f"{table}.{source} decides the disposition of its row, and the map says it does not"
    for source in sorted(said - done):
        yield f"the map says that {table}.{source} decides the disposition of its row, and in the SQL it does not"


MAPS = read_column_maps()


def published(project: Project) -> set[str]:
    """The source tables of which something is published; the others stay in the archive as a whole."""
    return {meta["source_table"] for _, meta in project.publish}


def test_every_published_table_is_seen(project: Project) -> None:
    assert len(project.publish) > 3
    assert published(project) < set(project.dispositions) == set(MAPS)
    assert set(project.files) == {"repo_file"}


@pytest.mark.parametrize("table", MAPS)
def test_map_and_sql_agree(project: Project, table: str) -> None:
    assert findings(project, table, MAPS[table]) == []


def test_a_line_that_is_missing_is_named(project: Project) -> None:
    """Without any one line that has a target, or any key, the check fails and names the columns."""
    for table in project.dispositions:
        for number, line in enumerate(MAPS[table]):
            found = findings(project, table, [*MAPS[table][:number], *MAPS[table][number + 1 :]])
            if line.role in ("value", "key", "file"):
                assert any(f".{line.column_name} " in each and line.target_table in each for each in found), line
            elif line.role == "condition":
                assert any(f".{line.column_name} " in each for each in found), line


def test_a_line_that_says_too_much_is_named(project: Project) -> None:
    """A dropped column said to be mapped, and a column said to decide where none does."""
    for table in sorted(published(project)):
        mapped = next(line for line in MAPS[table] if line.role == "value")
        for dropped in (line for line in MAPS[table] if line.disposition == "dropped" and not line.decides):
            for role in ("value", "condition", "key"):
                said = replace(mapped, column_name=dropped.column_name, role=role)
                found = findings(project, table, [*MAPS[table], said])
                assert any(f"{table}.{dropped.column_name} " in each for each in found), said
            found = findings(project, table, [*MAPS[table], replace(dropped, decides=True)])
            decides = f"{table}.{dropped.column_name} decides the disposition of its row"
            assert found == [f"the map says that {decides}, and in the SQL it does not"]


def test_t2_of_the_reports_sql_only_the_names_of_placeholders_go_further(project: Project) -> None:
    """What reaches a column behind staging, or decides its rows, is never a fragment of SQL; but for one column."""
    fragments = {"select_expression", "table_name", "table_join", "sort_expression"}
    reached = set()
    for relation in project.models:
        for name in project.lineage.columns(relation):
            if fragments & of_table("report_field_definition", project.lineage.reach(relation, name).carried):
                reached.add((relation, name))
    staged = {("migration_staging.stg_dtx1__report_field_definition", name) for name in fragments}
    assert {each for each in reached if each[0].startswith("migration_staging.")} == staged
    assert reached - staged == {
        ("migration_intermediate.int_dtx1__report_field_placeholders", "placeholders"),
        ("migration_preflight.pre_dtx1__report_fields", "placeholders"),
    }
