"""Holds S3 against the ledger: every verified object is read back, every stored object must have a row (F3, F6)."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from os.path import commonpath
from typing import Any, Literal

import psycopg
from botocore.exceptions import BotoCoreError, ClientError

from loaders.console import Meter
from loaders.files.connection import S3, unreachable
from loaders.files.limiter import Limiter
from loaders.files.multipart import PART_BYTES
from loaders.files.options import Options
from loaders.files.store import NotThereError, StoreFault, sha256_of, sha256_of_stored
from loaders.files.transfer import READINGS, Persistence
from loaders.files.workers import Workers

_PAGE = 500
_NAMED = 1_000
_TICK_SECONDS = 0.02
_GRACE_SECONDS = 7.0

Finding = Literal["same", "changed", "vanished", "unreachable"]

_VERIFIED = """
select entity, legacy_key, object_key, size_bytes, sha256 from migration.file_transfer
where entity = any(%s) and state = 'verified' and (entity, legacy_key) > (%s, %s)
order by entity, legacy_key limit %s
"""

# A vanished object is sent again by the next run; a changed one is a stranger's, and nothing is overwritten.
_DEMOTE = """
update migration.file_transfer t
set
    state = case v.finding when 'vanished' then 'planned' else 'rejected' end,
    reason_code = case v.finding when 'changed' then 'file_conflict' end,
    verified_at = null
