"""A publish run from preflight to report, and its rehearsal that writes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import psycopg
from psycopg import sql

from loaders.database import connect
from loaders.errors import RefusedError, ServiceError
from loaders.failpoints import failpoint
from loaders.publish.contract import Manifest
from loaders.publish.dispositions import recording_dispositions
from loaders.publish.drift import freeze_changes
from loaders.publish.faults import describe
from loaders.publish.findings import Finding, refuse_if_blocked
from loaders.publish.frozen import (
    FROZEN_SCHEMA,
    TEMPORARY_SCHEMA,
    FrozenModel,
    create_marker,
    discard_rejected,
    drop_frozen,
    find_targets,
    lock_inputs,
)
from loaders.publish.gates import run_gates
from loaders.publish.interrupt import Interrupt
from loaders.publish.preflight import check_catalogue
from loaders.publish.publisher import Publisher
from loaders.publish.query import count_rows, only_row
from loaders.publish.records import drop_stale_rejects, record_drift, record_ledger_model, record_rejects
from loaders.publish.report import ModelReport, PublishReport, model_reports
from loaders.publish.runs import writing_run
from loaders.publish.session import WriterSession
from loaders.publish.snapshot import built_findings, freeze, frozen_models, inputs, one_snapshot
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
        All findings; and what a publish would do, or None when one of the catalogue or of the build blocks.

    Raises:
        RefusedError: there is no ledger.
        ServiceError: the server is out of reach or a query failed.
    """
    connection = connect(settings, "publisher")
    try:
        require_ledger(connection)
        targets, findings = check_catalogue(
            connection, settings.system, manifest, applies_source_changes=applies_source_changes
        )
        connection.rollback()
        if any(finding.effect == "blocks" for finding in findings):
            return findings, None
        models = frozen_models(manifest, targets, TEMPORARY_SCHEMA, "dtx")
        with one_snapshot(connection):
            lock_inputs(connection, inputs(manifest))
            findings += built_findings(connection, manifest)
            if any(finding.effect == "blocks" for finding in findings):
                return findings, None
            reports, found = freeze(connection, models, findings)
            for frozen, report in zip(models, reports, strict=True):
                if report.is_held:
                    continue
                if applies_source_changes:
                    changes = freeze_changes(connection, frozen)
                    run_gates(connection, changes)
                    discard_rejected(connection, changes)
                    report.expect_applied(count_rows(connection, changes.pending))
                report.expect_published()
        return findings + found, PublishReport(None, reports)
    except psycopg.Error as error:
        raise ServiceError(f"the preflight failed with {describe(error)}; nothing was written") from None
    finally:
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
        RefusedError: the preflight blocks, another writer holds the lock or has taken the lease.
        LossError: the target stores other values than were published.
        ServiceError: the server is out of reach or failed for longer than the retries last.
        KeyboardInterrupt: `interrupt` asked; all committed batches stay.
    """
    session = WriterSession(lambda: connect(settings, "publisher"), interrupt)
    reports: list[ModelReport] = []
    try:
        require_ledger(session.connection)
        session.lock()
        targets, findings = check_catalogue(
            session.connection, settings.system, manifest, applies_source_changes=applies_source_changes
        )
        session.connection.rollback()
        refuse_if_blocked(findings)
        with writing_run(session, "publish", lambda: model_reports(reports)) as run_id:
            failpoint("publish.lease_taken")
            models = frozen_models(manifest, targets, FROZEN_SCHEMA, f"run_{run_id}")
            try:
                reports += _freeze_and_record(session, manifest, models, findings)
                failpoint("publish.frozen")
                for frozen, report in zip(models, reports, strict=True):
                    _publish_model(
                        session,
                        frozen,
                        report,
                        writers=settings.publish_writers,
                        applies_source_changes=applies_source_changes,
                    )
            finally:
                # What cannot be dropped now, the next run drops.
                with suppress(psycopg.Error):
                    session.connection.rollback()
                    drop_frozen(session.connection, run_id)
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
    (ledger,) = only_row(connection.execute("select to_regclass('migration.build')"))
    connection.rollback()
    if ledger is None:
        raise RefusedError("the ledger (schema migration) is missing or too old", hint="Run dtx setup.")


def _freeze_and_record(
    session: WriterSession, manifest: Manifest, models: Sequence[FrozenModel], findings: Sequence[Finding]
) -> list[ModelReport]:
    """Freeze all models and write what they and the gates decided, in one transaction.

    Raises:
        RefusedError: dbt is in mid-run, or a finding of the rows blocks; everything of it is rolled back.
    """
    connection, run_id = session.connection, session.run_id
    drop_frozen(connection)
    with one_snapshot(connection):
        lock_inputs(connection, inputs(manifest))
        session.hold_lease()
        built = built_findings(connection, manifest)
        refuse_if_blocked(built)
        dispositions = [model for model in manifest.ledger_models if model.kind == "disposition"]
        with recording_dispositions(session, dispositions) as end_recording:
            reports, found = freeze(connection, models, [*findings, *built])
            refuse_if_blocked(found)
            end_recording()
        session.watch_frozen(create_marker(connection, run_id))
        for ledger_model in manifest.ledger_models:
            if ledger_model.kind == "reject":
                record_ledger_model(connection, ledger_model, run_id)
        drop_stale_rejects(connection, models)
        for frozen in models:
            record_rejects(connection, frozen, run_id, frozen.rejected)
            discard_rejected(connection, frozen)
        connection.commit()
    return reports


def _publish_model(
    session: WriterSession, frozen: FrozenModel, report: ModelReport, *, writers: int, applies_source_changes: bool
) -> None:
    session.interrupt.check()
    if not report.is_held and frozen.contract.meta.resolve is not None:
        _resolve(session, frozen, report)
    if not report.is_held:
        Publisher(session, frozen, report, writers=writers).run()
        if applies_source_changes and report.drift["source_changed"]:
            changes = freeze_changes(session.connection, frozen)
            run_gates(session.connection, changes)
            discard_rejected(session.connection, changes)
            session.connection.commit()
            Publisher(session, changes, report, writers=1).run()
        report.close()
    report.count_drift(session.connection, record_drift(session.connection, frozen, session.run_id))
    session.connection.commit()


def _resolve(session: WriterSession, frozen: FrozenModel, report: ModelReport) -> None:
    """Look up the parents that earlier models have published by now, and reject the rows whose parents were not."""
    connection = session.connection
    session.hold_lease()
    connection.execute(sql.SQL("truncate {}").format(frozen.rejected))
    find_targets(connection, frozen)
    run_gates(connection, frozen)
    record_rejects(connection, frozen, session.run_id, frozen.rejected)
    report.count_rejected(connection, frozen)
    discard_rejected(connection, frozen)
    connection.commit()
    report.hold(None)
