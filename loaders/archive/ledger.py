"""What the ledger knows of archives: the run that makes one, its files, and what later looks at them found."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from typing import Any

import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from loaders.archive.manifest import MANIFEST, Manifest
from loaders.archive.sealing import Contents, Digest
from loaders.database import connect, fetch_value, take_lock
from loaders.errors import RefusedError, ServiceError
from loaders.ledger.code_version import code_version
from loaders.settings import Settings

# "DTX" in ASCII, and a number of its own beside the publisher's.
_LOCK = (0x445458, 3)

_BEGIN = """
insert into migration.run (command, state, code_version, host, process_id, backend_pid)
values ('archive', 'running', %s, %s, %s, pg_backend_pid()) returning run_id
"""
# Whoever still says `running` has died: we hold the lock.
_BURY = """
update migration.run
set
    state = 'interrupted',
    finished_at = clock_timestamp(),
    outcome = outcome || '{"ended": "found dead by a later run"}'
where state = 'running' and command = 'archive'
"""
_END = "update migration.run set state = %s, outcome = %s, finished_at = clock_timestamp() where run_id = %s"
_RECORD = """
insert into migration.archive_object (
    archive, object_name, location, system, source_table, run_id, as_of, keep_until, is_encrypted, state,
    row_count, plain_bytes, plain_sha256, compressed_bytes, compressed_sha256, stored_bytes, stored_sha256
)
values (
    %(archive)s, %(object_name)s, %(location)s, %(system)s, %(source_table)s, %(run_id)s, %(as_of)s, %(keep_until)s,
    %(is_encrypted)s, 'verified', %(row_count)s, %(plain_bytes)s, decode(%(plain_sha256)s, 'hex'),
    %(compressed_bytes)s, decode(%(compressed_sha256)s, 'hex'), %(stored_bytes)s, decode(%(stored_sha256)s, 'hex')
)
"""
_RECORDED = """
select
    archive, object_name, location, source_table, keep_until, is_encrypted, state, row_count,
    plain_bytes, encode(plain_sha256, 'hex') as plain_sha256,
    compressed_bytes, encode(compressed_sha256, 'hex') as compressed_sha256,
    stored_bytes, encode(stored_sha256, 'hex') as stored_sha256
from migration.archive_object
where location = %s
order by as_of, archive, object_name
"""
_LOOKED_AT = """
update migration.archive_object
set
    state = case when %(finding)s::text is null then 'verified' else 'damaged' end,
    finding = %(finding)s,
    verified_at = case when %(finding)s::text is null then clock_timestamp() else verified_at end,
    opened_at = case when %(is_opened)s then clock_timestamp() else opened_at end
where archive = %(archive)s and object_name = %(object_name)s
"""


@dataclass(frozen=True)
class RecordedFile:
    """A row of migration.archive_object; what speaks of rows and CSV is None for a manifest."""

    archive: str
    object_name: str
    location: str
    source_table: str | None
    keep_until: date
    is_encrypted: bool
    state: str
    row_count: int | None
    plain_bytes: int | None
    plain_sha256: str | None
    compressed_bytes: int | None
    compressed_sha256: str | None
    stored_bytes: int
    stored_sha256: str

    @property
    def stored(self) -> Digest:
        """The stored bytes as they were proven."""
        return Digest(self.stored_bytes, self.stored_sha256)

    @property
    def contents(self) -> Contents | None:
        """What a table's file was proven to be; None for a manifest."""
        if (
            self.row_count is None
            or self.plain_bytes is None
            or self.plain_sha256 is None
            or self.compressed_bytes is None
            or self.compressed_sha256 is None
        ):
            return None
        return Contents(
            self.row_count,
            Digest(self.plain_bytes, self.plain_sha256),
            Digest(self.compressed_bytes, self.compressed_sha256),
            self.stored,
        )


class ArchiveLedger:
    """The ledger as the archive's commands use it.

    Args:
        connection: of the publisher role, with autocommit.
    """

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def lock(self) -> None:
        """Be the only one who writes archives for this ledger, until the connection ends.

        Raises:
            RefusedError: another process is at it.
        """
        if not take_lock(self._connection, _LOCK):
            raise RefusedError(
                "another dtx archive is writing", hint="Wait for it to end, or end that process; then run this again."
            )

    def begin(self) -> int:
        """Start a run; the lock must be held. Returns its id."""
        self._connection.execute(_BURY)
        return int(fetch_value(self._connection, _BEGIN, [code_version(), socket.gethostname(), os.getpid()]))

    @contextmanager
    def run(self, outcome: Mapping[str, Any]) -> Iterator[int]:
        """A run, and how it ends; `outcome` is recorded as it is then."""
        run_id = self.begin()
        state = "failed"
        try:
            yield run_id
            state = "succeeded"
        except KeyboardInterrupt:
            state = "interrupted"
            raise
        finally:
            # Where the server is gone, the next run finds this one dead.
            with suppress(psycopg.Error):
                self._connection.execute(_END, [state, Jsonb(dict(outcome)), run_id])

    def record(self, run_id: int, location: str, manifest: Manifest, rendered: Digest) -> None:
        """Record a finished archive, all its files at once."""
        common = {
            "archive": manifest.archive,
            "location": location,
            "run_id": run_id,
            "as_of": manifest.as_of,
            "keep_until": manifest.keep_until,
        }
        files: list[dict[str, Any]] = [
            {
                "object_name": table.object_name,
                "system": manifest.system,
                "source_table": table.table,
                "is_encrypted": manifest.is_encrypted,
                "row_count": table.contents.records,
                "plain_bytes": table.contents.plain.size,
                "plain_sha256": table.contents.plain.sha256,
                "compressed_bytes": table.contents.compressed.size,
                "compressed_sha256": table.contents.compressed.sha256,
                "stored_bytes": table.contents.stored.size,
                "stored_sha256": table.contents.stored.sha256,
            }
            for table in manifest.tables
        ]
        files.append(
            {
                **dict.fromkeys(files[0]),
                "object_name": MANIFEST,
                "is_encrypted": False,
                "stored_bytes": rendered.size,
                "stored_sha256": rendered.sha256,
            }
        )
        with self._connection.transaction(), self._connection.cursor() as cursor:
            cursor.executemany(_RECORD, [{**common, **file} for file in files])

    def recorded(self, location: str) -> list[RecordedFile]:
        """Every file of every archive there, the oldest archive first."""
        with self._connection.cursor(row_factory=class_row(RecordedFile)) as cursor:
            return cursor.execute(_RECORDED, [location]).fetchall()

    def looked_at(self, file: RecordedFile, finding: str | None, *, is_opened: bool) -> None:
        """Record what reading a file found; None when it is what it was."""
        self._connection.execute(
            _LOOKED_AT,
            {
                "archive": file.archive,
                "object_name": file.object_name,
                "finding": finding,
                "is_opened": is_opened,
            },
        )


@contextmanager
def open_ledger(settings: Settings) -> Iterator[ArchiveLedger]:
    """The ledger, as the publisher role.

    Raises:
        ServiceError: PostgreSQL is out of reach, or the ledger's tables are not there.
    """
    try:
        with connect(settings, "publisher", autocommit=True) as connection:
            yield ArchiveLedger(connection)
    except (psycopg.OperationalError, psycopg.errors.InsufficientPrivilege, psycopg.errors.UndefinedTable) as error:
        raise ServiceError(
            f"the ledger failed (SQLSTATE {error.sqlstate or 'none: the connection was lost'})",
            hint="See that `dtx setup` ran and PostgreSQL is up, then run this again.",
        ) from None
