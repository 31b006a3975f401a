"""migration.file_transfer while files move: claims with leases, verdicts, sums."""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from loaders.files.transfer import PlannedFile, Verdict

RANGE = 500
_LEASE = "interval '60 seconds'"

_BEGIN = """
insert into migration.run (command, state, code_version, host, process_id, backend_pid)
values ('files', 'running', %s, %s, %s, pg_backend_pid()) returning run_id
"""
_END = "update migration.run set state = %s, outcome = %s, finished_at = clock_timestamp() where run_id = %s"

# A claim holds as long as its lease, and no longer than its owner's session: a killed process's rows are free at once.
# Correctness needs neither: puts are create-only, and what is there is compared.
_CLAIM = f"""
with free as (
    select t.entity, t.legacy_key
    from migration.file_transfer t
    where
        t.state in ('planned', 'claimed')
        and (t.entity, t.legacy_key) > (%(entity)s, %(legacy_key)s)
        and (
            t.state = 'planned'
            or t.lease_until < clock_timestamp()
            or t.run_id not in (
                select r.run_id from migration.run r join pg_stat_activity a on a.pid = r.backend_pid
                where r.state = 'running'
            )
        )
        and exists (select from files_input i where (i.entity, i.legacy_key) = (t.entity, t.legacy_key))
    order by t.entity, t.legacy_key
    limit %(limit)s
    for update skip locked
),

claimed as (
    update migration.file_transfer t
    set
        state = 'claimed',
        run_id = %(run_id)s,
        lease_owner = %(owner)s,
        lease_until = clock_timestamp() + {_LEASE},
        attempts = t.attempts + 1
    from free
    where (t.entity, t.legacy_key) = (free.entity, free.legacy_key)
    returning t.entity, t.legacy_key, t.source_path, t.object_key, t.attempts
)

select c.entity, c.legacy_key, c.source_path, c.object_key, i.original_name, c.attempts
from claimed c
join files_input i using (entity, legacy_key)
order by c.entity, c.legacy_key
"""

_RENEW = f"""
update migration.file_transfer set lease_until = clock_timestamp() + {_LEASE}
where state = 'claimed' and run_id = %s
"""

_RECORD = """
update migration.file_transfer t
set
    state = case when v.reason_code is null then 'verified' else 'rejected' end,
    reason_code = v.reason_code,
    size_bytes = v.size_bytes,
    modified_at = v.modified_at,
    sha256 = v.sha256,
    verified_at = case when v.reason_code is null then clock_timestamp() end,
    lease_owner = null,
    lease_until = null
from unnest(%s::text[], %s::text[], %s::text[], %s::bigint[], %s::timestamptz[], %s::bytea[])
    as v (entity, legacy_key, reason_code, size_bytes, modified_at, sha256)
where (t.entity, t.legacy_key) = (v.entity, v.legacy_key) and t.state = 'claimed' and t.run_id = %s
"""

_RELEASE = """
update migration.file_transfer t
set state = 'planned', lease_owner = null, lease_until = null, attempts = t.attempts - v.untouched
from unnest(%s::text[], %s::text[], %s::integer[]) as v (entity, legacy_key, untouched)
where (t.entity, t.legacy_key) = (v.entity, v.legacy_key) and t.state = 'claimed' and t.run_id = %s
"""

_OPEN = """
select count(*) from migration.file_transfer t join files_input i using (entity, legacy_key)
where t.state in ('planned', 'claimed')
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
        self._after = ("", "")
        row = connection.execute(_BEGIN, [_code_version(), socket.gethostname(), os.getpid()]).fetchone()
        assert row is not None  # noqa: S101 - returning
        self.run_id: int = row[0]

    def claim(self) -> list[PlannedFile]:
        """The next range of files for this process alone; empty at the end of the list.

        Ranges follow the ledger's key, so that no claim walks over what earlier ones have done; the claim after the
        last range starts at the beginning again, for what other processes gave up.
        """
        entity, legacy_key = self._after
        parameters = {
            "entity": entity,
            "legacy_key": legacy_key,
            "limit": RANGE,
            "run_id": self.run_id,
            "owner": self._owner,
        }
        files = [PlannedFile(*row) for row in self._connection.execute(_CLAIM, parameters)]
        self._after = (files[-1].entity, files[-1].legacy_key) if files else ("", "")
        return files

    def renew(self) -> None:
        """Lengthen the lease of every file this process holds."""
        self._connection.execute(_RENEW, [self.run_id])

    def record(self, verdicts: Sequence[Verdict]) -> None:
        """Write verdicts; one whose row was taken from us in the meantime changes nothing."""
        self._connection.execute(
            _RECORD,
            [
                [verdict.file.entity for verdict in verdicts],
                [verdict.file.legacy_key for verdict in verdicts],
                [verdict.reason_code for verdict in verdicts],
                [verdict.size for verdict in verdicts],
                [verdict.modified_at for verdict in verdicts],
                [verdict.sha256 for verdict in verdicts],
                self.run_id,
            ],
        )

    def release(self, files: Sequence[PlannedFile], *, untouched: bool) -> None:
        """Give claimed files back; `untouched` ones count as never tried."""
        if not files:
            return
        keys = [file.entity for file in files], [file.legacy_key for file in files]
        self._connection.execute(_RELEASE, [*keys, [int(untouched)] * len(files), self.run_id])

    def open_files(self) -> int:
        """Files of the lists that still lack a verdict, whoever holds them."""
        row = self._connection.execute(_OPEN).fetchone()
        return int(row[0]) if row else 0

    def end(self, state: str, outcome: dict[str, Any]) -> None:
        """Close the run: `succeeded`, `failed` or `interrupted`."""
        self._connection.execute(_END, [state, Jsonb(outcome), self.run_id])


def sums(connection: psycopg.Connection, entities: Sequence[str]) -> list[StateSum]:
    """Files and bytes by entity, state and reason."""
    return [StateSum(*row) for row in connection.execute(_SUMS, [list(entities)])]


def duplicates(connection: psycopg.Connection, entities: Sequence[str]) -> Duplicates:
    """Objects that hold the same bytes."""
    row = connection.execute(_DUPLICATES, [list(entities)]).fetchone()
    assert row is not None  # noqa: S101 - an aggregate has one row
    return Duplicates(*row)


def _code_version() -> str:
    return metadata.version("dtx-migration")
