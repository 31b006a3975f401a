"""Fills the sandbox: DTX 1.0's tables and files, DTX 2.0 as Areas 1 to 6 left it, and the answer key.

Shares no code with the loaders or the models: it reads the same specification a second time.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
import pymysql

from sandbox.generator import answers, areas, exemptions, live, repo_files, reviewers
from sandbox.generator import world as worlds
from sandbox.generator.efs import Tree
from sandbox.generator.exemption_plants import PLANTS as EXEMPTION_PLANTS
from sandbox.generator.mysql_load import MysqlLoader
from sandbox.generator.plan import GeneratorError, Plan
from sandbox.generator.postgres_copy import PostgresCopier
from sandbox.generator.repo_file_plants import PLANTS as REPO_FILE_PLANTS
from sandbox.generator.reviewer_plants import PLANTS as REVIEWER_PLANTS
from sandbox.generator.tables import TABLES

__all__ = ["GeneratorError", "Plan", "check", "generate"]

_LEAST_ROWS = {
    "repo_file": len(REPO_FILE_PLANTS),
    "exemption": len(EXEMPTION_PLANTS),
    "reviewer_address": len(REVIEWER_PLANTS),
}


def generate(
    plan: Plan,
    mysql: pymysql.Connection[Any],
    postgres: psycopg.Connection[Any],
    efs_root: Path,
    answer_key: Path,
) -> dict[str, int]:
    """Carry out a plan.

    Args:
        plan: how much of what.
        mysql: a connection to DTX 1.0's database with its 22 empty tables; local_infile allowed on both sides.
        postgres: a connection to DTX 2.0's database, its tables migrated and empty, the ledger there; its role may
            insert into both and draw from their sequences. Committed at the end.
        efs_root: an empty or missing folder.
        answer_key: folder for `<table>.csv`; files of earlier runs are replaced.

    Returns:
        Rows of DTX 1.0 by table.

    Raises:
        GeneratorError: the plan is too small for the planted rows, or something is not empty.
    """
    check(plan)
    loader, copier = MysqlLoader(mysql), PostgresCopier(postgres)
    for table in (*_LEAST_ROWS, *TABLES):
        loader.require_empty(table)
    for table in ("public.auth_user", "public.docutrax_profiles_document", "migration.id_map"):
        copier.require_empty(table)
    tree = Tree(efs_root, plan)
    world = worlds.build(plan, exemptions.GROUP_COUNT, copier.reserve)
    areas.fill(
        copier,
        world,
        account_emails=reviewers.account_emails(world),
        document_states=exemptions.document_states(world),
        file_marks=repo_files.marks(world),
    )
    live.fill(copier, world)
    postgres.commit()

    keyed = {
        "repo_file": repo_files.rows(world, tree),
        "exemption": exemptions.rows(world),
        "reviewer_address": reviewers.rows(world),
    }
    counts = {table: loader.load(table, answers.written(answer_key, table, rows)) for table, rows in keyed.items()}
    for table, make in TABLES.items():
        columns = loader.columns(table)
        rows = make(world, plan.rows_of(table))
        counts[table] = loader.load(table, ([row[column] for column in columns] for row in rows))
    return counts


def check(plan: Plan) -> None:
    """Tell whether the plan can be carried out; `generate` does so itself before it writes.

    Raises:
        GeneratorError: the plan is too small for the planted rows, or names a table that is not there.
    """
    for table, least in _LEAST_ROWS.items():
        if plan.rows_of(table) < least:
            raise GeneratorError(
                f"{table} needs at least {least} rows to hold every planted case, not {plan.rows_of(table)}",
                hint=f"Raise the scale, or ask for rows of {table}.",
            )
    if unknown := set(plan.rows) - set(_LEAST_ROWS) - set(TABLES):
        raise GeneratorError(f"DTX 1.0 has no table {', '.join(sorted(unknown))}", hint=f"It has {', '.join(TABLES)}.")
