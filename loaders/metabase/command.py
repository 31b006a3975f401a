"""`dtx metabase`: `plan`, `apply` and `check`, and the verbs that live in modules of their own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from loaders.console import meter
from loaders.database import connect
from loaders.decisions.register import read_register
from loaders.errors import ConfigurationError, ExitCode, RefusedError
from loaders.metabase import report
from loaders.metabase.apply import Provisioning
from loaders.metabase.catalogue import Catalogue, read_catalogue
from loaders.metabase.client import check_server, open_metabase
from loaders.metabase.definitions import read_formats, understood
from loaders.metabase.desired import Connection, desired
from loaders.metabase.diff import BY_HAND, Change, Choices
from loaders.metabase.exposures_command import exposures_command
from loaders.metabase.kinds.base import State
from loaders.metabase.ledger import Ledger
from loaders.metabase.metadata import Metadata
from loaders.metabase.objects import Wanted
from loaders.metabase.preview_command import preview_command
from loaders.metabase.role import readable_columns
from loaders.settings import Settings, load_settings
from loaders.setup.guard import check_settings
from loaders.setup.options import ConfirmOption, JsonOption, ManifestOption

DECISION, CHOICE = "D12-1", "metabase"

app = typer.Typer(no_args_is_help=True, help="Metabase as code: collections, questions, dashboards, subscriptions.")
app.command("exposures")(exposures_command)
app.command("preview")(preview_command)

OverwriteOption = Annotated[
    bool,
    typer.Option("--overwrite-edits", help="Also what was edited or deleted by hand is made as the catalogue says."),
]
ArchiveOption = Annotated[
    bool, typer.Option("--archive-removed", help="Move to Metabase's trash what the catalogue has no longer.")
]


@app.command("plan")
def plan_command(
    manifest: ManifestOption = None,
    overwrite_edits: OverwriteOption = False,
    archive_removed: ArchiveOption = False,
    as_json: JsonOption = False,
) -> None:
    """Say what apply would change in Metabase; write nothing. Exit code 1: something would."""
    changes = run_plan(load_settings(), manifest, Choices(overwrite_edits, archive_removed), as_json=as_json)
    raise typer.Exit(ExitCode.LOSS if any(change.writes for change in changes) else ExitCode.CLEAN)


@app.command("apply")
def apply_command(
    manifest: ManifestOption = None,
    overwrite_edits: OverwriteOption = False,
    archive_removed: ArchiveOption = False,
    confirm_database: ConfirmOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make Metabase as the catalogue says, leaving alone what was edited there by hand; sends no mail."""
    settings = load_settings()
    check_settings(settings, confirm_database)
    run_apply(settings, manifest, Choices(overwrite_edits, archive_removed), as_json=as_json)


@app.command("check")
def check_command(manifest: ManifestOption = None, as_json: JsonOption = False) -> None:
    """Say what was edited in Metabase by hand since the last apply. Exit code 1: something was."""
    changes = run_plan(load_settings(), manifest, Choices(), as_json=as_json, only_edits=True)
    raise typer.Exit(ExitCode.LOSS if changes else ExitCode.CLEAN)


@dataclass(frozen=True)
class Sources:
    """What a pass starts from."""

    catalogue: Catalogue
    objects: dict[str, list[Wanted]]
    columns: set[str]


def run_plan(
    settings: Settings, manifest: Path | None, choices: Choices, *, as_json: bool, only_edits: bool = False
) -> list[Change]:
    """Print and return what `apply` would do, or only what was edited by hand.

    Raises:
        MigrationError: see `run_apply`; an open decision is none of a plan's business.
    """
    sources = read_sources(settings)
    with _opened(settings) as (state, ledger, warnings):
        metadata = _metadata(settings, manifest)
        planned = _provisioning(state, ledger, sources, metadata, choices).plan()
    if not state.tables.tables:
        warnings.append("Descriptions of tables and columns are planned when Metabase has learned them, by apply.")
    changes = [change for change in planned if change.action in BY_HAND] if only_edits else planned
    command = "check" if only_edits else "plan"
    _print(command, settings, changes, sources, [*warnings, *metadata.warnings], as_json=as_json)
    return changes


