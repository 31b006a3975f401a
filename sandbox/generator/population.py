"""Rows that Areas 1 to 6 moved, known by arithmetic: nothing is kept in memory, whatever their number."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import gcd

# Legacy keys whose parent the other area rejected, skipped, or never had. Migrated ones start at 11.
REJECTED, SKIPPED, ABSENT = 4, 7, 9
# The largest INT UNSIGNED: an absent parent that a 4-byte integer cannot hold.
ABSENT_LARGE = 4_294_967_295
_FIRST_LEGACY, _LEGACY_STEP = 11, 3
# The last migrated row of each population has a legacy key beyond a 4-byte integer.
_LARGE_LEGACY = 3_000_000_000


@dataclass(frozen=True)
class Population:
    """Legacy keys and ids of one kind of row, by index from 0.

    Legacy keys and ids overlap and run in different orders, so that a key taken for an id, or a join on the wrong map,
    meets a wrong row and not an empty result.

    Args:
        target_table: the DTX 2.0 table, with its schema.
        count: how many there are.
        first_id: the first id drawn from the table's sequence; the others follow it.
    """

    target_table: str
    count: int
    first_id: int

    def legacy(self, index: int) -> int:
        """Legacy key of the row."""
        return _LARGE_LEGACY if index == self.count - 1 else _FIRST_LEGACY + _LEGACY_STEP * index

    def target(self, index: int) -> int:
        """Id of the row in DTX 2.0."""
        return self.first_id + (index * self._step + self.count // 2) % self.count

    @cached_property
    def _step(self) -> int:
        step = self.count * 5 // 8 + 1
        while gcd(step, self.count) != 1:
            step += 1
        return step
