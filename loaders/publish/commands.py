"""`dtx publish` and `dtx rollback`."""

from __future__ import annotations

from typing import Annotated

import typer

from loaders.database import connect
from loaders.errors import ConfigurationError
from loaders.publish.contract import load_manifest
from loaders.publish.engine import examine, publish
from loaders.publish.findings import refuse_if_blocked
from loaders.publish.interrupt import Interrupt
from loaders.publish.rollback import roll_back
from loaders.settings import Settings, load_settings
from loaders.setup.guard import check_server, check_settings
from loaders.setup.options import ConfirmOption, JsonOption, ManifestOption

ApplyOption = Annotated[
    bool,
    typer.Option(
        "--apply-source-changes",
        help="Also update published rows whose source has changed and that nobody has edited in the target.",
    ),
]


def publish_command(
    manifest: ManifestOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count what would happen and write nothing.")] = False,
    apply_source_changes: ApplyOption = False,
    confirm_database: ConfirmOption = None,
    as_json: JsonOption = False,
) -> None:
    """Publish what the models hold and the target lacks; run it again to go on after an interruption."""
    settings = _checked_settings(confirm_database, writes=not dry_run)
    contracts = load_manifest(manifest or settings.system.manifest)
    if dry_run:
        findings, rehearsal = examine(settings, contracts, applies_source_changes=apply_source_changes)
        refuse_if_blocked(findings)
        if rehearsal is not None:
            rehearsal.show(as_json=as_json)
            raise typer.Exit(rehearsal.exit_code)
    interrupt = Interrupt()
    with interrupt.signals():
        report = publish(settings, contracts, interrupt=interrupt, applies_source_changes=apply_source_changes)
    report.show(as_json=as_json)
    raise typer.Exit(report.exit_code)


def rollback_command(
    run: Annotated[int | None, typer.Option("--run", help="Take back all batches of this run.")] = None,
    batch: Annotated[int | None, typer.Option("--batch", help="Take back this batch.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count what would happen and write nothing.")] = False,
    confirm_database: ConfirmOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take back published rows that nobody has edited or refers to; list the others."""
    if (run is None) == (batch is None):
        raise ConfigurationError("give either --run or --batch", hint="dtx publish prints the run's number.")
    settings = _checked_settings(confirm_database, writes=not dry_run)
    interrupt = Interrupt()
    with interrupt.signals():
        report = roll_back(settings, run_id=run, batch_id=batch, dry_run=dry_run, interrupt=interrupt)
    report.show(as_json=as_json)
    raise typer.Exit(report.exit_code)


def _checked_settings(confirmed_database: str | None, *, writes: bool) -> Settings:
    settings = load_settings()
    check_settings(settings, confirmed_database if writes else settings.target_database)
    with connect(settings, "publisher") as connection:
        check_server(connection, settings)
    return settings
