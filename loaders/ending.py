"""How every program of this project ends: with a message, a hint and an exit code (reliability R4)."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable

from rich.markup import escape

from loaders.console import stderr
from loaders.errors import ExitCode, MigrationError

# What typer turns Ctrl-C into.
_INTERRUPTED = 130


def run_to_its_end(main: Callable[[], object], *, interrupted: str) -> None:
    """Run a program; leave with the exit code of its error.

    Args:
        main: the program.
        interrupted: what to say after Ctrl-C.
    """
    try:
        main()
    except MigrationError as error:
        stderr.print(f"[bold red]error:[/] {escape(str(error))}", soft_wrap=True)
        if error.hint:
            stderr.print(f"[bold]what to do:[/] {escape(error.hint)}", soft_wrap=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        _leave_interrupted(interrupted)
    except SystemExit as leaving:
        if leaving.code != _INTERRUPTED:
            raise
        _leave_interrupted(interrupted)
    except Exception as error:  # noqa: BLE001 - Python's own exit code would be 1, which says loss or drift
        _show_unforeseen(error)
        sys.exit(ExitCode.COULD_NOT_RUN)


def _leave_interrupted(words: str) -> None:
    stderr.print(words, soft_wrap=True)
    sys.exit(ExitCode.COULD_NOT_RUN)


def _show_unforeseen(error: Exception) -> None:
    """Where it happened and its class; its text may hold row values (X1)."""
    kind = type(error).__name__
    if sqlstate := getattr(error, "sqlstate", None):
        kind += f", SQLSTATE {sqlstate}"
    frames = "".join(traceback.format_tb(error.__traceback__))
    stderr.print(frames, markup=False, soft_wrap=True, end="")
    words = f"unforeseen ({escape(kind)}); its text is not shown, it may hold values of rows"
    stderr.print(f"[bold red]error:[/] {words}", soft_wrap=True)
    stderr.print("[bold]what to do:[/] Run it again; if it comes back, report the lines above.", soft_wrap=True)
