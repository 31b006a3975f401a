"""`dtx archive`, and its verify, restore and export."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from loaders.archive import copies, report
from loaders.archive.catalogue import read_catalogue
from loaders.archive.restore import restore
from loaders.archive.run import archive
from loaders.archive.verify import verify
from loaders.errors import ExitCode
from loaders.settings import load_settings

app = typer.Typer(no_args_is_help=False)

AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on stdout instead of tables.")]
Name = Annotated[str | None, typer.Option("--archive", help="Which archive; the newest where it is not given.")]


@app.callback(invoke_without_command=True)
def archive_command(
    context: typer.Context,
    allow_unencrypted: Annotated[
        bool, typer.Option("--allow-unencrypted", help="Write although DTX_ARCHIVE_RECIPIENTS names nobody.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Archive every table of DTX 1.0 exactly, in one snapshot; write nothing when nothing changed since the last."""
    if context.invoked_subcommand is None:
        outcome = archive(load_settings(), read_catalogue(), allow_unencrypted=allow_unencrypted)
        report.print_archive(outcome, as_json=as_json)


@app.command("verify")
def verify_command(as_json: AsJson = False) -> None:
    """Read every archived file back, hash it, decrypt it where the identity is at hand, and count its rows."""
    findings = verify(load_settings())
    report.print_verify(findings, as_json=as_json)
    raise typer.Exit(ExitCode.CLEAN if findings.clean else ExitCode.LOSS)


@app.command("restore")
def restore_command(
    into: Annotated[str, typer.Option(help="mysql://user@host:port/database, empty; no password in it.")],
    name: Name = None,
    as_json: AsJson = False,
) -> None:
    """Restore all tables into an empty MySQL database and compare them with what was archived."""
    manifest, tables = restore(load_settings(), into, name)
    report.print_restore(manifest, tables, as_json=as_json)
    raise typer.Exit(ExitCode.CLEAN if all(table.clean for table in tables) else ExitCode.LOSS)


@app.command("export")
def export_command(
    to: Annotated[Path, typer.Option(help="A new folder.")],
    masked: Annotated[
        bool, typer.Option("--masked", help="Replace what can tell of a person by keyed hashes.")
    ] = False,
    spreadsheet: Annotated[
        bool, typer.Option("--spreadsheet", help="Neutralise what a spreadsheet would take for a formula.")
    ] = False,
    name: Name = None,
    as_json: AsJson = False,
) -> None:
    """Copy an archive into CSV files for people; the archive itself stays as it is."""
    manifest, made = copies.export(load_settings(), read_catalogue(), to, name, masked=masked, spreadsheet=spreadsheet)
    report.print_export(manifest, made, as_json=as_json)
