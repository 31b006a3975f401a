"""`dtx setup`."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import psycopg
import typer

from loaders.console import print_json, print_table, stderr
from loaders.database import connect
from loaders.errors import ConfigurationError, ServiceError
from loaders.metabase.role import restrict_reader
from loaders.publish.contract import load_manifest
from loaders.publish.faults import describe
from loaders.settings import Settings, load_settings
from loaders.setup.grants import Step, grant_steps, read_targets, schema_steps
from loaders.setup.guard import check_server, check_settings
from loaders.setup.options import ConfirmOption, JsonOption, ManifestOption
from loaders.systems import PROJECT_ROOT, System


def setup_command(
    manifest: ManifestOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be done.")] = False,
    allow_source_changes: Annotated[
        bool, typer.Option("--allow-source-changes", help="Also let published rows be updated from the source.")
    ] = False,
    confirm_database: ConfirmOption = None,
    as_json: JsonOption = False,
) -> None:
    """Create the schemas and the ledger in the target, and grant each role what the publish contracts name."""
    settings = load_settings()
    check_settings(settings, settings.target_database if dry_run else confirm_database)
    if manifest is None:
        parse_if_changed(settings.system)
    path = manifest or settings.system.manifest
    steps, missing = run_setup(settings, path, dry_run=dry_run, allows_source_changes=allow_source_changes)
    if as_json:
        print_json(
            {
                "schema": "dtx.setup/1",
                "dry_run": dry_run,
                "missing_target_tables": missing,
                "grants": [
                    {"role": step.role, "privilege": step.privilege, "object": step.object_name} for step in steps
                ],
            }
        )
    else:
        _show(steps, missing, dry_run=dry_run)


def run_setup(
    settings: Settings, manifest_path: Path, *, dry_run: bool = False, allows_source_changes: bool = False
) -> tuple[list[Step], list[str]]:
    """Set the target up, or only work out the steps; harmless when done before.

    Args:
        settings: whose owner role is used.
        manifest_path: dbt's manifest.
        dry_run: change nothing.
        allows_source_changes: grant UPDATE on the columns of insert targets too.

    Returns:
        The steps, and the contracts' target tables that do not exist.

    Raises:
        RefusedError: a standby, a superuser among the roles, a missing role, or a wrong contract.
        ServiceError: the server refused a step; nothing but the ledger's own tables was changed.
    """
    manifest = load_manifest(manifest_path)
    connection = connect(settings, "owner")
    try:
        check_server(connection, settings)
        if not dry_run:
            # SQLAlchemy would take half of the start of every other verb.
            from loaders.ledger.schema import upgrade_ledger  # noqa: PLC0415

            upgrade_ledger(connection)
        targets, missing = read_targets(connection, manifest)
        steps = [
            *schema_steps(connection, settings, manifest),
            *grant_steps(connection, settings, manifest, targets, allows_source_changes=allows_source_changes),
        ]
        if not dry_run:
            _execute(connection, steps)
            if settings.system.has_reporting and settings.reporting_password is not None:
                restrict_reader(settings)
        return steps, missing
    finally:
        connection.rollback()
        connection.close()


def _execute(connection: psycopg.Connection, steps: Iterable[Step]) -> None:
    for step in steps:
        try:
            connection.execute(step.statement)
        except psycopg.Error as error:
            raise ServiceError(
                f"cannot give {step.role} {step.privilege} on {step.object_name} ({describe(error)})",
                hint="The owner role must be a member of the role that owns the application's tables and of the "
                "transform role, and may CREATE in the database.",
            ) from None
    connection.commit()


def parse_if_changed(system: System) -> None:
    """Bring the manifest up to date: what is new in the project would have neither schema nor privileges.

    Args:
        system: whose manifest.

    Raises:
        ConfigurationError: dbt cannot parse the project.
    """
    project = system.project
    sources = [project / "dbt_project.yml", *(project / "models").rglob("*"), *(PROJECT_ROOT / "macros").rglob("*")]
    parsed_at = system.manifest.stat().st_mtime if system.manifest.is_file() else 0.0
    if parsed_at > max(source.stat().st_mtime for source in sources):
        return
    stderr.print("dbt's manifest is missing or older than its project: running dbt parse")
    dbt = Path(sys.executable).with_name("dbt")
    options: list[str | Path] = ["--quiet", "--project-dir", project, "--profiles-dir", project]
    result = subprocess.run([dbt, "parse", *options], check=False, stdout=sys.stderr)
    if result.returncode:
        raise ConfigurationError(
            f"dbt parse ended with {result.returncode}; its messages are above",
            hint="Correct the project, or give a manifest by --manifest.",
        )


def _show(steps: Iterable[Step], missing: list[str], *, dry_run: bool) -> None:
    print_table(
        "Would be done" if dry_run else "Done",
        ("role", "may", "on"),
        [(step.role, step.privilege, step.object_name) for step in steps],
    )
    if missing:
        print_table("Target tables that do not exist", ("table",), [(table,) for table in missing])
