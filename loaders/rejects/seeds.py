"""What a seed's columns take: their order as built, their descriptions and tests from dbt's manifest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import psycopg

from loaders.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class SeedColumn:
    """A column of a seed; `choices` is empty where its tests allow any value."""

    name: str
    description: str
    is_required: bool
    choices: tuple[str, ...]


def read_seed_columns(connection: psycopg.Connection, nodes: Mapping[str, Any], seed_file: str) -> list[SeedColumn]:
    """The columns of a seed, in the order of its file.

    Args:
        connection: may read the catalogue.
        nodes: the nodes of dbt's manifest.
        seed_file: the seed's path in the project.

    Raises:
        ConfigurationError: the manifest has no such seed.
    """
    name = PurePosixPath(seed_file).stem
    seed = next((node for node in nodes.values() if node["resource_type"] == "seed" and node["name"] == name), None)
    if seed is None:
        raise ConfigurationError(
            f"dbt knows no seed {seed_file}", hint="Correct seeds/ledger/reject_remedies.csv, then run dbt build."
        )
    tests = [node for node in nodes.values() if node.get("attached_node") == seed["unique_id"]]
    rows = connection.execute(
        "select column_name from information_schema.columns where table_schema = %s and table_name = %s "
        "order by ordinal_position",
        [seed["schema"], seed.get("alias") or name],
    ).fetchall()
    return [_column(seed, tests, column) for (column,) in rows]


def _column(seed: Mapping[str, Any], tests: list[Any], column: str) -> SeedColumn:
    own = [test["test_metadata"] for test in tests if test.get("test_metadata") and test.get("column_name") == column]
    choices = [value for test in own if test["name"] == "accepted_values" for value in test["kwargs"]["values"]]
    return SeedColumn(
        column,
        seed["columns"].get(column, {}).get("description", ""),
        any(test["name"] == "not_null" for test in own),
        tuple(choices),
    )
