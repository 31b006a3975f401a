"""What the publish models' YAML says of itself: the target table, and each column with its description."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from loaders.mapping.column_maps import MapLine
from loaders.systems import DTX1, System

# Columns of a publish model that are no columns of its target (docs/architecture.md, dbt layers).
_CONTRACT_COLUMNS = frozenset({"source_key", "legacy_key", "target_id", "target_legacy_key", "json_path"})


@dataclass(frozen=True)
class PublishModel:
    """One publish model.

    Attributes:
        columns: the target's columns that the model supplies, to their descriptions.
    """

    name: str
    source_table: str
    target_table: str
    columns: Mapping[str, str]

    def is_fed_by(self, line: MapLine) -> bool:
        """Whether a line of a column map speaks of this model's target: of its columns, or of what finds its rows."""
        return line.target_table == self.target_table and (line.role == "key" or line.target_column in self.columns)


def read_publish_models(system: System = DTX1) -> list[PublishModel]:
    """A system's publish models by name, from their YAML: dbt's manifest is made after what is made of them."""
    paths = sorted((system.project / "models" / "publish").glob("*.yml"))
    return [_publish_model(each) for path in paths for each in yaml.safe_load(path.read_text("utf-8"))["models"]]


def _publish_model(entry: Mapping[str, Any]) -> PublishModel:
    meta = entry["config"]["meta"]["publish"]
    return PublishModel(
        name=entry["name"],
        source_table=meta["source_table"],
        target_table=meta["target_table"],
        columns={
            column["name"]: column["description"]
            for column in entry["columns"]
            if column["name"] not in _CONTRACT_COLUMNS
        },
    )
