"""Two connections to the target that see one snapshot, so that what is proven side by side is proven of one state."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

import psycopg
from psycopg import sql

from loaders.database import connect, fetch_value, reading
from loaders.settings import Settings

# What a sort or a hash table cannot hold goes through temporary files: memory does not grow with the rows.
# To compile a hash's long expression takes longer than it saves: 0.3 s of the 2 s for 500,000 rows, and memory.
_BEGIN = "set transaction isolation level repeatable read; set local work_mem = '64MB'; set local jit = off"


@contextmanager
def one_snapshot(settings: Settings) -> Iterator[tuple[psycopg.Connection, psycopg.Connection]]:
    """Two connections of the transform role in one snapshot; their temporary tables go with their transactions.

    The second must not COPY.

    Raises:
        ConfigurationError: something that is judged by has not been built.
        ServiceError: the server is out of reach or failed; without it nothing can be judged (exit code 2).
    """
    with (
        reading(
            "the target",
            built_from=f"{settings.system.raw_schema}, a model of dbt's or the ledger",
            hint=f"Replicate, run dbt build, then {settings.system.command} publish: the order of meltano.yml's job.",
        ),
        connect(settings, "transform") as first,
        connect(settings, "transform") as second,
    ):
        # Whoever exports has two snapshots open; COPY with FREEZE, into a temporary table, allows but one.
        second.execute(_BEGIN)
        snapshot = fetch_value(second, "select pg_export_snapshot()")
        first.execute(_BEGIN)
        first.execute(sql.SQL("set transaction snapshot {}").format(sql.Literal(snapshot)))
        yield first, second
        first.rollback()
        second.rollback()


@contextmanager
def working_beside(connection: psycopg.Connection) -> Iterator[ThreadPoolExecutor]:
    """A thread for the work on one connection; whatever ends the block early, Ctrl-C too, ends that work as well."""
    with ThreadPoolExecutor(max_workers=1) as worker:
        try:
            yield worker
        except BaseException:
            worker.shutdown(wait=False, cancel_futures=True)
            with suppress(psycopg.Error):
                connection.cancel_safe()
            raise
