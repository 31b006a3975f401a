"""The privileges of each role, worked out from the publish contracts and the live catalogue (reliability P15)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import psycopg
from psycopg import sql

from loaders.publish.catalogue import Table, read_table
from loaders.publish.contract import Manifest, PublishContract, Relation
from loaders.publish.frozen import FROZEN_SCHEMA
from loaders.publish.query import relation_sql
from loaders.publish.references import references_to
from loaders.settings import Settings

REPORTING_SCHEMA = "reporting"
_PUBLISHER_LEDGER = {
    "run": "SELECT, INSERT, UPDATE",
    "writer_lease": "SELECT, UPDATE",
    "batch": "SELECT, INSERT",
    "id_map": "SELECT, INSERT, UPDATE",
    "before_image": "SELECT, INSERT",
    "drift": "SELECT, INSERT",
    "disposition": "SELECT, INSERT, UPDATE, DELETE",
    "reject": "SELECT, INSERT, UPDATE, DELETE",
    "file_transfer": "SELECT, INSERT, UPDATE",
    "archive_object": "SELECT, INSERT, UPDATE",
    "metabase_object": "SELECT, INSERT, UPDATE, DELETE",
    "build": "SELECT",
}
_ROLLBACK_LEDGER = {
    "run": "SELECT, INSERT, UPDATE",
    "writer_lease": "SELECT, UPDATE",
    "batch": "SELECT, UPDATE",
    "id_map": "SELECT, UPDATE",
    "before_image": "SELECT",
    "rollback_refusal": "SELECT, INSERT",
}


@dataclass(frozen=True, slots=True)
class Step:
    """One statement of the set-up, and what it means: `role` may `privilege` on `object_name`."""

    role: str
    privilege: str
    object_name: str
    statement: sql.Composed


@dataclass(frozen=True, slots=True)
class Target:
    """A contract and its target table."""

    contract: PublishContract
    table: Table


def read_targets(connection: psycopg.Connection, manifest: Manifest) -> tuple[list[Target], list[str]]:
    """The contracts whose target tables exist, and the names of target tables that do not."""
    targets: list[Target] = []
    missing: list[str] = []
    for contract in manifest.contracts:
        table = read_table(connection, contract.target)
        if table is None:
            missing.append(contract.meta.target_table)
        else:
            targets.append(Target(contract, table))
    return targets, missing


def schema_steps(connection: psycopg.Connection, settings: Settings, manifest: Manifest) -> Iterator[Step]:
    """Schemas that do not exist yet."""
    existing = {name for (name,) in connection.execute("select nspname from pg_namespace")}
    system = settings.system
    needed = {
        system.raw_schema: True,
        "decoded": system.has_payloads,
        REPORTING_SCHEMA: system.has_reporting,
    } | dict.fromkeys(manifest.schemas, True)
    for schema, is_needed in needed.items():
        if is_needed and schema not in existing:
            create = sql.SQL("create schema if not exists {} authorization {}").format(
                sql.Identifier(schema), sql.Identifier(settings.target_user)
            )
            yield Step(settings.target_user, "OWNS", f"schema {schema}", create)
    if FROZEN_SCHEMA not in existing:
        create = sql.SQL("create schema if not exists {}").format(sql.Identifier(FROZEN_SCHEMA))
        yield Step(settings.owner_user, "OWNS", f"schema {FROZEN_SCHEMA}", create)


def grant_steps(
    connection: psycopg.Connection,
    settings: Settings,
    manifest: Manifest,
    targets: Iterable[Target],
    *,
    allows_source_changes: bool,
) -> Iterator[Step]:
    """Revocations of whatever the roles have on the application and the ledger, then each grant.

    Args:
        connection: of the owner role.
        settings: whose users the roles are.
        manifest: the contracts.
        targets: the contracts' tables.
        allows_source_changes: whether published rows may be updated from the source (P7).
    """
    targets = list(targets)
    application = sorted({"public", *(target.contract.target.schema for target in targets)})
    for name in ("publisher", "rollback", "reporting"):
        if (role := settings.roles.get(name)) is None:
            continue
        for schema in (*application, "migration"):
            for kind in ("tables", "sequences"):
                yield _revoke(role, kind, schema)
    yield from _transform_steps(settings, application)
    yield from _publisher_steps(settings, manifest, application)
    yield from _rollback_steps(settings, application)
    if "reporting" in settings.roles:
        yield from _reporting_steps(settings)
    yield from _target_steps(connection, settings, targets, allows_source_changes=allows_source_changes)


def _transform_steps(settings: Settings, application: Iterable[str]) -> Iterator[Step]:
    for schema in (*application, "migration"):
        yield _grant(settings.target_user, "USAGE", "schema", sql.Identifier(schema), schema)
        yield _grant(settings.target_user, "SELECT", "all tables in schema", sql.Identifier(schema), schema)
    # dbt's hooks say when a run begins and ends.
    yield _grant_on_table(settings.target_user, "INSERT, UPDATE", Relation("migration", "build"))


def _publisher_steps(settings: Settings, manifest: Manifest, application: Iterable[str]) -> Iterator[Step]:
    role = settings.publisher_user
    for schema in (*application, "migration", FROZEN_SCHEMA, *manifest.schemas):
        yield _grant(role, "USAGE", "schema", sql.Identifier(schema), schema)
    yield _grant(role, "CREATE", "schema", sql.Identifier(FROZEN_SCHEMA), FROZEN_SCHEMA)
    for schema in manifest.schemas:
        yield _grant(role, "SELECT", "all tables in schema", sql.Identifier(schema), schema)
        yield _grant_on_later_tables(settings, role, schema)
    for table, privileges in _PUBLISHER_LEDGER.items():
        yield _grant_on_table(role, privileges, Relation("migration", table))


def _rollback_steps(settings: Settings, application: Iterable[str]) -> Iterator[Step]:
    for schema in (*application, "migration"):
        yield _grant(settings.rollback_user, "USAGE", "schema", sql.Identifier(schema), schema)
    for table, privileges in _ROLLBACK_LEDGER.items():
        yield _grant_on_table(settings.rollback_user, privileges, Relation("migration", table))


def _reporting_steps(settings: Settings) -> Iterator[Step]:
    """Metabase's role reads the reporting schema; dbt makes its tables anew, so that later ones count."""
    role, schema = settings.reporting_user, REPORTING_SCHEMA
    yield _grant(role, "USAGE", "schema", sql.Identifier(schema), schema)
    yield _grant(role, "SELECT", "all tables in schema", sql.Identifier(schema), schema)
    yield _grant_on_later_tables(settings, role, schema)


