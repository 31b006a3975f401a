"""migration.file_transfer while files move: what is due, claims with leases, verdicts, sums."""

from __future__ import annotations

import os
import socket
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from loaders.files.transfer import PlannedFile, Verdict
from loaders.ledger.code_version import code_version

RANGE = 500
_LEASE = "interval '60 seconds'"

_BEGIN = """
insert into migration.run (command, state, code_version, host, process_id, backend_pid)
values ('files', 'running', %s, %s, %s, pg_backend_pid()) returning run_id
"""
# A run that a later one has declared dead keeps that verdict.
_END = """
update migration.run set state = %s, outcome = %s, finished_at = clock_timestamp()
where run_id = %s and state = 'running'
"""

# A run lives as long as its database session. The server gives a dead session's number to a new one sooner or later;
# of another role's session it does not say when it began.
_LIVING = """
    select o.run_id from migration.run o join pg_stat_activity a on a.pid = o.backend_pid
    where o.command = 'files' and o.state = 'running' and coalesce(a.backend_start <= o.started_at, true)
"""
_CLOSE_DEAD = f"""
update migration.run set
    state = 'interrupted',
    finished_at = clock_timestamp(),
    outcome = outcome || '{{"ended": "found dead by a later run"}}'
where command = 'files' and state = 'running' and run_id not in ({_LIVING})
"""

# The files without a verified object when the run starts, in ranges; the order is the ledger's key.
_DUE = f"""
create temporary table files_due as
select
    i.*,
    ((row_number() over (order by i.entity, i.legacy_key) - 1) / {RANGE})::integer as number,
    case when t.state = 'rejected' then t.run_id end as rejected_by
from files_input i
left join migration.file_transfer t using (entity, legacy_key)
where t.state is distinct from 'verified';
create index on files_due (number);
analyze files_due (number)
"""

# Left to itself the planner, without statistics of a ledger filled a moment ago, sorts all of it for each range.
_ROW_OF_DUE = """
left join lateral (
    select * from migration.file_transfer where entity = d.entity and legacy_key = d.legacy_key limit 1
) t on true
"""

# A claim holds as long as its lease, and no longer than its owner's session: a killed process's rows are free at once.
# A row that an earlier run has claimed and whose path is another now is taken from it: its verdict then finds no row of
# its own. Correctness needs no claim: puts are create-only, and what is there is compared.
_IS_FREE = f"""
    t.state = 'planned'
    or t.state = 'claimed' and (
        t.lease_until < clock_timestamp()
        or t.run_id <> all (array({_LIVING}))
        or t.run_id < %(run_id)s and (t.source_key, t.source_path, t.object_key) is distinct from
            ({{listed}}.source_key, {{listed}}.source_path, {{listed}}.object_key)
    )
"""

# Planned and claimed at once: a row is written once less, and the first files move while the rest of a long list is
# still to be written. Of two processes that insert the same row at the same moment one would meet the other's object
# key, which ON CONFLICT does not arbitrate: 128 of 3,000 did. Only rows that are free are tried, since a conflict locks
# its row, and they are judged again once they are locked. Of two runs with different lists the later one's counts.
_CLAIM = f"""
with alone as materialized (
    select pg_advisory_xact_lock(hashtextextended('dtx files claim', 0))
),

free as (
    select d.*
    from alone
    cross join files_due d
    {_ROW_OF_DUE}
    where
        d.number = %(number)s
        and (
            t.entity is null
            or t.state = 'rejected' and t.run_id = d.rejected_by
            or {_IS_FREE.format(listed="d")}
        )
),

claimed as (
    insert into migration.file_transfer as t (
        entity, legacy_key, source_key, source_path, object_key, state, run_id, lease_owner, lease_until, attempts
    )
    select
        entity,
        legacy_key,
        source_key,
        source_path,
        object_key,
        'claimed',
        %(run_id)s,
        %(owner)s,
        clock_timestamp() + {_LEASE},
        1
    from free
    order by entity, legacy_key
    on conflict (entity, legacy_key) do update set
        source_key = case when t.run_id > excluded.run_id then t.source_key else excluded.source_key end,
        source_path = case when t.run_id > excluded.run_id then t.source_path else excluded.source_path end,
        object_key = case when t.run_id > excluded.run_id then t.object_key else excluded.object_key end,
        state = 'claimed',
        reason_code = null,
        run_id = excluded.run_id,
        lease_owner = excluded.lease_owner,
        lease_until = excluded.lease_until,
        attempts =
            case when t.run_id > excluded.run_id or t.object_key = excluded.object_key then t.attempts else 0 end + 1
    where t.state = 'rejected' or {_IS_FREE.format(listed="excluded")}
    returning entity, legacy_key, source_path, object_key, attempts
)

select c.entity, c.legacy_key, c.source_path, c.object_key, d.original_name, c.attempts
from files_due d
join claimed c using (entity, legacy_key)
where d.number = %(number)s
"""

