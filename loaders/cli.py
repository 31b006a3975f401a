"""The `dtx` command: one verb per stage. Thin: each verb lives beside the stage it runs."""

from __future__ import annotations

import sys

import typer
from rich.markup import escape

from loaders.archive.command import app as archive_app
from loaders.console import stderr
from loaders.decisions.command import what_if_command
from loaders.decode.command import decode
from loaders.errors import ExitCode, MigrationError
from loaders.files.command import app as files_app
from loaders.mapping.command import mapping_command
from loaders.mapping.site import docs_command
from loaders.preflight.command import preflight_command
from loaders.publish.commands import publish_command, rollback_command
from loaders.reconcile.command import reconcile
from loaders.rejects.command import rejects_command
from loaders.report.command import report_command
from loaders.setup.commands import setup_command

# What typer turns Ctrl-C into.
_INTERRUPTED = 130

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Moves DTX 1.0 into DTX 2.0 and proves what became of every row. Exit codes: 0 clean, 1 loss or drift, "
    "2 could not run, 3 refused.",
)
app.command("setup")(setup_command)
app.command("decode")(decode)
app.add_typer(archive_app, name="archive")
app.add_typer(files_app, name="files")
app.command("mapping")(mapping_command)
app.command("docs")(docs_command)
app.command("preflight")(preflight_command)
app.command("publish")(publish_command)
app.command("what-if")(what_if_command)
app.command("rejects")(rejects_command)
app.command("reconcile")(reconcile)
app.command("report")(report_command)
app.command("rollback")(rollback_command)


def main() -> None:
    """Run `dtx`."""
    run(app)


def run(commands: typer.Typer) -> None:
    """Run a command line; turn an error into its message, its hint and its exit code (reliability R4)."""
    try:
        commands()
    except MigrationError as error:
        stderr.print(f"[bold red]error:[/] {escape(str(error))}", soft_wrap=True)
        if error.hint:
            stderr.print(f"[bold]what to do:[/] {escape(error.hint)}", soft_wrap=True)
        sys.exit(error.exit_code)
    except SystemExit as leaving:
        if leaving.code != _INTERRUPTED:
            raise
        stderr.print("interrupted; run the same command again to go on where it stopped")
        sys.exit(ExitCode.COULD_NOT_RUN)
