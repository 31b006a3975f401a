"""All models frozen, judged and counted at one moment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import psycopg
from psycopg import IsolationLevel

from loaders.console import stderr
from loaders.publish.build import build_findings
from loaders.publish.catalogue import Table
from loaders.publish.contract import Manifest, Relation
from loaders.publish.drift import freeze_drift
from loaders.publish.findings import Finding
from loaders.publish.frozen import FrozenModel, find_targets, freeze_pending
from loaders.publish.gates import run_gates
from loaders.publish.holds import preflight_holds
from loaders.publish.preflight import check_keys, check_narrowed, gate_findings
from loaders.publish.report import ModelReport, start_report

# All rows of a model are sorted and hashed at once. Left to its estimates PostgreSQL takes the hashes for cheap, and
# computes them with one process.
_FREEZE_SETTINGS = "set local work_mem = '64MB'; set local parallel_tuple_cost = 0"


@contextmanager
def one_snapshot(connection: psycopg.Connection) -> Iterator[None]:
    """A transaction whose statements all see the same moment; rolled back unless it was committed inside."""
    connection.isolation_level = IsolationLevel.REPEATABLE_READ
    try:
        yield
    finally:
        if not connection.closed:
            connection.rollback()
            connection.isolation_level = None


def frozen_models(manifest: Manifest, targets: Mapping[str, Table], schema: str, prefix: str) -> list[FrozenModel]:
    """The contracts with their target tables, and names for their frozen tables."""
    return [
        FrozenModel(contract, targets[contract.model], schema, f"{prefix}_{number:02}")
        for number, contract in enumerate(manifest.contracts, 1)
    ]


def inputs(manifest: Manifest) -> list[Relation]:
    """Every relation that a publish reads from dbt."""
    return [
        *(contract.relation for contract in manifest.contracts),
        *(ledger_model.relation for ledger_model in manifest.ledger_models),
        *(preflight_model.relation for preflight_model in manifest.preflight_models),
    ]


def built_findings(connection: psycopg.Connection, manifest: Manifest) -> list[Finding]:
    """Findings of what dbt built: whether it may be frozen at all, and which models its answers hold."""
    blocking = list(build_findings(connection, manifest))
    return blocking or list(preflight_holds(connection, manifest))


def freeze(
    connection: psycopg.Connection, models: Sequence[FrozenModel], findings: Sequence[Finding]
) -> tuple[list[ModelReport], list[Finding]]:
    """Freeze the models, run their gates, and count.

    Args:
        connection: in `one_snapshot`, the inputs locked.
        models: from `frozen_models`.
        findings: so far; those that hold a model mark its report.

    Returns:
        A report for each model, nothing published yet; and the findings of the rows.
    """
    connection.execute(_FREEZE_SETTINGS)
    held = {finding.model: finding for finding in reversed(findings) if finding.effect == "holds"}
    reports: list[ModelReport] = []
    found: list[Finding] = []
    expected: list[FrozenModel] = []
    for frozen in models:
        stderr.print(f"freezing {frozen.contract.model}", soft_wrap=True)
        pending_differ = freeze_pending(connection, frozen)
        report = start_report(connection, frozen)
        # A row may also share its key with one that is published, and not pending any more.
        keys_differ = pending_differ and not report.already_there
        key_findings = check_keys(connection, frozen, keys_differ=keys_differ)
        found += key_findings
        if not key_findings:
            find_targets(connection, frozen)
            run_gates(connection, frozen, expected)
            found += gate_findings(connection, frozen) + check_narrowed(connection, frozen)
        freeze_drift(connection, frozen)
        report.count_rejected(connection, frozen)
        report.count_drift(connection, frozen.drifted)
        report.hold(held.get(frozen.contract.model))
        reports.append(report)
        expected += [] if report.is_held else [frozen]
    return reports, found
