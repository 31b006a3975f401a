"""meltano.yml says what the source catalogue says."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
PROJECT = yaml.safe_load((ROOT / "meltano.yml").read_text(encoding="utf-8"))


def plugin(kind: str, name: str) -> dict[str, Any]:
    return next(entry for entry in PROJECT["plugins"][kind] if entry["name"] == name)


def seed(name: str) -> list[dict[str, str]]:
    with (ROOT / "seeds" / "ledger" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_tap_reads_the_tables_of_the_source_catalogue() -> None:
    expected = [row["source_table"] for row in seed("source_tables.csv") if row["system"] == "dtx1"]
    assert plugin("extractors", "tap-mysql")["config"]["tables"] == expected


def test_e1_the_tap_reads_exactly_the_payload_columns_as_bytes() -> None:
    payloads = [
        f"{row['source_table']}.{row['column_name']}"
        for row in seed("source_columns.csv")
        if row["system"] == "dtx1" and row["php_payload"] == "true"
    ]
    assert payloads
    assert plugin("extractors", "tap-mysql")["config"]["bytes_columns"] == payloads


def test_our_own_plugins_need_no_installation() -> None:
    ours = [plugin("extractors", "tap-mysql"), plugin("loaders", "target-postgres"), *PROJECT["plugins"]["utilities"]]
    for entry in ours:
        assert "pip_url" not in entry
        assert entry["executable"]
        assert entry["namespace"]


def test_every_task_of_a_job_is_declared() -> None:
    known = {entry["name"] for kind in PROJECT["plugins"].values() for entry in kind}
    known |= {
        f"{entry['name']}:{command}" for entry in PROJECT["plugins"]["utilities"] for command in entry["commands"]
    }
    assert {job["name"] for job in PROJECT["jobs"]} >= {"replicate", "migrate"}
    for job in PROJECT["jobs"]:
        for task in job["tasks"]:
            assert set(task.split()) <= known, job["name"]