def run_apply(settings: Settings, manifest: Path | None, choices: Choices, *, as_json: bool) -> list[Change]:
    """Make Metabase as the catalogue says; print and return what was done.

    Raises:
        RefusedError: D12-1 is not `metabase`, another apply is at work, the Metabase is too old or counts hours in
            another time zone, or the reporting role sees too much.
        ConfigurationError: a setting is missing, or the catalogue has not been built or contradicts itself.
        LossError: Metabase kept something else than it was sent.
        ServiceError: Metabase or PostgreSQL failed; the next run goes on from there.
    """
    _check_decision(settings)
    sources = read_sources(settings)
    with _opened(settings) as (state, ledger, warnings):
        ledger.lock()
        metadata = _metadata(settings, manifest)
        provisioning = _provisioning(state, ledger, sources, metadata, choices)
        with meter("metabase", None, "objects") as shown:
            changes = provisioning.apply(lambda change: shown.advance(note=change.key))
    _print("apply", settings, changes, sources, [*warnings, *metadata.warnings], as_json=as_json)
    return changes


def read_sources(settings: Settings) -> Sources:
    """Read the catalogue and what the reporting role can see, and work out every object.

    Raises:
        ConfigurationError: the catalogue has not been built, contradicts itself, or names columns that are not there.
        RefusedError: the reporting role sees too much or nothing.
    """
    with understood(), connect(settings, "transform", autocommit=True) as connection:
        catalogue, formats = read_catalogue(connection), read_formats(connection)
    columns = readable_columns(settings)
    target = Connection(
        host=settings.reporting_host or settings.target_host,
        port=settings.reporting_port or settings.target_port,
        dbname=settings.target_database,
        user=settings.reporting_user,
        ssl=settings.reporting_ssl,
    )
    objects = desired(catalogue, formats, target)
    check_columns(objects["question"], columns)
    return Sources(catalogue, objects, columns)


def check_columns(questions: list[Wanted], columns: set[str]) -> None:
    """Hold the questions against the tables that they read.

    Raises:
        ConfigurationError: names columns that the reporting role cannot read.
    """
    asked = {(column, question.key) for question in questions for column in _columns_of(question)}
    missing = sorted((column, key) for column, key in asked if column not in columns)
    if missing:
        raise ConfigurationError(
            f"{len(missing)} columns of questions are not in schema reporting, such as {' of '.join(missing[0])}",
            hint="Correct seeds/reporting, then run dbt build.",
        )


def _columns_of(question: Wanted) -> Iterator[str]:
    yield from question.fields["query"]["fields"]
    yield from (column for _, column, _ in question.fields["query"].get("filters", ()))


def _provisioning(state: State, ledger: Ledger, sources: Sources, metadata: Metadata, choices: Choices) -> Provisioning:
    return Provisioning(state, ledger, sources.objects, metadata, choices=choices, expected_columns=sources.columns)


def _metadata(settings: Settings, manifest: Path | None) -> Metadata:
    return Metadata(
        manifest or settings.system.manifest,
        settings.metabase_api_key.get_secret_value() if settings.metabase_api_key else "",
    )


@contextmanager
def _opened(settings: Settings) -> Iterator[tuple[State, Ledger, list[str]]]:
    with open_metabase(settings) as client:
        warnings = check_server(client, settings.reporting_time_zone)
        password = settings.reporting_password.get_secret_value() if settings.reporting_password else ""
        with understood(), connect(settings, "publisher", autocommit=True) as connection:
            yield State(client, password), Ledger(connection, client.url), warnings


def _check_decision(settings: Settings) -> None:
    with understood(), connect(settings, "transform", autocommit=True) as connection:
        (decision,) = read_register(connection, DECISION)
    if decision.chosen != CHOICE or decision.status == "open":
        raise RefusedError(
            f"decision {DECISION} is {decision.chosen or 'not taken'} ({decision.status}), not {CHOICE}",
            hint="The reports go to Metabase by that decision only: seeds/ledger/decisions.csv.",
        )


def _print(
    command: str, settings: Settings, changes: list[Change], sources: Sources, warnings: list[Any], *, as_json: bool
) -> None:
    url = (settings.metabase_url or "").rstrip("/")
    report.show(report.document(command, url, changes, sources.catalogue, warnings), changes, as_json)
