"""`dtx reconcile`: source rows = sum of dispositions, per table, proven from the ledger and the live databases."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Annotated, NamedTuple

import psycopg
import typer
from psycopg import sql

from loaders.console import Meter, meter, stderr
from loaders.errors import ConfigurationError
from loaders.output_file import writing
from loaders.reconcile.archives import ArchivedFile, read_archived_files
from loaders.reconcile.live_source import Source, open_source
from loaders.reconcile.outcomes import Count, build_outcomes, count_outcomes, live_differences, unexplained_keys
from loaders.reconcile.report import Finding, TableReport, show, verdict
from loaders.reconcile.snapshot import one_snapshot, working_beside
from loaders.reconcile.source_keys import count_raw_rows, load_live_keys
from loaders.reconcile.source_tables import SourceTable, read_source_tables
from loaders.reconcile.target_rows import check_target_rows
from loaders.settings import Settings, load_settings
from loaders.systems import System

_WHAT_TO_DO = {
    "no_disposition": "Run `dbt build`, then `dtx publish`: the models never ruled on these rows.",
    "not_published": "Run `dtx publish` again; if they stay, their batch was lost or undone.",
    "reject_not_recorded": "Run `dtx publish` again: it records the rejects of the last build.",
    "published_against_its_disposition": "The models ruled otherwise after publishing: roll these rows back.",
    "published_but_not_in_source": "The source row is gone: decide whether its target row should go too.",
    "disposition_but_not_in_source": "Run `dbt build` and `dtx publish`: the ledger is older than the raw table.",
    "key_not_unique": "The source key is not a key: correct key_columns in source_tables.csv.",
    "not_archived": "Run `dtx archive`; where it holds another number of rows, replicate the table again first.",
    "skipped_without_decision": "Correct the model: a row is left behind by a decision, or not at all.",
}
_KEYS_SHOWN = 10


class _Load(NamedTuple):
    """A line of the raw schema's _loads."""

    as_of: str
    rows: int


class _Archive(NamedTuple):
    """Whether a table needs its archive, and the newest verified file of it."""

    is_needed: bool
    file: ArchivedFile | None


def reconcile(
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON (schema dtx.reconcile/1).")] = False,
    rows: Annotated[
        Path | None, typer.Option(help="Also write each source row's outcome to this CSV file.", dir_okay=False)
    ] = None,
) -> None:
    """Judge what became of every source row. Exit code 0: all proven; 1: loss or drift; 2: could not check."""
    reports = judge(load_settings(), rows)
    show(reports, as_json=as_json)
    if rows is not None:
        stderr.print(f"each row's outcome: {rows}")
    raise typer.Exit(verdict(reports))


def judge(settings: Settings, rows: Path | None = None) -> list[TableReport]:
    """Check every table of the catalogue, in one snapshot; writes nothing to the databases.

    Args:
        settings: whose source account and transform role are used.
        rows: a CSV file to write each source row's outcome to.

    Raises:
        ConfigurationError: a replicated table is not in the catalogue, or the CSV file cannot be written.
        ServiceError: a server is out of reach.
    """
    with open_source(settings) as source, one_snapshot(settings) as (target, beside):
        loads = _read_loads(target, settings.system)
        tables = _judged_tables(settings.system, loads)
        archived = read_archived_files(target, settings.system.name)
        archives = {name: _Archive(settings.system.is_archived, archived.get(name)) for name in tables}
        if rows is not None:
            with writing(rows, hint="Give a file in a folder that exists by --rows."):
                rows.write_text("source_table,source_key,disposition,reason_code\n", encoding="utf-8")
        with working_beside(beside) as worker:
            # The target is held against the ledger there while the ledger is held against the source here.
            checks = {name: worker.submit(check_target_rows, beside, tables[name]) for name in loads if name in tables}
            reports = []
            for name in checks:
                reports.append(_check(target, source, tables[name], loads[name], archives[name]))
                if rows is not None:
                    _append_rows(target, name, rows)
            with meter("reading the target back", len(reports), "tables") as progress:
                reports = [_with_target_rows(report, checks[report.table], progress) for report in reports]
    return [*reports, *(_not_replicated(tables[name], archives[name]) for name in tables if name not in loads)]


