"""`dtx metabase exposures`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from loaders.console import print_json, print_table, stdout
from loaders.database import connect
from loaders.errors import ConfigurationError, ExitCode
from loaders.metabase.catalogue import Catalogue
from loaders.metabase.definitions import read_reports, understood
from loaders.metabase.exposures import Owner, Usage, exposures_text
from loaders.output_file import writing
from loaders.settings import PROJECT_ROOT, Settings, load_settings
from loaders.setup.options import JsonOption

SCHEMA = "dtx.metabase_exposures/1"
REPORTS = PROJECT_ROOT / "dbt_project" / "models" / "exposures" / "reports.yml"


def exposures_command(
    check: Annotated[
        bool, typer.Option("--check", help="Only say whether the file is what the catalogue says.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Write a dbt exposure for each legacy report that is not described by hand.

    Exit code 1: with --check, the file is not what the catalogue says.
    """
    document, text = compare(load_settings(), REPORTS)
    if not check:
        write(REPORTS, text)
    if as_json:
        print_json(document | {"written": not check})
    else:
        _show(document, check=check)
    raise typer.Exit(ExitCode.LOSS if check and not document["is_current"] else ExitCode.CLEAN)


def compare(settings: Settings, path: Path) -> tuple[dict[str, Any], str]:
    """Hold the file against the catalogue.

    Args:
        settings: whose transform role is used.
        path: the file of exposures; one that is not there has none.

    Returns:
        The document `dtx.metabase_exposures/1`: the exposures added, removed and changed by writing the file; and the
        text that the file must have.

    Raises:
        ConfigurationError: the catalogue has not been built, or a category has no owner.
        ServiceError: the server is out of reach or a query failed.
    """
    catalogue, owners, usage = _read(settings)
    try:
        text = exposures_text(catalogue, owners, usage)
    except LookupError as error:
        raise ConfigurationError(
            f"the collection {error} of a report has no parent in the catalogue, or no owner",
            hint="Give each category a line in seeds/reporting/report_owners.csv, then run dbt build.",
        ) from None
    before = path.read_text(encoding="utf-8") if path.is_file() else ""
    old, new = _by_name(before), _by_name(text)
    document = {
        "schema": SCHEMA,
        "file": str(path.relative_to(PROJECT_ROOT) if path.is_relative_to(PROJECT_ROOT) else path),
        "is_current": before == text,
        "exposures": len(new),
        "added": sorted(new.keys() - old.keys()),
        "removed": sorted(old.keys() - new.keys()),
        "changed": sorted(name for name in old.keys() & new.keys() if old[name] != new[name]),
    }
    return document, text


def write(path: Path, text: str) -> None:
    """Write the file.

    Raises:
        ConfigurationError: it cannot be written.
    """
    with writing(path, hint="Run this in a checkout of the project."):
        path.write_text(text, encoding="utf-8")


def _read(settings: Settings) -> tuple[Catalogue, dict[str, Owner], dict[int, Usage]]:
    with understood(), connect(settings, "transform", autocommit=True) as connection:
        catalogue = read_reports(connection)
        owners = {
            key: Owner(name, email)
            for key, name, email in connection.execute(
                "select collection_key, owner_name, owner_email from migration_seeds.report_owners"
            )
        }
        usage = {
            report_id: Usage(runs, users)
            for report_id, runs, users in connection.execute(
                "select report_id, row_count, user_count from migration_preflight.pre_dtx1__report_usage"
            )
        }
    return catalogue, owners, usage


def _by_name(text: str) -> dict[str, Any]:
    try:
        return {each["name"]: each for each in yaml.safe_load(text)["exposures"]}
    except (yaml.YAMLError, KeyError, TypeError):
        # Not there, or spoilt by hand or by a merge: then every exposure is a new one.
        return {}


def _show(document: dict[str, Any], *, check: bool) -> None:
    changes = [(change, name) for change in ("added", "removed", "changed") for name in document[change]]
    if changes:
        print_table("Exposures" + (" that differ" if check else ""), ("change", "exposure"), changes)
    if document["is_current"]:
        stdout.print(f"{document['file']}: {document['exposures']} exposures, as the catalogue says")
    elif check:
        stdout.print(
            f"{document['file']} is not what the catalogue says: run dtx metabase exposures and commit the file"
        )
    else:
        stdout.print(f"{document['file']}: {document['exposures']} exposures written")
