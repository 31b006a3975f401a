"""The legacy systems that are migrated; each goes into a database of its own, with a ledger of its own."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from loaders.errors import ConfigurationError

PROJECT_ROOT = Path(__file__).resolve().parent.parent
VARIABLE = "DTX_SYSTEM"


@dataclass(frozen=True)
class System:
    """What differs between the migrations; everything else is models, seeds and the contracts in them.

    Attributes:
        name: as in the catalogues, in the ledger's `system`, and in the models' names.
        title: as people call it, at the start of a sentence.
        server: what kind of server the source is.
        project: dbt's project.
        project_name: what dbt calls it.
        seeds: catalogue, decisions, column maps and value maps.
        prefix: how the variables of its connections begin.
        type_column: the column of source_columns.csv that holds a column's type.
        has_payloads: whether the source holds serialized PHP, which `dtx decode` reads.
        has_reporting: whether its reports come back as views for Metabase.
        is_archived: whether every table of the source must have its archive.
    """

    name: str
    title: str
    server: Literal["mysql", "postgres"]
    project: Path
    project_name: str
    seeds: Path
    prefix: str
    type_column: str
    has_payloads: bool
    has_reporting: bool
    is_archived: bool

    @property
    def raw_schema(self) -> str:
        """Where target-postgres loads the source's tables."""
        return f"raw_{self.name}"

    @property
    def command(self) -> str:
        """How `dtx` is called for it."""
        return "dtx" if self.name == "dtx1" else f"dtx --system {self.name}"

    def short_name(self, source_table: str) -> str:
        """A source table as the models' names have it: dbt's unit tests allow names of at most 51 bytes."""
        return source_table.removeprefix(f"{self.name}_")

    @property
    def manifest(self) -> Path:
        """dbt's manifest."""
        return self.project / "target" / "manifest.json"

    @property
    def seeds_name(self) -> str:
        """The seeds' folder as messages name it."""
        return str(self.seeds.relative_to(PROJECT_ROOT))


DTX1 = System(
    name="dtx1",
    title="DTX 1.0",
    server="mysql",
    project=PROJECT_ROOT / "dbt_project",
    project_name="dtx",
    seeds=PROJECT_ROOT / "seeds",
    prefix="DTX_",
    type_column="mysql_type",
    has_payloads=True,
    has_reporting=True,
    is_archived=True,
)
DISPATCH = System(
    name="dispatch",
    title="The dispatch system",
    server="postgres",
    project=PROJECT_ROOT / "dispatch_project",
    project_name="dispatch",
    seeds=PROJECT_ROOT / "seeds" / "dispatch",
    prefix="DISPATCH_",
    type_column="postgres_type",
    has_payloads=False,
    has_reporting=False,
    is_archived=False,
)
SYSTEMS = {system.name: system for system in (DTX1, DISPATCH)}


def chosen_system() -> System:
    """The system that `dtx --system` or DTX_SYSTEM names; DTX 1.0 where neither does.

    Raises:
        ConfigurationError: there is no such system.
    """
    name = os.environ.get(VARIABLE) or DTX1.name
    if name not in SYSTEMS:
        raise ConfigurationError(f"there is no system {name}", hint=f"There are {', '.join(SYSTEMS)}.")
    return SYSTEMS[name]


def choose_system(name: str) -> None:
    """Make a system the chosen one, for this process and those that it starts.

    Raises:
        ConfigurationError: there is no such system.
    """
    os.environ[VARIABLE] = name
    chosen_system()
