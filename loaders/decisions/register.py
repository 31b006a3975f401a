"""The register of decisions as dbt built it: `migration_seeds.decisions`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

import psycopg

from loaders.errors import ConfigurationError

REGISTER = "migration_seeds.decisions"


@dataclass(frozen=True, slots=True)
class Decision:
    """One line of the register.

    Attributes:
        options: what moving data can do, in the register's order.
        refused_options: what the documents offer but moving data cannot do.
        chosen: the option that the models obey, None where nothing was chosen.
        status: `open`, `provisional` or `decided`; what an open decision rules is not published.
    """

    decision_id: str
    subject: str
    options: tuple[str, ...]
    refused_options: tuple[str, ...]
    chosen: str | None
    status: str
    decided_by: str | None
    decided_on: date | None
    text: str | None


def read_register(connection: psycopg.Connection, decision_id: str | None = None) -> list[Decision]:
    """Read the register, or one line of it, in the order of the ids' numbers.

    Raises:
        ConfigurationError: there is no such decision; names those that there are.
    """
    rows = connection.execute(
        "select decision_id, subject, coalesce(options, ''), coalesce(refused_options, ''), chosen, status, "
        f"decided_by, decided_on, text from {REGISTER}"
    ).fetchall()
    decisions = sorted(
        (Decision(row[0], row[1], _split(row[2]), _split(row[3]), *row[4:]) for row in rows), key=_by_number
    )
    if decision_id is None:
        return decisions
    chosen = [decision for decision in decisions if decision.decision_id == decision_id]
    if not chosen:
        known = ", ".join(decision.decision_id for decision in decisions)
        raise ConfigurationError(f"there is no decision {decision_id}", hint=f"The register has {known}.")
    return chosen


def _split(joined: str) -> tuple[str, ...]:
    return tuple(filter(None, joined.split("|")))


def _by_number(decision: Decision) -> list[tuple[int, str]]:
    return [(int(number or 0), letters) for number, letters in re.findall(r"(\d+)|(\D+)", decision.decision_id)]
