"""The group of those who read the reports."""

from __future__ import annotations

from collections.abc import Sequence

from loaders.metabase.client import Metabase
from loaders.metabase.desired import ALL_USERS
from loaders.metabase.kinds.base import Lines, State, by_line
from loaders.metabase.objects import Found, Wanted


class Groups:
    """Groups; found by name. Who is in one is people's business in Metabase."""

    name = "group"

    def read_all(self, state: State, wanted: Sequence[Wanted], lines: Lines) -> dict[str, Found]:
        """See `Kind`."""
        groups = {each["id"]: each for each in state.client.get("permissions/group")}
        found = {}
        for each in wanted:
            named = (group for group in groups.values() if group["name"] == each.fields["name"])
            if group := by_line(lines, groups, each.key) or next(named, None):
                found[each.key] = Found(group["id"], group.get("entity_id"), {"name": group["name"]})
        return found

    def read_one(self, state: State, metabase_id: int) -> Found | None:
        """See `Kind`."""
        group = state.client.find(f"permissions/group/{metabase_id}")
        return Found(group["id"], group.get("entity_id"), {"name": group["name"]}) if group else None

    def create(self, state: State, wanted: Wanted) -> int:
        """See `Kind`."""
        return int(state.client.post("permissions/group", dict(wanted.fields))["id"])

    def update(self, state: State, wanted: Wanted, found: Found) -> None:
        """See `Kind`."""
        state.client.put(f"permissions/group/{found.id}", dict(wanted.fields))


def all_users_id(client: Metabase) -> int:
    """The number of Metabase's own group of everybody; by its kind, since people may rename it."""
    groups = client.get("permissions/group")
    magic = [group["id"] for group in groups if group.get("magic_group_type") == "all-internal-users"]
    return int((magic or [group["id"] for group in groups if group["name"] == ALL_USERS])[0])