from unnest(%s::text[], %s::text[], %s::bytea[], %s::text[]) as v (entity, legacy_key, sha256, finding)
where (t.entity, t.legacy_key) = (v.entity, v.legacy_key) and t.state = 'verified' and t.sha256 = v.sha256
"""

_KEY_RANGE = """
select min(object_key collate "C"), max(object_key collate "C") from migration.file_transfer where entity = %s
"""

_WITHOUT_ROW = """
select key, size from unnest(%s::text[], %s::bigint[]) as stored (key, size)
where not exists (select from migration.file_transfer where object_key = stored.key)
"""


@dataclass(frozen=True, slots=True)
class VerifiedObject:
    """A row of the ledger that says its object was proven."""

    entity: str
    legacy_key: str
    object_key: str
    size: int
    sha256: bytes


@dataclass
class Findings:
    """What verify saw.

    Attributes:
        files: objects by finding: `same`, `changed`, `vanished`, `unreachable`, `without_row`.
        bytes: theirs, as the ledger has them; of those without a row, as S3 says.
        keys: object keys by finding, except `same`; the first 1,000 of each.
        prefixes: what was listed.
        stored: objects under the prefixes.
        without_row: objects that the ledger does not know, the first 1,000: key and size. Listed, never deleted.
        interrupted: somebody asked to stop before the end.
    """

    files: Counter[str] = field(default_factory=Counter)
    bytes: Counter[str] = field(default_factory=Counter)
    keys: dict[str, list[str]] = field(default_factory=dict)
    prefixes: list[str] = field(default_factory=list)
    stored: int = 0
    without_row: list[tuple[str, int]] = field(default_factory=list)
    interrupted: bool = False

    @property
    def clean(self) -> bool:
        """Whether every object is there and the same, and none is without a row."""
        return not self.keys and not self.files["without_row"]

    def add(self, verified: VerifiedObject, finding: Finding) -> None:
        """Count one object."""
        self.files[finding] += 1
        self.bytes[finding] += verified.size
        if finding != "same" and self.files[finding] <= _NAMED:
            self.keys.setdefault(finding, []).append(verified.object_key)

    def add_without_row(self, found: Sequence[tuple[str, int]]) -> None:
        """Count objects that are in no row."""
        self.files["without_row"] += len(found)
        self.bytes["without_row"] += sum(size for _, size in found)
        self.without_row += found[: _NAMED - len(self.without_row)]


class Reading:
    """Reads one object back and compares it with the ledger; shared by all workers."""

    def __init__(self, options: Options, s3: S3, limiter: Limiter, stop: threading.Event) -> None:
        self._store, self._client, self._limiter, self._stop = s3.store, s3.client, limiter, stop
        self._bucket = options.bucket
        self._persistently = Persistence(options.attempts, limiter, stop)

    def __call__(self, verified: VerifiedObject) -> Finding | None:
        """The finding; None when it was given up because somebody asked to stop."""
        self._limiter.take(verified.size)
        try:
            stored = any(self._digest(verified) == verified.sha256 for _ in range(READINGS))
        except NotThereError:
            return "vanished"
        except StoreFault:
            return None if self._stop.is_set() else "unreachable"
        return "same" if stored else "changed"

    def _digest(self, verified: VerifiedObject) -> bytes:
        if verified.size <= PART_BYTES:
            return self._persistently(lambda: sha256_of(self._store.read(verified.object_key, verified.size)))
        return self._persistently(lambda: sha256_of_stored(self._client, self._bucket, verified.object_key))


def verify_objects(
    connection: psycopg.Connection,
    entities: Sequence[str],
    reading: Callable[[VerifiedObject], Finding | None],
    *,
    workers: int,
    stop: threading.Event,
    meter: Meter,
) -> Findings:
    """Read every verified object back; what is no longer proven loses its state in the ledger.

    Args:
        connection: a publisher connection with autocommit on.
        entities: whose objects.
        reading: judges one object.
        workers: how many threads.
        stop: set once somebody asked to stop.
        meter: shows the progress.
    """
    findings = Findings()
    threads: Workers[VerifiedObject, Finding | None] = Workers(workers, reading)
    pages = _pages(connection, entities)
    waiting, more = 0, True
    while (waiting or more) and not stop.is_set():
        if more and waiting < _PAGE:
            page = next(pages, [])
            threads.submit(page)
            waiting, more = waiting + len(page), bool(page)
        time.sleep(_TICK_SECONDS)
        waiting -= _collect(connection, threads, findings, meter)
    waiting -= len(threads.withdraw())
    deadline = time.monotonic() + _GRACE_SECONDS
    while waiting and time.monotonic() < deadline:
        time.sleep(_TICK_SECONDS)
        waiting -= _collect(connection, threads, findings, meter)
    findings.interrupted = stop.is_set()
    return findings


def list_without_row(
    connection: psycopg.Connection, client: Any, bucket: str, entities: Sequence[str], findings: Findings
) -> None:
    """Add to `findings` what lies under the ledger's prefixes and is in no row of it (F6).

    Raises:
        ServiceError: the bucket cannot be listed.
    """
    findings.prefixes = _prefixes(connection, entities)
    for prefix in findings.prefixes:
        try:
            for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
                entries = page.get("Contents", [])
                columns = [entry["Key"] for entry in entries], [entry["Size"] for entry in entries]
                findings.stored += len(entries)
                findings.add_without_row(connection.execute(_WITHOUT_ROW, columns).fetchall())
        except (BotoCoreError, ClientError) as error:
            raise unreachable(bucket, error) from None


def _collect(
    connection: psycopg.Connection,
    threads: Workers[VerifiedObject, Finding | None],
    findings: Findings,
    meter: Meter,
) -> int:
    finished = threads.finished()
    lost = []
    for verified, finding in finished:
        if finding is None:
            continue
        findings.add(verified, finding)
        if finding in ("changed", "vanished"):
            lost.append((verified.entity, verified.legacy_key, verified.sha256, finding))
    if lost:
        connection.execute(_DEMOTE, [list(column) for column in zip(*lost, strict=True)])
    meter.advance(len(finished), f"{findings.bytes.total() / 1e6:,.0f} MB")
    return len(finished)


def _pages(connection: psycopg.Connection, entities: Sequence[str]) -> Iterator[list[VerifiedObject]]:
    entity, legacy_key = "", ""
    while page := [
        VerifiedObject(*row) for row in connection.execute(_VERIFIED, [list(entities), entity, legacy_key, _PAGE])
    ]:
        yield page
        entity, legacy_key = page[-1].entity, page[-1].legacy_key


def _prefixes(connection: psycopg.Connection, entities: Sequence[str]) -> list[str]:
    """For each entity the folder that all its keys lie in; one that lies in another's is not listed twice."""
    found: set[str] = set()
    for entity in entities:
        first, last = connection.execute(_KEY_RANGE, [entity]).fetchone() or (None, None)
        if first is not None:
            folder = commonpath([f"/{first}", f"/{last}", f"/{first}".rpartition("/")[0] or "/"])
            found.add(folder.strip("/") + "/" if folder != "/" else "")
    return sorted(one for one in found if not any(one != other and one.startswith(other) for other in found))
