"""`dtx metabase`: reports as code."""

from __future__ import annotations

import typer

from loaders.metabase.exposures_command import exposures_command
from loaders.metabase.preview_command import preview_command

app = typer.Typer(no_args_is_help=True, help="What DTX 1.0's reports become in Metabase.")
app.command("exposures")(exposures_command)
app.command("preview")(preview_command)
