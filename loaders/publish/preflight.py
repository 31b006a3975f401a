"""Holds every contract against the live catalogue and its rows, in one pass, before anything is written (P3)."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
from psycopg import sql

from loaders.preflight.expected import read_replicated_columns
from loaders.preflight.raw_columns import raw_column_findings
from loaders.publish.catalogue import Column, Table, read_table
from loaders.publish.contract import LedgerModel, Manifest, PreflightModel, PublishContract
from loaders.publish.findings import Finding
from loaders.publish.frozen import FROZEN_SCHEMA, FrozenModel
from loaders.publish.privileges import privilege_findings
from loaders.publish.query import only_row, relation_sql
from loaders.systems import System

_REBUILD = "Run dbt build, then run this again."
_REMAP = "Change the model to the target's columns, run dbt build, then dtx setup."
_WIDER = {
    "int2": {"int4", "int8", "numeric"},
    "int4": {"int8", "numeric"},
    "int8": {"numeric"},
    "text": {"varchar"},
    "varchar": {"text"},
    "json": {"jsonb"},
}


def check_catalogue(
    connection: psycopg.Connection, system: System, manifest: Manifest, *, applies_source_changes: bool
) -> tuple[dict[str, Table], list[Finding]]:
    """Check all contracts against the catalogue; reads only.

    Args:
        connection: of the publisher role.
        system: whose raw layer and column maps they are.
        manifest: the contracts.
        applies_source_changes: whether rows that are published already may be updated.

    Returns:
        The target table of each model that has one, by model name; and all findings.
    """
    findings = list(_database_findings(connection))
    targets: dict[str, Table] = {}
    decisions = _decisions(connection, manifest, findings)
    for contract in manifest.contracts:
        target = read_table(connection, contract.target)
        source = read_table(connection, contract.relation)
        findings += _decision_findings(contract, decisions)
        if contract.model in manifest.stale:
            findings.append(
                Finding("blocks", contract.model, str(contract.relation), manifest.stale[contract.model], _REBUILD)
            )
        if source is None:
            findings.append(
                Finding("blocks", contract.model, str(contract.relation), "the model has not been built", _REBUILD)
            )
        if target is None:
            findings.append(
                Finding("blocks", contract.model, contract.meta.target_table, "no such table in the target", _REMAP)
            )
            continue
        targets[contract.model] = target
        findings += _target_findings(contract, target)
        findings += privilege_findings(connection, contract, target, applies_source_changes=applies_source_changes)
        if source is not None:
            findings += _source_findings(contract, source, target)
    others: list[LedgerModel | PreflightModel] = [*manifest.ledger_models, *manifest.preflight_models]
    for model in others:
        where = str(model.relation)
        if model.model in manifest.stale:
            findings.append(Finding("blocks", model.model, where, manifest.stale[model.model], _REBUILD))
        if read_table(connection, model.relation) is None:
            findings.append(Finding("blocks", model.model, where, "the model has not been built", _REBUILD))
    findings += raw_column_findings(connection, system, manifest.contracts, read_replicated_columns(system))
    return targets, findings


def check_keys(connection: psycopg.Connection, frozen: FrozenModel, *, keys_differ: bool) -> list[Finding]:
    """Keys that are NULL or doubled: such a row would be published twice, or never be found again.

    Args:
        connection: in the transaction that froze the model.
        frozen: the model.
        keys_differ: whether it is known that no two rows of the model have the same legacy key.
    """
    contract = frozen.contract
    absent = {name: "{} is null" for name in contract.key_columns if name != "target_legacy_key"}
    if contract.meta.resolve is not None:
        absent["target_id"] = "{} is null and target_legacy_key is null"
    if frozen.merges:
        absent["json_path"] = "coalesce(cardinality({0}), 0) = 0 or array_position({0}, null) is not null"
    counted = sql.SQL(", ").join(
        sql.SQL("count(*) filter (where {})").format(sql.SQL(condition).format(sql.Identifier(name)))
        for name, condition in absent.items()
    )
    counts = only_row(connection.execute(sql.SQL("select {} from {}").format(counted, frozen.pending)))
    doubled = 0
    if not keys_differ:
        (doubled,) = only_row(
            connection.execute(
                sql.SQL(
                    "select count(*) from (select from {} where legacy_key is not null group by legacy_key "
                    "having count(*) > 1) as doubled"
                ).format(relation_sql(contract.relation))
            )
        )
    faults = [
        (name, "is empty or has NULL in it" if name == "json_path" else "is NULL", rows)
        for name, rows in zip(absent, counts, strict=True)
    ]
    faults.append(("legacy_key", "names more than one row", doubled))
    return [
        Finding("blocks", contract.model, f"{contract.model}.{name}", problem, "Correct the model.", rows)
        for name, problem, rows in faults
        if rows
    ]


def gate_findings(connection: psycopg.Connection, frozen: FrozenModel) -> list[Finding]:
    """The gates' verdicts, counted; the gates have run."""
    contract = frozen.contract
    findings = []
    for stage, reason, column, sqlstate, rows in connection.execute(
        sql.SQL(
            "select stage, reason_code, column_name, sqlstate, count(*) from {} group by 1, 2, 3, 4 order by 1, 2, 3, 4"
        ).format(frozen.rejected)
    ):
        where = f"{contract.meta.target_table}.{column}"
        problem = f"{reason} ({stage}{f', SQLSTATE {sqlstate}' if sqlstate else ''})"
        findings.append(Finding("rejects", contract.model, where, problem, "dtx rejects lists the rows.", rows))
    return findings


