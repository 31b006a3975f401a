"""Everything a preflight looks at, gathered without writing anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg

from loaders.database import connect, reading
from loaders.decisions.register import REGISTER, Decision, read_register
from loaders.errors import ServiceError
from loaders.preflight.expected import read_catalogue, read_mapped_columns
from loaders.preflight.models import Answer, in_order, read_answer
from loaders.preflight.source_columns import compare_source, read_source
from loaders.publish.contract import Manifest, load_manifest
from loaders.publish.engine import examine
from loaders.publish.findings import Finding
from loaders.reconcile.source_tables import read_source_tables
from loaders.settings import Settings
from loaders.systems import System

_REBUILD = "Run dbt build, then run this again."


@dataclass(frozen=True, slots=True)
class SourceCheck:
    """The legacy server's columns held against what we know; `error` where it could not be asked."""

    system: System
    tables: int
    columns: int
    findings: Sequence[Finding]
    error: ServiceError | None


@dataclass(frozen=True, slots=True)
class HeldDecision:
    """A decision, and the models that publish by it."""

    decision: Decision
    models: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Examination:
    """What a preflight found: the contracts' findings, the source's, the register of decisions, the models' answers."""

    findings: Sequence[Finding]
    source: SourceCheck
    decisions: Sequence[HeldDecision]
    answers: Sequence[Answer]

    @property
    def all_findings(self) -> list[Finding]:
        """The findings of contracts and source together."""
        return [*self.findings, *self.source.findings]

    @property
    def is_held(self) -> bool:
        """Whether anything blocks, or holds a table (exit code 3)."""
        return any(finding.effect in ("blocks", "holds") for finding in self.all_findings) or any(
            answer.effects["holds"] for answer in self.answers
        )


def examine_all(settings: Settings, manifest_path: Path, *, applies_source_changes: bool) -> Examination:
    """Hold contracts, source, decisions and data against what is there now.

    Args:
        settings: whose publisher role is used; the source is asked with the source's own account.
        manifest_path: dbt's manifest.
        applies_source_changes: as for `dtx publish`.

    Raises:
        RefusedError: there is no ledger, or a contract or a preflight model's meta is wrong.
        ConfigurationError: there is no manifest.
        ServiceError: the target is out of reach; a source out of reach is a `SourceCheck` with its error.
    """
    manifest = load_manifest(manifest_path)
    findings, _ = examine(settings, manifest, applies_source_changes=applies_source_changes)
    source = _check_source(settings, manifest)
    with (
        connect(settings, "publisher") as connection,
        reading("the preflight models", built_from="a preflight model or the register", hint="Run dbt build."),
    ):
        connection.execute("set transaction isolation level repeatable read read only")
        decisions, unread = _read_decisions(connection, manifest)
        findings = [*findings, *unread]
        faulty = {finding.model for finding in findings if finding.effect == "blocks"}
        answers = [
            read_answer(connection, model) for model in in_order(manifest.preflight_models) if model.model not in faulty
        ]
        connection.rollback()
    return Examination(findings, source, decisions, answers)


def _check_source(settings: Settings, manifest: Manifest) -> SourceCheck:
    catalogue = read_catalogue(settings.system)
    try:
        live = read_source(settings)
    except ServiceError as error:
        return SourceCheck(settings.system, 0, 0, (), error)
    known = [live[table] for table in catalogue if table in live]
    published = {contract.meta.source_table for contract in manifest.contracts}
    looked_up = {name for name, table in read_source_tables(settings.system).items() if not table.is_judged}
    findings = [
        finding
        for finding in compare_source(live, settings.system, catalogue, read_mapped_columns(settings.system), published)
        if not (finding.effect == "note" and finding.where in looked_up)
    ]
    return SourceCheck(settings.system, len(known), sum(len(table.columns) for table in known), findings, None)


def _read_decisions(connection: psycopg.Connection, manifest: Manifest) -> tuple[list[HeldDecision], list[Finding]]:
    try:
        with connection.transaction():
            register = read_register(connection)
    except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn, psycopg.errors.InvalidSchemaName):
        return [], [Finding("blocks", "", REGISTER, "the seed has not been built, or by older code", _REBUILD)]
    return [
        HeldDecision(
            decision,
            tuple(each.model for each in manifest.contracts if each.meta.decision_id == decision.decision_id),
        )
        for decision in register
    ], []
