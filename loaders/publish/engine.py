"""A publish run from preflight to report, and its rehearsal that writes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress

import psycopg
from psycopg import IsolationLevel

from loaders.console import stderr
from loaders.database import connect
from loaders.errors import MigrationError, RefusedError, ServiceError
from loaders.failpoints import failpoint
from loaders.publish.catalogue import Table
from loaders.publish.contract import Manifest, Relation
from loaders.publish.faults import describe
from loaders.publish.findings import Finding, refuse_if_blocked
from loaders.publish.frozen import (
    FROZEN_SCHEMA,
    TEMPORARY_SCHEMA,
    FrozenModel,
    create_marker,
    drop_frozen_tables,
    freeze_changes,
    freeze_drift,
    freeze_pending,
    lock_inputs,
)
from loaders.publish.gates import run_gates
from loaders.publish.interrupt import Interrupt
from loaders.publish.preflight import check_catalogue, check_keys, check_narrowed, gate_findings
from loaders.publish.publisher import Publisher
from loaders.publish.records import drop_stale_rejects, record_drift, record_ledger_model, record_rejects
from loaders.publish.report import ModelReport, PublishReport, count_drift, model_reports, start_report
from loaders.publish.runs import RunState, finish_run, start_run
from loaders.publish.session import WriterSession
from loaders.settings import Settings


def examine(
    settings: Settings, manifest: Manifest, *, applies_source_changes: bool = False
) -> tuple[list[Finding], PublishReport | None]:
    """Preflight and dry run in one: all that a publish would look at, in a transaction that is rolled back (P12).

    Args:
        settings: whose publisher role is used.
        manifest: the contracts.
        applies_source_changes: as for `publish`.

    Returns:
        All findings; and what a publish would do, or None when a finding of the catalogue blocks.
    """
    connection = connect(settings, "publisher")
    try:
        require_ledger(connection)
        targets, findings = check_catalogue(connection, manifest, applies_source_changes=applies_source_changes)
        connection.rollback()
        if any(finding.effect == "blocks" for finding in findings):
            return findings, None
        models = _models(manifest, targets, TEMPORARY_SCHEMA, "dtx")
        row_findings, reports = _freeze(connection, manifest, models, findings)
        for report in reports:
            if report.state == "nothing to do" and report.left:
                _count_as_done(report)
        return findings + row_findings, PublishReport(None, reports)
    except psycopg.Error as error:
        raise ServiceError(f"the preflight failed with {describe(error)}; nothing was written") from None
    finally:
        connection.rollback()
        connection.close()


def publish(
    settings: Settings, manifest: Manifest, *, interrupt: Interrupt, applies_source_changes: bool = False
) -> PublishReport:
    """Publish everything that the models hold and the target lacks (P1-P11).

    Args:
        settings: whose publisher role is used.
        manifest: the contracts.
        interrupt: ends the run at a batch's edge.
        applies_source_changes: also update published rows whose source has changed and whose target has not (P7).

    Raises:
        RefusedError: the preflight blocks, another writer holds the lock or has taken it.
        LossError: the target stores other values than were published.
        ServiceError: the server is out of reach or failed for longer than the retries last.
        KeyboardInterrupt: `interrupt` asked; all committed batches stay.
    """
    session = WriterSession(lambda: connect(settings, "publisher"), interrupt)
    try:
        require_ledger(session.connection)
        session.lock()
        targets, findings = check_catalogue(session.connection, manifest, applies_source_changes=applies_source_changes)
        session.connection.rollback()
        refuse_if_blocked(findings)
        run_id = start_run(session.connection, "publish")
        session.take_lease(run_id)
        failpoint("publish.lease_taken")
        models = _models(manifest, targets, FROZEN_SCHEMA, f"run_{run_id}")
        reports: list[ModelReport] = []
        state: RunState = "failed"
        try:
            _publish_models(session, manifest, models, findings, reports, applies_source_changes=applies_source_changes)
            state = "succeeded"
        except KeyboardInterrupt:
            state = "interrupted"
            raise
        finally:
            _end(session, state, reports)
        return PublishReport(run_id, reports)
    except psycopg.Error as error:
        raise ServiceError(
            f"publishing failed with {describe(error)}; all committed batches stay",
            hint="Put that right, then run the same command again to go on where it stopped.",
        ) from None
    finally:
        session.close()


def require_ledger(connection: psycopg.Connection) -> None:
    """Refuse to go on without a ledger.

    Raises:
        RefusedError: there is none.
    """
    row = connection.execute("select to_regclass('migration.rollback_refusal')").fetchone()
    connection.rollback()
    if row is None or row[0] is None:
        raise RefusedError("the ledger (schema migration) is missing or too old", hint="Run dtx setup.")


def _publish_models(
    session: WriterSession,
    manifest: Manifest,
    models: Sequence[FrozenModel],
    findings: Sequence[Finding],
    reports: list[ModelReport],
    *,
    applies_source_changes: bool,
) -> None:
    drop_frozen_tables(session.connection)
    _, started = _freeze(session.connection, manifest, models, findings, session)
    reports += started
    failpoint("publish.frozen")
    for frozen, report in zip(models, started, strict=True):
        session.interrupt.check()
        if not (report.is_held_by_decision or report.is_over_budget):
            _publish_model(session, frozen, report, applies_source_changes)
        drift = record_drift(session.connection, frozen, session.run_id)
        report.drift = count_drift(session.connection, drift)
        session.connection.commit()


def _publish_model(
    session: WriterSession, frozen: FrozenModel, report: ModelReport, applies_source_changes: bool
) -> None:
    Publisher(session, frozen, frozen.contract.meta.mode, report).run()
    if applies_source_changes and report.drift["source_changed"]:
        changes = freeze_changes(session.connection, frozen)
        run_gates(session.connection, changes)
        session.connection.commit()
        Publisher(session, changes, "reapply", report).run()
    if report.is_over_budget:
        report.state = "stopped: reject budget spent"
    elif report.published or report.updated or report.applied:
        report.state = "published"


def _freeze(
    connection: psycopg.Connection,
    manifest: Manifest,
    models: Sequence[FrozenModel],
    findings: Sequence[Finding],
    session: WriterSession | None = None,
) -> tuple[list[Finding], list[ModelReport]]:
    """Freeze all models in one snapshot, run the gates, and with a session record what the models decided.

    Raises:
        RefusedError: with a session, when a row finding blocks; everything of it is rolled back.
    """
    connection.isolation_level = IsolationLevel.REPEATABLE_READ
    held = {finding.model: finding for finding in findings if finding.effect == "holds"}
    row_findings: list[Finding] = []
    reports: list[ModelReport] = []
    try:
        connection.execute("set local lock_timeout = '60s'")
        lock_inputs(connection, _inputs(manifest))
        for frozen in models:
            stderr.print(f"freezing {frozen.contract.model}", soft_wrap=True)
            freeze_pending(connection, frozen)
            key_findings = check_keys(connection, frozen)
            row_findings += key_findings
            if not key_findings:
                run_gates(connection, frozen)
                row_findings += gate_findings(connection, frozen) + check_narrowed(connection, frozen)
            freeze_drift(connection, frozen)
            reports.append(_hold(start_report(connection, frozen), held.get(frozen.contract.model)))
        if session is not None:
            refuse_if_blocked(row_findings)
            session.watch_frozen(create_marker(connection, session.run_id))
            _record(connection, manifest, models, session.run_id)
            connection.commit()
    finally:
        if session is not None:
            connection.rollback()
            connection.isolation_level = None
    return row_findings, reports


def _record(connection: psycopg.Connection, manifest: Manifest, models: Sequence[FrozenModel], run_id: int) -> None:
    for ledger_model in manifest.ledger_models:
        record_ledger_model(connection, ledger_model, run_id)
    drop_stale_rejects(connection, models)
    for frozen in models:
        record_rejects(connection, frozen, run_id, frozen.rejected)


def _hold(report: ModelReport, finding: Finding | None) -> ModelReport:
    if finding is not None:
        report.is_held_by_decision = True
        report.state = f"held: decision {finding.where} is open"
    elif report.spends_budget():
        report.is_over_budget = True
        report.state = "held: reject budget spent"
    return report


def _count_as_done(report: ModelReport) -> None:
    if report.contract.meta.mode == "insert":
        report.published = report.left
    else:
        report.updated = report.left
    report.state = "would be published"


def _models(manifest: Manifest, targets: Mapping[str, Table], schema: str, prefix: str) -> list[FrozenModel]:
    return [
        FrozenModel(contract, targets[contract.model], schema, f"{prefix}_{number:02}")
        for number, contract in enumerate(manifest.contracts, 1)
    ]


def _inputs(manifest: Manifest) -> list[Relation]:
    return [
        *(contract.relation for contract in manifest.contracts),
        *(ledger_model.relation for ledger_model in manifest.ledger_models),
    ]


def _end(session: WriterSession, state: RunState, reports: Sequence[ModelReport]) -> None:
    # Best effort: the next run drops the frozen tables and sees that this one has died.
    with suppress(psycopg.Error, MigrationError):
        finish_run(session.connection, session.run_id, state, model_reports(reports))
        drop_frozen_tables(session.connection)
