"""The figures of the page, added up from the documents it is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

DISPOSITIONS = {
    "publish": "published",
    "update": "updated",
    "already_present": "already present",
    "elsewhere": "elsewhere",
    "skip": "skipped",
    "archive": "archived",
    "reject": "rejected",
}


@dataclass(frozen=True, slots=True)
class TableFigures:
    """One source table: `source_rows` = Σ `rows` + `unexplained` where the books balance.

    Attributes:
        rows: source rows by disposition, every disposition named.
        reasons: disposition, reason code and rows, in the order of the dispositions.
        findings: `dtx.reconcile/1`'s.
    """

    name: str
    as_of: str
    source_rows: int
    rows: Mapping[str, int]
    unexplained: int
    checked_target_rows: int
    reasons: list[tuple[str, str, int]]
    findings: list[Mapping[str, Any]]

    @property
    def is_clean(self) -> bool:
        """Every row has a proven disposition, the sum holds, there is a row, and nothing else was found (R1, R6)."""
        return self.is_balanced and not self.findings and not self.unexplained and self.source_rows > 0

    @property
    def is_balanced(self) -> bool:
        """Whether the dispositions and the unexplained rows add up to the source's rows."""
        return sum(self.rows.values()) + self.unexplained == self.source_rows

    @property
    def shares(self) -> list[tuple[str, int]]:
        """Disposition and rows of the bar's parts, those without rows left out; unexplained last."""
        return [(name, rows) for name, rows in [*self.rows.items(), ("unexplained", self.unexplained)] if rows]


def table_figures(table: Mapping[str, Any]) -> TableFigures:
    """The figures of one entry of `tables` in `dtx.reconcile/1`."""
    rows = dict.fromkeys(DISPOSITIONS, 0)
    for each in table["dispositions"]:
        rows[each["disposition"]] += each["rows"]
    return TableFigures(
        name=table["table"],
        as_of=table["as_of"],
        source_rows=table["source_rows"],
        rows=rows,
        unexplained=table["unexplained"],
        checked_target_rows=table["checked_target_rows"],
        reasons=sorted(
            ((each["disposition"], each["reason_code"], each["rows"]) for each in table["dispositions"]),
            key=lambda reason: (list(DISPOSITIONS).index(reason[0]), reason[1]),
        ),
        findings=table["findings"],
    )


def total(tables: list[TableFigures]) -> TableFigures:
    """All tables added up."""
    return TableFigures(
        name="all tables",
        as_of="",
        source_rows=sum(table.source_rows for table in tables),
        rows={name: sum(table.rows[name] for table in tables) for name in DISPOSITIONS},
        unexplained=sum(table.unexplained for table in tables),
        checked_target_rows=sum(table.checked_target_rows for table in tables),
        reasons=[],
        findings=[finding for table in tables for finding in table.findings],
    )
