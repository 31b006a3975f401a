"""What the dispatch migration's databases hold: dropped, made and filled anew."""

from __future__ import annotations

from sandbox.dispatch.databases import Databases
from sandbox.dispatch.generator import fill
from sandbox.dispatch.generator.plan import Plan


def renew(databases: Databases, plan: Plan) -> dict[str, int]:
    """Drop both databases, create and fill them.

    Returns:
        Rows of the source by table.
    """
    databases.drop()
    databases.create()
    return fill(databases, plan)
