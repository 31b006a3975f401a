"""Goes through the kinds in their order; says what would change and, where it may, changes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from loaders.errors import LossError, ServiceError
from loaders.failpoints import failpoint
from loaders.metabase.client import LostAnswerError
from loaders.metabase.diff import Change, Choices, changes, unequal
from loaders.metabase.kinds.access import CollectionAccess, DataAccess
from loaders.metabase.kinds.base import Archivable, Given, Kind, Lines, State
from loaders.metabase.kinds.collections import Collections
from loaders.metabase.kinds.dashboards import Dashboards
from loaders.metabase.kinds.database import Databases, read_tables, sync
from loaders.metabase.kinds.groups import Groups
from loaders.metabase.kinds.questions import Questions, check_query
from loaders.metabase.kinds.subscriptions import Subscriptions
from loaders.metabase.ledger import Ledger
from loaders.metabase.metadata import Metadata
from loaders.metabase.objects import Found, Line, Wanted

_GUARDS = {"database": DataAccess.name, "collection": CollectionAccess.name}
Reported = Callable[[Change], None]


class Provisioning:
    """One pass over one Metabase."""

    def __init__(
        self,
        state: State,
        ledger: Ledger,
        desired: Mapping[str, Sequence[Wanted]],
        metadata: Metadata,
        *,
        choices: Choices,
        expected_columns: set[str],
    ) -> None:
        """`expected_columns` are those of the reporting schema, each as `table.column`."""
        self._state, self._ledger, self._desired, self._metadata = state, ledger, desired, metadata
        self._choices, self._expected_columns = choices, expected_columns

    def plan(self) -> list[Change]:
        """What `apply` would do, in its order; writes nothing."""
        return self._pass(lambda _: None, writes=False)

    def apply(self, reported: Reported) -> list[Change]:
        """Do it. Each object is in the ledger as soon as it was read back, so that the next run goes on from there.

        Args:
            reported: called with each change that is done.

        Raises:
            LossError: Metabase kept something else than it was sent.
            ServiceError: Metabase failed or refused.
        """
        return self._pass(reported, writes=True)

    def _pass(self, reported: Reported, *, writes: bool) -> list[Change]:
        done: list[Change] = []

        def objects(kind: Kind) -> None:
            done.extend(self._objects(kind, reported, writes=writes))

        def given(kind: Given, wanted: Sequence[Wanted]) -> None:
            done.extend(self._given(kind, wanted, reported, writes=writes))

        # Permissions come right behind what they guard: a new connection and a new collection are open to everybody.
        # Subscriptions are last, since each save of a dashboard changes its own.
        objects(Groups())
        objects(Databases())
        given(DataAccess(), self._desired["data_access"])
        if writes:
            sync(self._state, self._desired["database"][0], self._expected_columns)
        else:
            read_tables(self._state)
        given(self._metadata, self._metadata.wanted(self._state, self._ledger.lines(Metadata.name)))
        objects(Collections())
        given(CollectionAccess(), self._desired["collection_access"])
        objects(Questions())
        objects(Dashboards())
        objects(Subscriptions())
        return done

    def _objects(self, kind: Kind, reported: Reported, *, writes: bool) -> list[Change]:
        wanted, lines = self._desired[kind.name], self._ledger.lines(kind.name)
        # A parent of its own kind is named by its number before it is read.
        self._state.ids |= {key: line.metabase_id for key, line in lines.items() if line.metabase_id is not None}
        found = kind.read_all(self._state, wanted, lines)
        keys = {each.key for each in wanted}
        for key, line in lines.items():
            gone = key not in keys and line.metabase_id is not None
            if gone and (left := kind.read_one(self._state, line.metabase_id or 0)):
                found[key] = left
        self._state.ids = {key: id_ for key, id_ in self._state.ids.items() if key not in lines or key in found}
        self._state.ids |= {key: each.id for key, each in found.items() if each.id is not None}
        planned = changes(wanted, found, lines, self._choices)
        if not writes:
            return planned
        return [self._do(kind, change, lines, reported) for change in planned]

    def _given(self, kind: Given, wanted: Sequence[Wanted], reported: Reported, *, writes: bool) -> list[Change]:
        lines = self._ledger.lines(kind.name)
        found = kind.read_all(self._state, wanted, lines)
        planned = changes(wanted, found, lines, self._choices, is_made=False)
        if not writes:
            return planned
        to_set = [change for change in planned if change.action == "update" and change.wanted and change.found]
        if to_set:
            with suppress(LostAnswerError):  # what Metabase has then tells
                kind.set_all(self._state, [(each.wanted, each.found) for each in to_set if each.wanted and each.found])
            found = kind.read_all(self._state, wanted, lines)
        for change in planned:
            if change.action == "forget":
                self._ledger.forget(change.key)
            elif change.writes and change.wanted:
                _compare(change.wanted, found.get(change.key))
                self._ledger.record(change.key, change.kind, found[change.key].id, None, change.wanted.fields)
            if change.writes:
                reported(change)
        return planned

    def _do(self, kind: Kind, change: Change, lines: Lines, reported: Reported) -> Change:
        if not change.writes:
            return change
        if change.action in ("archive", "forget"):
            self._remove(kind, change, lines[change.key])
        elif change.wanted:
            found = change.found
            if change.action == "create":
                found = self._create(kind, change.wanted)
            elif change.action == "update" and found:
                found = self._update(kind, change.wanted, found)
            _compare(change.wanted, found)
            if found:
                self._ledger.record(change.key, change.kind, found.id, found.entity_id, change.wanted.fields)
        reported(change)
        return change

    def _create(self, kind: Kind, wanted: Wanted) -> Found | None:
        self._ledger.begin(wanted.key, wanted.kind)
        if guard := _GUARDS.get(wanted.kind):
            # What was set on an earlier object of this key says nothing of the new one, which is open to everybody.
            self._ledger.forget(f"{guard}:{wanted.key.partition(':')[2]}")
        try:
            found = kind.read_one(self._state, kind.create(self._state, wanted))
        except LostAnswerError as error:
            found = kind.read_all(self._state, [wanted], {}).get(wanted.key)
            if found is None:
                raise ServiceError(
                    f"{wanted.key} was not created: {error}", hint="Run this again; it goes on from here."
                ) from None
        failpoint(f"metabase.created_{wanted.kind}")
        if found is None or found.id is None:
            raise LossError(f"{wanted.key} is gone from Metabase right after its creation", hint="Run this again.")
        self._state.ids[wanted.key] = found.id
        _check(wanted, found)
        return self._update(kind, wanted, found) if unequal(found.fields, wanted.fields) else found

    def _update(self, kind: Kind, wanted: Wanted, found: Found) -> Found | None:
        with suppress(LostAnswerError):  # reading it back tells
            kind.update(self._state, wanted, found)
        return kind.read_one(self._state, found.id or 0)

    def _remove(self, kind: Kind, change: Change, line: Line) -> None:
        if not (isinstance(kind, Archivable) and change.action == "archive" and change.found and change.found.id):
            self._ledger.forget(line.object_key)
            return
        with suppress(LostAnswerError):  # reading it back tells
            kind.archive(self._state, change.found.id)
        left = kind.read_one(self._state, change.found.id)
        if left is None or not left.fields.get("archived"):
            raise LossError(f"Metabase did not archive {change.key}", hint="Archive it there, then run this again.")
        # Should the catalogue have it again, it is known that nobody else put it into the trash.
        self._ledger.record(change.key, change.kind, left.id, left.entity_id, left.fields)


def _check(wanted: Wanted, found: Found) -> None:
    if wanted.kind == Questions.name:
        check_query(wanted, found)


def _compare(wanted: Wanted, found: Found | None) -> None:
    """Metabase drops what it does not know without a word, so that only reading back tells what it kept."""
    if found is None:
        raise LossError(f"{wanted.key} is not in Metabase after it was written", hint="Run this again.")
    _check(wanted, found)
    different = unequal(found.fields, wanted.fields)
    if different:
        places = ", ".join(difference.path for difference in different[:5])
        raise LossError(
            f"Metabase kept {wanted.key} otherwise than it was sent ({places})",
            hint="See that object there; a Metabase newer than this command may have other rules.",
        )
