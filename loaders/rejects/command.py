"""`dtx rejects`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from loaders.console import print_json, stderr
from loaders.database import one_reading
from loaders.errors import ConfigurationError
from loaders.publish.contract import LedgerModel, load_manifest
from loaders.rejects.counts import RejectCount, count_rejects, read_reasons
from loaders.rejects.document import SCHEMA, reject_entry, seed_entry, show
from loaders.rejects.remedies import Remedy, merge_values, read_remedies, read_values
from loaders.rejects.seeds import read_seed_columns
from loaders.settings import Settings, load_settings
from loaders.setup.options import JsonOption, ManifestOption

DEFAULT_LIMIT = 20


def rejects_command(
    table: Annotated[str | None, typer.Option("--table", help="Only this source table.")] = None,
    reason: Annotated[str | None, typer.Option("--reason", help="Only this reason code.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many lines to list for each seed.")] = DEFAULT_LIMIT,
    manifest: ManifestOption = None,
    as_json: JsonOption = False,
) -> None:
    """List what was rejected and why, and the seed lines that would let it through; writes nothing.

    The transform stage is as of the last dbt build, the stages files and publish as of the last dtx publish.
    """
    settings = load_settings()
    path = manifest or settings.system.manifest
    document = collect_rejects(settings, path, table=table, reason=reason, limit=limit)
    for fault in document["stale_models"]:
        stderr.print(f"{fault['model']}: {fault['problem']}", markup=False, soft_wrap=True)
    if as_json:
        print_json(document)
    else:
        show(document)


def collect_rejects(
    settings: Settings,
    manifest_path: Path,
    *,
    table: str | None = None,
    reason: str | None = None,
    limit: int = DEFAULT_LIMIT,
) -> dict[str, Any]:
    """Count the rejects and work out the seed lines, in one read-only snapshot.

    Args:
        settings: whose transform role is used.
        manifest_path: dbt's manifest: it names the models of rejects, and what the seeds take.
        table: only this source table.
        reason: only this reason code.
        limit: how many lines to list for each seed.

    Returns:
        The document `dtx.rejects/1`.

    Raises:
        ConfigurationError: the models have not been built, or there is no such table or reason.
        RefusedError: a contract in the manifest is wrong.
        ServiceError: the server is out of reach or a query failed.
    """
    manifest = load_manifest(manifest_path)
    models = [model for model in manifest.ledger_models if model.kind == "reject"]
    nodes = json.loads(manifest_path.read_text())["nodes"]
    with one_reading(
        settings,
        "the rejects",
        built_from="a model of rejects, migration_seeds or the ledger",
        hint="Run dtx setup and dbt build.",
    ) as connection:
        reasons = read_reasons(connection)
        _check_name("source table", table, {model.meta.source_table for model in models})
        _check_name("reason", reason, {code for _, _, code in reasons})
        counts = [
            count
            for count in count_rejects(connection, models)
            if table in (None, count.source_table) and reason in (None, count.reason_code)
        ]
        remedies = read_remedies(connection)
        seed_files = [_seed_file(count, remedies) for count in counts]
        seeds = [
            seed_entry(
                seed_file,
                read_seed_columns(connection, nodes, seed_file),
                merge_values(
                    (remedy, read_values(connection, model.relation, remedy))
                    for remedy, model in _applicable(seed_file, remedies, counts, models)
                ),
                limit,
            )
            for seed_file in sorted(set(filter(None, seed_files)))
        ]
    return {
        "schema": SCHEMA,
        "rejects": [
            reject_entry(count, reasons, seed_file) for count, seed_file in zip(counts, seed_files, strict=True)
        ],
        "seeds": seeds,
        "stale_models": [
            {"model": model.model, "problem": manifest.stale[model.model]}
            for model in models
            if model.model in manifest.stale
        ],
    }


def _check_name(what: str, given: str | None, known: set[str]) -> None:
    if given is not None and given not in known:
        raise ConfigurationError(f"there is no {what} {given}", hint=f"There are {', '.join(sorted(known))}.")


def _is_for(remedy: Remedy, count: RejectCount) -> bool:
    return (
        count.stage == "transform"
        and (remedy.source_table, remedy.reason_code) == (count.source_table, count.reason_code)
        and remedy.column_name in (None, count.column_name)
    )


def _seed_file(count: RejectCount, remedies: Sequence[Remedy]) -> str | None:
    return next((remedy.seed_file for remedy in remedies if _is_for(remedy, count)), None)


def _applicable(
    seed_file: str, remedies: Sequence[Remedy], counts: Sequence[RejectCount], models: Sequence[LedgerModel]
) -> list[tuple[Remedy, LedgerModel]]:
    """The remedies of one seed that some of the rejects ask for, each with the model that holds those rejects."""
    by_table = {model.meta.source_table: model for model in models}
    return [
        (remedy, by_table[remedy.source_table])
        for remedy in remedies
        if remedy.seed_file == seed_file and any(_is_for(remedy, count) for count in counts)
    ]
