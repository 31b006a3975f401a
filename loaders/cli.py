"""The `dtx` command: one verb per stage. Thin: each verb lives beside the stage it runs."""

from __future__ import annotations

import gc
from importlib import import_module
from types import ModuleType
from typing import Annotated, Any, cast

import typer
from typer.core import TyperGroup
from typer.main import get_command, get_group

from loaders.ending import run_to_its_end
from loaders.errors import RefusedError
from loaders.systems import DISPATCH, DTX1, SYSTEMS, choose_system, chosen_system

# Each verb's module and function (or its own commands), in the order in which --help shows them.
_VERBS = {
    "setup": ("loaders.setup.commands", "setup_command"),
    "decode": ("loaders.decode.command", "decode"),
    "what-if": ("loaders.decisions.command", "what_if_command"),
    "preflight": ("loaders.preflight.command", "preflight_command"),
    "archive": ("loaders.archive.command", "app"),
    "files": ("loaders.files.command", "app"),
    "publish": ("loaders.publish.commands", "publish_command"),
    "rejects": ("loaders.rejects.command", "rejects_command"),
    "reconcile": ("loaders.reconcile.command", "reconcile"),
    "components": ("loaders.components.command", "components_command"),
    "report": ("loaders.report.command", "report_command"),
    "rollback": ("loaders.publish.commands", "rollback_command"),
    "metabase": ("loaders.metabase.command", "app"),
    "mapping": ("loaders.mapping.command", "mapping_command"),
    "docs": ("loaders.mapping.site", "docs_command"),
}

# They read PHP, EFS or MySQL, or make DTX 1.0's reports again.
_FOR_DTX1_ONLY = frozenset({"decode", "archive", "files", "metabase"})
_FOR_DISPATCH_ONLY = frozenset({"components"})


class Verbs(TyperGroup):
    """Imports the one verb that is asked for: all of them together take longer to import than most take to run."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands.update(dict.fromkeys(_VERBS, cast(Any, None)))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The verb, or None."""
        if cmd_name not in _VERBS:
            return None
        module, name = _VERBS[cmd_name]
        verb = getattr(_imported(module), name)
        if isinstance(verb, typer.Typer):
            group = get_group(verb)
            group.name = cmd_name
            return group
        single = typer.Typer(add_completion=False)
        single.command(cmd_name)(verb)
        return get_command(single)


def _imported(module: str) -> ModuleType:
    # What is imported stays to the end: to look for garbage in it, meanwhile and at exit, takes 0.15 s of each command.
    gc.disable()
    try:
        return import_module(module)
    finally:
        gc.freeze()
        gc.enable()


app = typer.Typer(cls=Verbs, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def dtx(
    context: typer.Context,
    system: Annotated[
        str | None,
        typer.Option("--system", metavar="NAME", help=f"{' or '.join(SYSTEMS)}; else DTX_SYSTEM, else the first."),
    ] = None,
) -> None:
    """Moves DTX 1.0 into DTX 2.0, and dispatch into the orders platform, and proves what became of every row.

    Exit codes: 0 clean, 1 loss or drift, 2 could not run, 3 refused.
    """
    if system is not None:
        choose_system(system)
    verb, chosen = context.invoked_subcommand, chosen_system()
    if verb in _FOR_DTX1_ONLY and chosen is not DTX1:
        raise RefusedError(f"{chosen.name} has no {verb}", hint="Run the verb without --system and DTX_SYSTEM.")
    if verb in _FOR_DISPATCH_ONLY and chosen is not DISPATCH:
        raise RefusedError(f"{chosen.name} has no {verb}", hint=f"Run {DISPATCH.command} {verb}.")


def main() -> None:
    """Run `dtx`."""
    run(app)


def run(commands: typer.Typer) -> None:
    """Run a command line; turn an error into its message, its hint and its exit code (reliability R4)."""
    run_to_its_end(commands, interrupted="interrupted; run the same command again to go on where it stopped")
