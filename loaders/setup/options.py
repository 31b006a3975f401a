"""Options that several verbs have; apart from `dtx setup` itself, which takes longer to import than most verbs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from loaders.setup.guard import CONFIRM_VARIABLE

ManifestOption = Annotated[
    Path | None, typer.Option("--manifest", help="dbt's manifest.json; that of the system's project without it.")
]
ConfirmOption = Annotated[
    str | None,
    typer.Option(
        "--confirm-database",
        metavar="NAME",
        envvar=CONFIRM_VARIABLE,
        help="The target's name; production asks for it.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of tables.")]
