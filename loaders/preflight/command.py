"""`dtx preflight`."""

from __future__ import annotations

from typing import Annotated

import typer

from loaders.console import print_json
from loaders.database import connect
from loaders.errors import ExitCode, ServiceError
from loaders.preflight.examination import examine_all
from loaders.preflight.report import as_document, show
from loaders.publish.findings import refuse_if_blocked
from loaders.settings import load_settings
from loaders.setup.guard import check_server, check_settings
from loaders.setup.options import ManifestOption


def preflight_command(
    manifest: ManifestOption = None,
    apply_source_changes: Annotated[
        bool, typer.Option("--apply-source-changes", help="Also look at what publish needs for that option.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document (schema dtx.preflight/2).")] = False,
) -> None:
    """Hold contracts, source columns, decisions and data against what is there, and list all findings; writes nothing.

    Exit code 2: the legacy server could not be asked; 3: something blocks, or holds a table.
    """
    settings = load_settings()
    check_settings(settings, settings.target_database)
    with connect(settings, "publisher") as connection:
        check_server(connection, settings)
    path = manifest or settings.system.manifest
    examination = examine_all(settings, path, applies_source_changes=apply_source_changes)
    if as_json:
        print_json(as_document(examination))
    else:
        show(examination)
    if examination.source.error is not None:
        raise ServiceError(
            f"{examination.source.error}; its columns were not compared", hint=examination.source.error.hint
        )
    refuse_if_blocked(examination.all_findings)
    if examination.is_held:
        raise typer.Exit(ExitCode.REFUSED)
