"""What to do about each object, from what is wanted, what is there and what was applied last: pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from loaders.metabase.objects import Fields, Found, Line, Wanted

# create: it is not there. update: the catalogue changed. record: it is as wanted, the ledger does not know yet.
# leave: nothing to do. edited, deleted: by hand, in Metabase. removed: the catalogue has it no longer.
# archive, forget: what becomes of removed objects, where that was asked for, and of those that are gone anyway.
Action = Literal["create", "update", "record", "leave", "edited", "deleted", "removed", "archive", "forget"]
WRITES: frozenset[Action] = frozenset(("create", "update", "record", "archive", "forget"))
BY_HAND: frozenset[Action] = frozenset(("edited", "deleted"))

_ABSENT = "(absent)"


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that is not as wanted; `path` leads into it, joined by ` > `."""

    path: str
    actual: Any
    wanted: Any


@dataclass(frozen=True, slots=True)
class Change:
    """What to do about one object, and the fields that differ."""

    key: str
    kind: str
    label: str
    action: Action
    differences: tuple[Difference, ...] = ()
    wanted: Wanted | None = None
    found: Found | None = None

    @property
    def writes(self) -> bool:
        """Whether applying it does anything."""
        return self.action in WRITES


@dataclass(frozen=True, slots=True)
class Choices:
    """What the operator allows."""

    overwrite_edits: bool = False
    archive_removed: bool = False


def changes(
    wanted: Sequence[Wanted],
    found: Mapping[str, Found],
    lines: Mapping[str, Line],
    choices: Choices,
    *,
    is_made: bool = True,
) -> list[Change]:
    """What to do about the objects of one kind.

    Args:
        wanted: in the order in which they are to be written.
        found: those that are in Metabase, by key, also such as are not wanted.
        lines: the ledger's, of this kind.
        choices: what the operator allows.
        is_made: False for what Metabase has anyway, such as permissions: without a line in the ledger it may be set.

    Returns:
        One for each wanted object, then one for each that the catalogue has no longer.
    """
    result = [_change(each, found.get(each.key), lines.get(each.key), choices, is_made=is_made) for each in wanted]
    keys = {each.key for each in wanted}
    result += [
        _removed(line, found.get(key), choices, is_made=is_made) for key, line in lines.items() if key not in keys
    ]
    return result


def differences(actual: Any, wanted: Any, path: tuple[str, ...] = ()) -> Iterator[Difference]:
    """The smallest parts in which two values differ; lists count as one part."""
    if isinstance(actual, Mapping) and isinstance(wanted, Mapping):
        for name in [*wanted, *(name for name in actual if name not in wanted)]:
            yield from differences(actual.get(name, _ABSENT), wanted.get(name, _ABSENT), (*path, name))
    elif actual != wanted:
        yield Difference(" > ".join(path), actual, wanted)


def unequal(actual: Fields, wanted: Fields) -> tuple[Difference, ...]:
    """Where the wanted fields are not as wanted; fields that nobody asks about do not count."""
    return tuple(differences({name: actual.get(name, _ABSENT) for name in wanted}, wanted))


def _change(wanted: Wanted, found: Found | None, line: Line | None, choices: Choices, *, is_made: bool) -> Change:
    def change(action: Action, different: tuple[Difference, ...] = ()) -> Change:
        return Change(wanted.key, wanted.kind, wanted.label, action, different, wanted, found)

    applied = line.applied if line else None
    if found is None:
        if applied is not None and not choices.overwrite_edits:
            return change("deleted")
        return change("create", tuple(differences({}, wanted.fields)))
    different = unequal(found.fields, wanted.fields)
    if not different:
        return change("leave" if applied == wanted.fields else "record")
    if choices.overwrite_edits:
        return change("update", different)
    if applied is None:
        # A line without fields is a creation of ours that was cut short; no line at all is somebody else's object.
        return change("update" if line or not is_made else "edited", different)
    by_hand = any(
        name in applied and found.fields.get(name) != applied[name] and found.fields.get(name) != value
        for name, value in wanted.fields.items()
    )
    return change("edited" if by_hand else "update", different)


def _removed(line: Line, found: Found | None, choices: Choices, *, is_made: bool) -> Change:
    label = str((line.applied or {}).get("name") or line.object_key)

    def change(action: Action) -> Change:
        return Change(line.object_key, line.kind, label, action, found=found)

    if not is_made or found is None or found.fields.get("archived"):
        return change("forget")
    return change("archive" if choices.archive_removed else "removed")
