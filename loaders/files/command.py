"""`dtx files` and `dtx files verify`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import psycopg
import typer

from loaders.console import meter, stderr
from loaders.database import connect
from loaders.errors import ConfigurationError, ExitCode, ServiceError
from loaders.files import ledger as ledgers
from loaders.files import report
from loaders.files.connection import S3
from loaders.files.crew import start_crew
from loaders.files.limiter import Limiter
from loaders.files.model import DEFAULT_MANIFEST, FilesModel, load_models
from loaders.files.options import Options
from loaders.files.plan import Plan, count_plan, drifted_keys, freeze
from loaders.files.run import Progress, Run
from loaders.files.stop import Stop
from loaders.settings import Settings, load_settings
from loaders.setup.guard import check_server, check_settings
from loaders.setup.options import ConfirmOption

app = typer.Typer(no_args_is_help=False)

Manifest = Annotated[Path, typer.Option(help="dbt's manifest.json.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on stdout instead of tables.")]


@app.callback(invoke_without_command=True)
def files(
    context: typer.Context,
    manifest: Manifest = DEFAULT_MANIFEST,
    dry_run: Annotated[bool, typer.Option(help="Look at every file and say what would happen; write nothing.")] = False,
    confirm_database: ConfirmOption = None,
    as_json: AsJson = False,
) -> None:
    """Move files from EFS to S3 and prove their stored bytes; run it again to go on or to try rejects again."""
    if context.invoked_subcommand is not None:
        return
    settings = load_settings()
    check_settings(settings, settings.target_database if dry_run else confirm_database)
    models = load_models(manifest)
    raise typer.Exit(preview(settings, models, as_json) if dry_run else transfer(settings, models, as_json))


@app.command("verify")
def verify_command(
    manifest: Manifest = DEFAULT_MANIFEST, confirm_database: ConfirmOption = None, as_json: AsJson = False
) -> None:
    """Read every verified object back, hold it against the ledger, and list objects without a row."""
    settings = load_settings()
    check_settings(settings, confirm_database)  # a row whose object is gone or changed loses its verdict
    raise typer.Exit(verify(settings, load_models(manifest), as_json))


def transfer(settings: Settings, models: Sequence[FilesModel], as_json: bool) -> ExitCode:
    """Plan, move and prove every file of the models; print the report.

    Returns:
        CLEAN when every row has a verdict that is not S3's fault; LOSS when S3 failed for a file or a verified row's
        path changed; COULD_NOT_RUN when interrupted.

    Raises:
        MigrationError: see `freeze`, `S3`, `Run.work`.
    """
    entities = [model.meta.entity for model in models]
    options = Options.of(settings)
    stop = Stop()
    with (
        stop.on_signals(),
        _efs_root(settings) as root,
        _ledger_connection(settings) as connection,
        ThreadPoolExecutor(1) as aside,  # for what takes as long here as the plan does in PostgreSQL
    ):
        opened = aside.submit(S3, options)
        with stop.cancelling(connection):
            freeze(connection, models)
            plan = count_plan(connection, entities)
            drifted = drifted_keys(connection, report.LISTED)
        s3 = opened.result()
        _check_mounted(settings, plan)
        with start_crew(options, root=root, s3=s3, files=plan.to_do, stop=stop) as crew:
            asked = aside.submit(s3.check_bucket)
            with stop.cancelling(connection):
                ledger = ledgers.Ledger(connection)
            state, progress = "failed", Progress()
            try:
                asked.result()
                with meter("files", plan.to_do, "files") as shown:
                    progress = Run(ledger, crew, stop, shown).work()
                state = "interrupted" if progress.interrupted else "succeeded"
            finally:
                ledger.end(state, asdict(progress))
        sums = ledgers.sums(connection, entities)
        duplicates = ledgers.duplicates(connection, entities)
    document = {
        "schema": report.SCHEMA,
        "command": "transfer",
        "run_id": ledger.run_id,
        "state": state,
        "plan": asdict(plan),
        "drifted": drifted,
        "transfer": asdict(progress),
        "files": [asdict(line) for line in sums],
        "duplicates": asdict(duplicates),
    }
    report.print_transfer(document, as_json)
    if progress.interrupted:
        stderr.print("interrupted: every verdict so far is recorded; run `dtx files` again to go on from there")
        return ExitCode.COULD_NOT_RUN
    failed = any(line.reason_code == "file_failed" for line in sums)
    return ExitCode.LOSS if failed or plan.drifted else ExitCode.CLEAN


def preview(settings: Settings, models: Sequence[FilesModel], as_json: bool) -> ExitCode:
    """Look at every file that has no verified object and print what a run would do; nothing is written."""
    from loaders.files.survey import survey  # noqa: PLC0415 - see loaders.cli.Verbs

    stop = Stop()
    with (
        stop.on_signals(),
        _efs_root(settings) as root,
        _ledger_connection(settings) as connection,
        stop.cancelling(connection),
        connection.transaction(force_rollback=True),
    ):
        freeze(connection, models)
        plan = count_plan(connection, [model.meta.entity for model in models])
        drifted = drifted_keys(connection, report.LISTED)
        _check_mounted(settings, plan)
        with meter("files", plan.to_do, "files") as shown:
            seen = survey(connection, root, settings.files_workers, stop, shown)
    report.print_preview(report.preview_document(plan, drifted, seen), as_json)
    if stop.is_set():
        return ExitCode.COULD_NOT_RUN
    return ExitCode.LOSS if plan.drifted else ExitCode.CLEAN


def verify(settings: Settings, models: Sequence[FilesModel], as_json: bool) -> ExitCode:
    """Hold S3 against the ledger and print the report.

    Returns:
        CLEAN; LOSS when an object vanished or changed, cannot be read, or has no row; COULD_NOT_RUN when interrupted.

    Raises:
        MigrationError: see `S3`.
    """
    from loaders.files.verify import Reading, list_without_row, verify_objects  # noqa: PLC0415 - see loaders.cli.Verbs

    entities = [model.meta.entity for model in models]
    options = Options.of(settings)
    stop = Stop()
    with stop.on_signals(), _ledger_connection(settings) as connection:
        s3 = S3(options)
        s3.check_bucket()
        total = sum(line.files for line in ledgers.sums(connection, entities) if line.state == "verified")
        reading = Reading(options, s3, Limiter(options.files_per_second, options.bytes_per_second, stop), stop)
        with meter("objects", total, "objects") as shown:
            findings = verify_objects(
                connection, entities, reading, workers=settings.files_workers, stop=stop, meter=shown
            )
        if not findings.interrupted:
            list_without_row(connection, s3.client(), settings.s3_bucket, entities, findings)
    report.print_verify(report.verify_document(findings), as_json)
    if findings.interrupted:
        return ExitCode.COULD_NOT_RUN
    return ExitCode.CLEAN if findings.clean else ExitCode.LOSS


@contextmanager
def _efs_root(settings: Settings) -> Iterator[int]:
    try:
        root = os.open(settings.efs_root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise ConfigurationError(
            f"the folder of DTX_EFS_ROOT cannot be opened ({os.strerror(error.errno or 0)})",
            hint="Is EFS mounted, and may this user read it?",
        ) from None
    try:
        yield root
    finally:
        os.close(root)


def _check_mounted(settings: Settings, plan: Plan) -> None:
    """An unmounted EFS is an empty folder, and would make every file `file_missing`."""
    with os.scandir(settings.efs_root) as entries:
        if plan.to_do and next(entries, None) is None:
            raise ConfigurationError(
                "the folder of DTX_EFS_ROOT is empty", hint="Is EFS mounted there? Nothing was planned."
            )


@contextmanager
def _ledger_connection(settings: Settings) -> Iterator[psycopg.Connection]:
    try:
        with connect(settings, "publisher", autocommit=True) as connection:
            check_server(connection, settings)
            yield connection
    except (psycopg.OperationalError, psycopg.errors.InsufficientPrivilege, psycopg.errors.UndefinedTable) as error:
        raise ServiceError(
            f"the ledger failed (SQLSTATE {error.sqlstate or 'none: the connection was lost'})",
            hint="Verdicts recorded so far hold; see that `dtx setup` ran and PostgreSQL is up, then run this again.",
        ) from None
