"""What to generate, and the dice that decide it: the same plan always gives the same rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from zlib import crc32

# What people wrote by hand does not grow with the data that it is about (spec: area12).
FIXED_ROWS = {
    "report_category": 9,
    "report": 140,
    "report_field_definition": 120,
    "report_definition": 1026,
    "report_master_schedule": 100,
}
# The documents' 100 rows a table; some hold more cases than that.
_ROWS = 100
_MORE_ROWS = {
    "repo_file": 135,
    "exemption": 125,
    "form_field": 125,
    "vornado_feed": 125,
    "report_master_schedule_log": 150,
}


class GeneratorError(Exception):
    """The plan cannot be carried out; `exit_code` is that of a command that could not run."""

    exit_code = 2

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True)
class Plan:
    """How many rows each table of DTX 1.0 gets.

    Args:
        scale: 1 gives the documents' 100 rows a table, some more for all their cases; FIXED_ROWS do not grow.
        rows: row counts by table that replace the scale's.
        seed: another seed gives other names, dates and bytes, with the same planted defects.
        file_bytes: smallest and largest size of an ordinary file on EFS, in bytes.
    """

    scale: float = 1
    rows: Mapping[str, int] = field(default_factory=dict)
    seed: int = 1
    file_bytes: tuple[int, int] = (300, 4000)

    def rows_of(self, table: str) -> int:
        """Row count of a table."""
        if table in self.rows:
            return self.rows[table]
        if table in FIXED_ROWS:
            return FIXED_ROWS[table]
        return round(_MORE_ROWS.get(table, _ROWS) * self.scale)


class Dice:
    """Draws that depend on the seed, a table and a row's number alone, so that rows can be made in any order."""

    def __init__(self, seed: int, name: str) -> None:
        self._start = crc32(f"{seed} {name}".encode())

    def roll(self, row: int, lane: int, sides: int) -> int:
        """A number from 0 to sides - 1; `lane` tells the draws of one row apart."""
        return crc32(b"%d.%d" % (row, lane), self._start) % sides
