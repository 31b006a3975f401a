"""What the dispatch migration's databases hold: dropped, made and filled anew, with their answer key."""

from __future__ import annotations

from pathlib import Path

from sandbox.dispatch.answers import write_answers
from sandbox.dispatch.databases import Databases
from sandbox.dispatch.generator import fill
from sandbox.dispatch.generator.plan import Plan


def renew(databases: Databases, plan: Plan, answer_key: Path) -> dict[str, int]:
    """Drop both databases, create and fill them.

    Args:
        databases: running; their names are taken.
        plan: what to generate.
        answer_key: folder for the answer key; what is there is replaced.

    Returns:
        Rows of the source by table.
    """
    databases.drop()
    databases.create()
    counts = fill(databases, plan)
    write_answers(databases, answer_key)
    return counts
