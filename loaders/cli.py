"""The `dtx` command: one verb per stage. Thin: each verb lives beside the stage it runs."""

from __future__ import annotations

import sys

import click
import typer

from loaders.console import stderr
from loaders.decode.command import decode
from loaders.errors import ExitCode, MigrationError
from loaders.reconcile.command import reconcile

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Moves DTX 1.0 into DTX 2.0 and proves what became of every row. Exit codes: 0 clean, 1 loss or drift, "
    "2 could not run, 3 refused.",
)
app.command("decode")(decode)
app.command("reconcile")(reconcile)


def main() -> None:
    """Run `dtx`; turn an error into its message, its hint and its exit code."""
    try:
        app(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(ExitCode.COULD_NOT_RUN)
    except MigrationError as error:
        stderr.print(f"[bold red]error:[/] {error}", soft_wrap=True)
        if error.hint:
            stderr.print(f"[bold]what to do:[/] {error.hint}", soft_wrap=True)
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        stderr.print("interrupted; run the same command again to go on where it stopped")
        sys.exit(ExitCode.COULD_NOT_RUN)
