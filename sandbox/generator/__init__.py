"""Fills the sandbox: DTX 1.0's tables and files, DTX 2.0 as Areas 1 to 6 left it, and the answer key.

Shares no code with the loaders or the models: it reads the same specification a second time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import psycopg
import pymysql

from sandbox.generator import (
    answers,
    areas,
    exemptions,
    form_fields,
    imap_uploads,
    keywords,
    live,
    repo_files,
    report_schedules,
    reviewers,
    vornado_feeds,
)
from sandbox.generator import world as worlds
from sandbox.generator.answers import Planted
from sandbox.generator.efs import Tree
from sandbox.generator.exemption_plants import PLANTS as EXEMPTION_PLANTS
from sandbox.generator.form_field_plants import PLANTS as FORM_FIELD_PLANTS
from sandbox.generator.imap_upload_plants import PLANTS as IMAP_UPLOAD_PLANTS
from sandbox.generator.keyword_plants import PLANTS as KEYWORD_PLANTS
from sandbox.generator.mysql_load import MysqlLoader
from sandbox.generator.plan import GeneratorError, Plan
from sandbox.generator.postgres_copy import PostgresCopier
from sandbox.generator.repo_file_plants import PLANTS as REPO_FILE_PLANTS
from sandbox.generator.reviewer_plants import PLANTS as REVIEWER_PLANTS
from sandbox.generator.tables import TABLES
from sandbox.generator.vornado_feed_plants import PLANTS as VORNADO_FEED_PLANTS
from sandbox.generator.world import RECORDS_PER_GROUP, World
from sandbox.untouched import remember

__all__ = ["GeneratorError", "Plan", "check", "generate"]

# Planted cases a table: the least rows that it can have.
PLANTED = {
    "repo_file": len(REPO_FILE_PLANTS),
    "exemption": len(EXEMPTION_PLANTS),
    "reviewer_address": len(REVIEWER_PLANTS),
    "form_field": len(FORM_FIELD_PLANTS),
    "keyword": len(KEYWORD_PLANTS),
    "imap_upload": len(IMAP_UPLOAD_PLANTS),
    "vornado_feed": len(VORNADO_FEED_PLANTS),
    "report_master_schedule": report_schedules.PLANTED_SCHEDULES,
    "report_master_schedule_log": report_schedules.PLANTED_DELIVERIES,
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
        answer_key: folder for `<table>.csv`, for DTX 2.0's rows in its folder `before`, and for what Metabase should
            hold in `catalogue`; files of earlier runs are replaced.

    Returns:
        Rows of DTX 1.0 by table.

    Raises:
        GeneratorError: the plan is too small for the planted rows, or something is not empty.
    """
    check(plan)
    loader, copier = MysqlLoader(mysql), PostgresCopier(postgres)
    for table in (*PLANTED, *TABLES):
        loader.require_empty(table)
    for table in ("public.auth_user", "public.docutrax_profiles_document", "migration.id_map"):
        copier.require_empty(table)
    tree = Tree(efs_root, plan)
    world = build_world(plan, copier.reserve)
    before = areas.Before(
        account_emails=reviewers.account_emails(world),
        directory_settings=partial(keywords.directory_settings, world),
        internal_ids=form_fields.internal_ids,
        document_states=exemptions.document_states(world),
        document_metadata=partial(imap_uploads.document_metadata, world),
        file_marks=repo_files.marks(world),
    )
    areas.fill(copier, world, before)
    account_meta = chain(*(each.account_meta(world) for each in (form_fields, keywords, vornado_feeds)))
    live.fill(copier, world, account_meta, exemptions.overrides(world))
    remember(postgres, answer_key / "before")
    postgres.commit()

    judged: dict[str, Iterator[Planted]] = {
        "repo_file": repo_files.rows(world, tree),
        "exemption": exemptions.rows(world),
        "reviewer_address": reviewers.rows(world),
        "form_field": form_fields.rows(world),
        "keyword": keywords.rows(world),
        "imap_upload": imap_uploads.rows(world),
        "vornado_feed": vornado_feeds.rows(world),
    }
    counts = {table: loader.load(table, answers.written(answer_key, table, rows)) for table, rows in judged.items()}
    for table, make in TABLES.items():
        columns = loader.columns(table)
        rows = (tuple(row[column] for column in columns) for row in make(world, plan.rows_of(table)))
        archived = answers.written_as_archived(answer_key, table, rows, has_key=loader.has_key(table))
        counts[table] = loader.load(table, archived)
    report_schedules.write_answers(world, answer_key / "catalogue")
    return counts


def build_world(plan: Plan, reserve: Callable[[str, int], int]) -> World:
    """The populations that a plan needs; `reserve` draws ids of a table: (table, count) -> first id."""
    groups = max(exemptions.GROUP_COUNT, -(-form_fields.RECORD_COUNT // RECORDS_PER_GROUP))
    return worlds.build(plan, groups, reserve)


def check(plan: Plan) -> None:
    """Tell whether the plan can be carried out; `generate` does so itself before it writes.

    Raises:
        GeneratorError: the plan is too small for the planted rows, or names a table that is not there.
    """
    if short := {table: least for table, least in PLANTED.items() if plan.rows_of(table) < least}:
        given = ", ".join(f"{table} {plan.rows_of(table)}" for table in short)
        raise GeneratorError(
            f"too few rows to hold every planted case: {given}",
            hint=f"At least {', '.join(f'{table} {least}' for table, least in short.items())}; or raise the scale.",
        )
    if unknown := set(plan.rows) - set(PLANTED) - set(TABLES):
        raise GeneratorError(f"DTX 1.0 has no table {', '.join(sorted(unknown))}", hint=f"It has {', '.join(TABLES)}.")
