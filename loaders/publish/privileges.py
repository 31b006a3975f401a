"""Whether the publisher role may do what a contract needs, and no more (reliability P15)."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg

from loaders.publish.catalogue import Table
from loaders.publish.contract import PublishContract, Relation
from loaders.publish.findings import Finding

_SETUP = "Run dtx setup."


def privilege_findings(
    connection: psycopg.Connection, contract: PublishContract, target: Table, *, applies_source_changes: bool
) -> Iterator[Finding]:
    """Privileges that the current role lacks for a contract, or has beyond it.

    Args:
        connection: of the role to judge.
        contract: what is to be published.
        target: its table.
        applies_source_changes: whether published rows are to be updated from the source.
    """

    def may(query: str, *arguments: object) -> bool:
        row = connection.execute(f"select {query}", arguments).fetchone()
        return bool(row and row[0])

    table = _quoted(target.relation)
    columns = [name for name in contract.columns if name in target.columns]
    needed = ["INSERT" if contract.meta.mode == "insert" else "UPDATE"]
    if applies_source_changes and contract.meta.mode == "insert":
        needed.append("UPDATE")
    for privilege in needed:
        for name in columns:
            if privilege == "UPDATE" and target.key is not None and name == target.key.name:
                continue
            if not may("has_column_privilege(%s::text, %s::text, %s)", table, name, privilege):
                todo = "Run dtx setup --allow-source-changes." if needed[0] != privilege else _SETUP
                where = f"{target.relation}.{name}"
                yield Finding("blocks", contract.model, where, f"the publisher has no {privilege}", todo)
    readable = {target.relation, *(key.parent for key in target.foreign_keys if key.column in columns)}
    for relation in sorted(readable, key=str):
        if not may("has_table_privilege(%s::text, 'SELECT')", _quoted(relation)):
            yield Finding("blocks", contract.model, str(relation), "the publisher has no SELECT", _SETUP)
    sequence = target.sequence
    if contract.meta.mode == "insert" and sequence and not may("has_sequence_privilege(%s::text, 'USAGE')", sequence):
        yield Finding("blocks", contract.model, sequence, "the publisher has no USAGE", _SETUP)
    if may("has_table_privilege(%s::text, 'DELETE, TRUNCATE')", table):
        problem = "the publisher may DELETE or TRUNCATE, which it never needs"
        yield Finding("blocks", contract.model, str(target.relation), problem, _SETUP)


def _quoted(relation: Relation) -> str:
    return f'"{relation.schema}"."{relation.name}"'