# Rows are taken in the order of their key here and below: a process that claims at the same time takes them so.
_RENEW = f"""
update migration.file_transfer t set lease_until = clock_timestamp() + {_LEASE}
from (
    select * from unnest(%s::text[], %s::text[]) as v (entity, legacy_key) order by entity, legacy_key
) as v
where (t.entity, t.legacy_key) = (v.entity, v.legacy_key) and t.state = 'claimed' and t.run_id = %s
"""

# No clock of a file system is held to a range; a time beyond the years 1200 to 5100 is left out.
_RECORD = """
update migration.file_transfer t
set
    state = case when v.reason_code is null then 'verified' else 'rejected' end,
    reason_code = v.reason_code,
    size_bytes = v.size_bytes,
    modified_at = case when abs(v.modified_at) < 1e11 then to_timestamp(v.modified_at) end,
    sha256 = v.sha256,
    verified_at = case when v.reason_code is null then clock_timestamp() end,
    lease_owner = null,
    lease_until = null
from (
    select *
    from unnest(%b::text[], %b::text[], %b::text[], %b::bigint[], %b::float8[], %b::bytea[])
        as v (entity, legacy_key, reason_code, size_bytes, modified_at, sha256)
    order by entity, legacy_key
) as v
where (t.entity, t.legacy_key) = (v.entity, v.legacy_key) and t.state = 'claimed' and t.run_id = %s
"""

_RELEASE = """
update migration.file_transfer t
set state = 'planned', lease_owner = null, lease_until = null, attempts = t.attempts - v.untouched
from (
    select * from unnest(%s::text[], %s::text[], %s::integer[]) as v (entity, legacy_key, untouched)
    order by entity, legacy_key
) as v
where (t.entity, t.legacy_key) = (v.entity, v.legacy_key) and t.state = 'claimed' and t.run_id = %s
"""

_FIRST_OPEN = f"""
select d.number
from files_due d
{_ROW_OF_DUE}
where
    d.number >= %s
    and (
        t.entity is null
        or t.state in ('planned', 'claimed')
        or t.state = 'rejected' and t.run_id = d.rejected_by
    )
order by d.number limit 1
"""

_SUMS = """
select entity, state, coalesce(reason_code, ''), count(*), coalesce(sum(size_bytes), 0)::bigint
from migration.file_transfer where entity = any(%s)
group by 1, 2, 3 order by 1, 2 desc, 3
"""

_DUPLICATES = """
select count(*), coalesce(sum(files), 0)::bigint, coalesce(sum((files - 1) * size_bytes), 0)::bigint
from (
    select count(*) as files, max(size_bytes) as size_bytes from migration.file_transfer
    where entity = any(%s) and state = 'verified' group by sha256 having count(*) > 1
) as twins
"""


@dataclass(frozen=True)
class StateSum:
    """The ledger's files of one entity, state and reason, with their bytes as far as they are known."""

    entity: str
    state: str
    reason_code: str
    files: int
    bytes: int


@dataclass(frozen=True)
class Duplicates:
    """Verified objects that hold the same bytes as another one (reliability F5).

    Attributes:
        groups: how many different contents occur more than once.
        files: objects in these groups.
        bytes: what the second and further copies take.
    """

    groups: int
    files: int
    bytes: int


