"""What the kinds have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from loaders.errors import ServiceError
from loaders.metabase.client import Metabase
from loaders.metabase.objects import Found, Line, Wanted
from loaders.metabase.queries import Tables

Lines = Mapping[str, Line]


@dataclass
class State:
    """One Metabase as far as it is known: object keys to its numbers, filled as objects are found and created."""

    client: Metabase
    password: str
    ids: dict[str, int] = field(default_factory=dict)
    tables: Tables = field(default_factory=Tables)

    def number(self, key: str) -> int:
        """The number of an object that another one needs.

        Raises:
            ServiceError: it is not there; somebody deleted it in Metabase.
        """
        if key not in self.ids:
            raise ServiceError(
                f"{key} is not in Metabase, and other objects need it",
                hint="dtx metabase plan says what was deleted by hand; --overwrite-edits makes it again.",
            )
        return self.ids[key]

    def key_of(self, kind: str, metabase_id: int | None) -> str:
        """The key of an object by its number; one that is not ours is `<kind> <number>`."""
        keys = (key for key, id_ in self.ids.items() if id_ == metabase_id and key.startswith(f"{kind}:"))
        return next(keys, f"{kind} {metabase_id}")


class Kind(Protocol):
    """Objects that are created."""

    name: str

    def read_all(self, state: State, wanted: Sequence[Wanted], lines: Lines) -> dict[str, Found]:
        """Those of the wanted objects that are there, by key: by the ledger's number, else by their identity."""

    def read_one(self, state: State, metabase_id: int) -> Found | None:
        """One object afresh; None where it is gone."""

    def create(self, state: State, wanted: Wanted) -> int:
        """Create it, at least as far as it can be found again; its number."""

    def update(self, state: State, wanted: Wanted, found: Found) -> None:
        """Make it as wanted."""


@runtime_checkable
class Archivable(Protocol):
    """Objects that can be moved to the trash."""

    def archive(self, state: State, metabase_id: int) -> None:
        """Move it there."""


class Given(Protocol):
    """What Metabase has anyway and is only set, all of it together."""

    name: str

    def read_all(self, state: State, wanted: Sequence[Wanted], lines: Lines) -> dict[str, Found]:
        """The wanted ones, by key."""

    def set_all(self, state: State, changed: Sequence[tuple[Wanted, Found]]) -> None:
        """Make them as wanted."""


def by_line(lines: Lines, objects: Mapping[int, Any], key: str) -> Any:
    """The object that the ledger remembers, or None."""
    line = lines.get(key)
    return objects.get(line.metabase_id) if line and line.metabase_id else None