def check_narrowed(connection: psycopg.Connection, frozen: FrozenModel) -> list[Finding]:
    """Columns whose declared length the target has undercut, where rows are too long for it: the target has changed."""
    source = read_table(connection, frozen.contract.relation)
    findings = []
    for name in frozen.contract.columns:
        declared = source.columns[name].length if source else None
        target = frozen.target.columns[name]
        if declared is None or target.length is None or declared <= target.length:
            continue
        too_long = sql.SQL("select count(*) from {} where char_length({}) > {}")
        (rows,) = only_row(connection.execute(too_long.format(frozen.pending, sql.Identifier(name), target.length)))
        findings.append(
            Finding(
                "blocks" if rows else "note",
                frozen.contract.model,
                f"{frozen.contract.meta.target_table}.{name}",
                f"is {target.display}, the model declares {source.columns[name].display if source else ''}",
                _REMAP if rows else "",
                rows,
            )
        )
    return findings


def _database_findings(connection: psycopg.Connection) -> Iterator[Finding]:
    encoding, may_freeze = only_row(
        connection.execute(
            "select getdatabaseencoding(), to_regnamespace(%(schema)s) is not null "
            "and has_schema_privilege(to_regnamespace(%(schema)s), 'CREATE')",
            {"schema": FROZEN_SCHEMA},
        )
    )
    if encoding != "UTF8":
        yield Finding("blocks", "", "database", f"its encoding is {encoding}, hashes are defined for UTF8")
    if not may_freeze:
        yield Finding("blocks", "", FROZEN_SCHEMA, "the publisher cannot create tables here", "Run dtx setup.")


def _decisions(connection: psycopg.Connection, manifest: Manifest, findings: list[Finding]) -> dict[str, str] | None:
    seed = read_table(connection, manifest.decisions)
    if seed is None or not {"decision_id", "status"} <= seed.columns.keys():
        findings.append(Finding("blocks", "", str(manifest.decisions), "the seed has not been built", _REBUILD))
        return None
    rows = connection.execute(
        sql.SQL("select decision_id, status from {}").format(relation_sql(manifest.decisions))
    ).fetchall()
    return dict(rows)


def _decision_findings(contract: PublishContract, decisions: dict[str, str] | None) -> Iterator[Finding]:
    if decisions is None:
        return
    decision_id = contract.meta.decision_id
    status = decisions.get(decision_id)
    if status is None:
        yield Finding("blocks", contract.model, decision_id, "the seed of decisions has no such decision", _REBUILD)
    elif status == "open":
        todo = "Decide in seeds/ledger/decisions.csv, then run dbt build."
        yield Finding("holds", contract.model, decision_id, "the decision is open", todo)
    elif status == "provisional":
        yield Finding("note", contract.model, decision_id, "the decision is provisional")


def _target_findings(contract: PublishContract, target: Table) -> Iterator[Finding]:
    table, model = contract.meta.target_table, contract.model
    if target.key is None:
        yield Finding("blocks", model, table, "has no primary key of one column")
    elif target.key.name in contract.columns and (contract.meta.mode != "insert" or target.sequence):
        yield Finding("blocks", model, f"{table}.{target.key.name}", "the publisher draws ids itself", _REMAP)
    elif contract.meta.mode == "insert" and target.sequence is None and target.key.name not in contract.columns:
        todo = "Let the model supply the id: a name-based UUID, the same in every run (macro legacy_uuid)."
        yield Finding("blocks", model, f"{table}.{target.key.name}", "has no sequence to draw ids from", todo)
    for name in contract.columns:
        if name not in target.columns:
            yield Finding("blocks", model, f"{table}.{name}", "no such column in the target", _REMAP)
        elif target.columns[name].is_generated:
            yield Finding("blocks", model, f"{table}.{name}", "is generated by the target", _REMAP)
        elif contract.meta.mode == "merge_json" and target.columns[name].type_name != "jsonb":
            problem = f"is {target.columns[name].display}, and only jsonb has places to merge into"
            yield Finding("blocks", model, f"{table}.{name}", problem, _REMAP)
    if contract.meta.mode == "insert":
        for column in target.columns.values():
            supplied = column.name in contract.columns or column == target.key
            if column.is_required and not column.has_default and not supplied:
                where = f"{table}.{column.name}"
                yield Finding("blocks", model, where, "is NOT NULL without a default, and not supplied", _REMAP)
    if target.has_row_security:
        yield Finding("blocks", model, table, "has row-level security: the publisher may not see every row")
    for trigger in target.triggers:
        yield Finding("note", model, table, f"trigger {trigger} fires for each row")


def _source_findings(contract: PublishContract, source: Table, target: Table) -> Iterator[Finding]:
    declared = (*contract.key_columns, *contract.columns)
    for name in declared:
        if name not in source.columns:
            yield Finding("blocks", contract.model, f"{contract.model}.{name}", "is declared but not built", _REBUILD)
    undeclared = source.columns.keys() - {*declared}
    for name in sorted(undeclared):
        yield Finding("blocks", contract.model, f"{contract.model}.{name}", "is built but not declared", _REBUILD)
    for name in contract.columns:
        given, wanted = source.columns.get(name), target.columns.get(name)
        if given is not None and wanted is not None and not _is_compatible(given, wanted):
            where = f"{contract.meta.target_table}.{name}"
            problem = f"is {wanted.display}, the model gives {given.display}"
            yield Finding("blocks", contract.model, where, problem, _REMAP)


def _is_compatible(source: Column, target: Column) -> bool:
    return source.type_name == target.type_name or target.type_name in _WIDER.get(source.type_name, ())