class Ledger:
    """The files of one run.

    Args:
        connection: a publisher connection with autocommit on, and `files_input` in its session.
    """

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection
        self._owner = f"{socket.gethostname()}:{os.getpid()}"
        # A plan made for 500 keys scans the ledger while it has no statistics, and so does a generic one while the
        # ledger is small: 230 ms instead of 10 ms for a range's verdicts.
        connection.prepare_threshold = 0
        connection.execute("set plan_cache_mode = force_generic_plan")
        # Nobody waits for the disk at each range: what a crash of the server takes back, the next run proves again
        # without sending it. `end` waits for all of it, so what was reported is kept.
        connection.execute("set synchronous_commit = off")
        connection.execute(_CLOSE_DEAD, prepare=False)
        self.run_id = int(_one(connection.execute(_BEGIN, [code_version(), socket.gethostname(), os.getpid()])))
        connection.execute(_DUE, prepare=False)
        connection.execute("set enable_seqscan = off")
        # Due files that are neither in this process's hands nor decided by it.
        self._elsewhere = int(_one(connection.execute("select count(*) from files_due")))
        self._last = (self._elsewhere - 1) // RANGE
        self._next = self._first_open = 0

    def claim(self) -> list[PlannedFile]:
        """Plan the next range that has files for this process, and take them; empty after the last one.

        The claim after that starts over at the first that lacks a verdict, for what other processes gave up.
        """
        while self._elsewhere and self._next <= self._last:
            parameters = {"number": self._next, "run_id": self.run_id, "owner": self._owner}
            self._next += 1
            if files := [PlannedFile(*row) for row in self._connection.execute(_CLAIM, parameters)]:
                self._elsewhere -= len(files)
                return files
        self.is_open()
        self._next = self._first_open
        return []

    def renew(self, files: Collection[PlannedFile]) -> None:
        """Lengthen the lease of claimed files."""
        self._connection.execute(_RENEW, [*_keys(files), self.run_id])

    def record(self, verdicts: Sequence[Verdict]) -> None:
        """Write verdicts; one whose row was taken from us in the meantime changes nothing."""
        done = self._connection.execute(
            _RECORD,
            [
                *_keys([verdict.file for verdict in verdicts]),
                [verdict.reason_code for verdict in verdicts],
                [verdict.size for verdict in verdicts],
                [verdict.modified_at for verdict in verdicts],
                [verdict.sha256 for verdict in verdicts],
                self.run_id,
            ],
        )
        self._elsewhere += len(verdicts) - done.rowcount

    def release(self, files: Collection[PlannedFile], *, untouched: bool) -> None:
        """Give claimed files back; `untouched` ones count as never tried."""
        if files:
            self._connection.execute(_RELEASE, [*_keys(files), [int(untouched)] * len(files), self.run_id])
            self._elsewhere += len(files)

    def is_open(self) -> bool:
        """Whether a file that this run found open, and that this process does not hold, still lacks a verdict."""
        if not self._elsewhere:
            return False
        first = _one(self._connection.execute(_FIRST_OPEN, [self._first_open]))
        self._first_open = self._last + 1 if first is None else int(first)
        return first is not None

    def end(self, state: str, outcome: dict[str, Any]) -> None:
        """Close the run: `succeeded`, `failed` or `interrupted`. Everything recorded is on the server's disk then."""
        self._connection.execute("set synchronous_commit = on")
        self._connection.execute("reset enable_seqscan")
        self._connection.execute(_END, [state, Jsonb(outcome), self.run_id])


def sums(connection: psycopg.Connection, entities: Sequence[str]) -> list[StateSum]:
    """Files and bytes by entity, state and reason."""
    return [StateSum(*row) for row in connection.execute(_SUMS, [list(entities)])]


def duplicates(connection: psycopg.Connection, entities: Sequence[str]) -> Duplicates:
    """Objects that hold the same bytes."""
    row = connection.execute(_DUPLICATES, [list(entities)]).fetchone()
    assert row is not None  # noqa: S101 - an aggregate has one row
    return Duplicates(*row)


def _one(cursor: psycopg.Cursor[tuple[Any, ...]]) -> Any:
    (value,) = cursor.fetchone() or (None,)
    return value


def _keys(files: Collection[PlannedFile]) -> tuple[list[str], list[str]]:
    return [file.entity for file in files], [file.legacy_key for file in files]