def _judged_tables(system: System, loads: dict[str, _Load]) -> dict[str, SourceTable]:
    tables = read_source_tables(system)
    for name in loads:
        if name not in tables:
            raise ConfigurationError(
                f"table {name} was replicated but is not in {system.seeds_name}/ledger/source_tables.csv",
                hint="Add its line, with its key columns, or deselect it in meltano.yml.",
            )
    return {name: table for name, table in tables.items() if table.is_judged}


def _read_loads(target: psycopg.Connection, system: System) -> dict[str, _Load]:
    """Each replicated table's last load."""
    rows = target.execute(
        sql.SQL("""
            select distinct on (source_table) source_table, as_of::text, row_count
            from {}
            order by source_table, loaded_at desc
        """).format(sql.Identifier(system.raw_schema, "_loads"))
    ).fetchall()
    return {name: _Load(as_of, row_count) for name, as_of, row_count in rows}


def _not_replicated(table: SourceTable, archive: _Archive) -> TableReport:
    finding = Finding("not_replicated", 0, (), "Select it in meltano.yml and run `meltano run migrate`.")
    findings = (finding, *_archive_findings(archive, None))
    return TableReport(table.system, table.name, "", 0, 0, (), findings, archive.file)


def _archive_findings(archive: _Archive, source_rows: int | None) -> list[Finding]:
    """Every table of a system that is archived needs its archive, whatever becomes of its rows."""
    archived = archive.file
    if not archive.is_needed:
        return []
    if archived is None:
        return [
            Finding("archive_missing", source_rows or 0, (), "Run `dtx archive`; `dtx archive verify` may say more.")
        ]
    if source_rows is not None and archived.rows != source_rows:
        what_to_do = "The source changed between the load and the archive: run `meltano run migrate` again."
        return [Finding("archive_differs", abs(archived.rows - source_rows), (), what_to_do)]
    return []


def _check(
    target: psycopg.Connection,
    source: Source,
    table: SourceTable,
    load: _Load,
    archive: _Archive,
) -> TableReport:
    """Everything but the target's rows."""
    archived = archive.file
    source_rows = count_raw_rows(target, table)
    load_live_keys(source, target, table, source_rows)
    build_outcomes(target, table, is_archived=archived is not None and archived.rows == source_rows)
    counts = count_outcomes(target)
    findings = [
        Finding(reason, _rows(counts, reason), keys, _WHAT_TO_DO[reason])
        for reason, keys in _group(unexplained_keys(target, _KEYS_SHOWN)).items()
    ]
    findings.extend(_archive_findings(archive, source_rows))
    if source_rows != load.rows:
        findings.append(
            Finding("raw_table_changed_since_its_load", abs(source_rows - load.rows), (), "Replicate the table again.")
        )
    findings.extend(
        Finding(what, rows, tuple(keys), "Run `meltano run migrate` again.")
        for what, rows, keys in live_differences(target)
    )
    return TableReport(table.system, table.name, load.as_of, source_rows, 0, tuple(counts), tuple(findings), archived)


def _with_target_rows(report: TableReport, check: Future[tuple[int, list[Finding]]], progress: Meter) -> TableReport:
    checked, findings = check.result()
    progress.advance()
    return replace(report, checked_target_rows=checked, findings=(*report.findings, *findings))


def _rows(counts: list[Count], reason: str) -> int:
    return sum(count.rows for count in counts if count.disposition == "unexplained" and count.reason_code == reason)


def _group(pairs: list[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    grouped: dict[str, tuple[str, ...]] = {}
    for reason, key in pairs:
        grouped[reason] = (*grouped.get(reason, ()), key)
    return grouped


def _append_rows(target: psycopg.Connection, table: str, path: Path) -> None:
    query = sql.SQL(
        "copy (select {}, source_key, disposition, reason_code from outcome where disposition is not null order by 2) "
        "to stdout (format csv)"
    ).format(sql.Literal(table))
    with path.open("ab") as file, target.cursor().copy(query) as copy:
        for chunk in copy:
            file.write(bytes(chunk))
