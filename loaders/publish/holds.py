"""Source tables that an answer of a preflight model holds: publish does not touch them."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
from psycopg import sql

from loaders.publish.contract import Manifest
from loaders.publish.findings import Finding
from loaders.publish.query import only_row, relation_sql


def preflight_holds(connection: psycopg.Connection, manifest: Manifest) -> Iterator[Finding]:
    """A finding for each model that publishes from a held source table.

    Args:
        connection: in the snapshot that the models are frozen in; the preflight models have been built.
        manifest: the contracts and the preflight models.
    """
    for preflight in manifest.preflight_models:
        rows, what_to_do = only_row(
            connection.execute(
                sql.SQL("select count(*), string_agg(distinct what_to_do, ' ') from {} where effect = 'holds'").format(
                    relation_sql(preflight.relation)
                )
            )
        )
        for contract in manifest.contracts if rows else ():
            if contract.meta.source_table == preflight.meta.source_table:
                problem = f"{preflight.meta.id} holds {preflight.meta.source_table}"
                yield Finding("holds", contract.model, preflight.model, problem, what_to_do or "", rows)