def _target_steps(
    connection: psycopg.Connection, settings: Settings, targets: Iterable[Target], *, allows_source_changes: bool
) -> Iterator[Step]:
    publisher, rollback = settings.publisher_user, settings.rollback_user
    for target in targets:
        contract, table = target.contract, target.table
        columns = [name for name in contract.columns if name in table.columns]
        for relation in _readable(target):
            yield _grant_on_table(publisher, "SELECT", relation)
        yield _grant_on_table(rollback, "SELECT", table.relation)
        if contract.meta.mode != "insert" or allows_source_changes:
            changed = [name for name in columns if table.key is None or name != table.key.name]
            yield _grant_on_columns(publisher, "UPDATE", table.relation, changed)
            yield _grant_on_columns(rollback, "UPDATE", table.relation, changed)
        if contract.meta.mode != "insert":
            continue
        inserted = list(dict.fromkeys([*([table.key.name] if table.key else []), *columns]))
        yield _grant_on_columns(publisher, "INSERT", table.relation, inserted)
        if table.sequence:
            yield _grant(publisher, "USAGE", "sequence", sql.SQL(table.sequence), table.sequence)
        yield _grant_on_table(rollback, "DELETE", table.relation)
        read = {relation for reference in references_to(connection, table) for relation in reference.reads}
        for relation in sorted(read, key=str):
            yield _grant_on_table(rollback, "SELECT", relation)


def _readable(target: Target) -> list[Relation]:
    parents = {key.parent for key in target.table.foreign_keys if key.column in target.contract.columns}
    return sorted({target.table.relation, *parents}, key=str)


def _grant(role: str, privilege: str, kind: str, name: sql.Composable, shown: str) -> Step:
    statement = sql.SQL("grant {} on {} {} to {}").format(sql.SQL(privilege), sql.SQL(kind), name, sql.Identifier(role))
    return Step(role, privilege, f"{kind} {shown}", statement)


def _grant_on_later_tables(settings: Settings, role: str, schema: str) -> Step:
    statement = sql.SQL("alter default privileges for role {} in schema {} grant select on tables to {}").format(
        sql.Identifier(settings.target_user), sql.Identifier(schema), sql.Identifier(role)
    )
    return Step(role, "SELECT", f"later tables in schema {schema}", statement)


def _grant_on_table(role: str, privileges: str, relation: Relation) -> Step:
    return _grant(role, privileges, "table", relation_sql(relation), str(relation))


def _grant_on_columns(role: str, privilege: str, relation: Relation, columns: list[str]) -> Step:
    listed = sql.SQL(", ").join(map(sql.Identifier, columns))
    statement = sql.SQL("grant {} ({}) on table {} to {}").format(
        sql.SQL(privilege), listed, relation_sql(relation), sql.Identifier(role)
    )
    return Step(role, f"{privilege} ({', '.join(columns)})", f"table {relation}", statement)


def _revoke(role: str, kind: str, schema: str) -> Step:
    statement = sql.SQL("revoke all on all {} in schema {} from {}").format(
        sql.SQL(kind), sql.Identifier(schema), sql.Identifier(role)
    )
    return Step(role, "nothing but what follows", f"all {kind} in schema {schema}", statement)
