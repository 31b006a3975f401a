"""Holds the raw layer's columns against the column maps, for a publish that does not ask the legacy server (P3)."""

from __future__ import annotations

from collections.abc import Iterable

import psycopg

from loaders.preflight.expected import ColumnMaps
from loaders.publish.contract import PublishContract
from loaders.publish.findings import Finding
from loaders.systems import System

_OURS = frozenset({"_loaded_at", "_unstorable"})
_COLUMNS = """
select pg_class.relname, array_agg(attribute.attname::text order by attribute.attnum)
from pg_class
inner join pg_attribute as attribute
    on attribute.attrelid = pg_class.oid and attribute.attnum > 0 and not attribute.attisdropped
where pg_class.relnamespace = to_regnamespace(%s) and pg_class.relname = any (%s)
group by pg_class.relname
"""


def raw_column_findings(
    connection: psycopg.Connection, system: System, contracts: Iterable[PublishContract], maps: ColumnMaps
) -> list[Finding]:
    """Columns of replicated tables that no line of the column map knows, and mapped columns that were not replicated.

    Each holds the models that publish from the table: what the column means has not been looked at. Reads pg_catalog
    only, which every role may. A table that was not replicated has no findings here.

    Args:
        connection: of any role.
        system: whose raw layer it is.
        contracts: whose source tables are looked at.
        maps: the columns that have been given a place, by source table.
    """
    models: dict[str, list[str]] = {}
    for contract in contracts:
        models.setdefault(contract.meta.source_table, []).append(contract.model)
    findings: list[Finding] = []
    for table, columns in connection.execute(_COLUMNS, [system.raw_schema, list(models)]):
        raw, mapped = set(columns) - _OURS, maps.get(table, frozenset())
        path = f"{system.seeds_name}/column_maps/{table}.csv"
        problems = [
            (name, "was replicated, and the column map has no line for it", f"Say in {path} what becomes of it.")
            for name in columns
            if name in raw - mapped
        ]
        problems += [
            (name, "is in the column map and was not replicated", f"Replicate it, or correct {path}.")
            for name in sorted(mapped - raw)
        ]
        findings += [
            Finding("holds", model, f"{system.raw_schema}.{table}.{name}", problem, todo)
            for name, problem, todo in problems
            for model in models[table]
        ]
    return findings
