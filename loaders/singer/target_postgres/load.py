"""One stream's load: a connection, a transaction and a thread of its own."""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

import psycopg
from psycopg import sql

from loaders.errors import LossError
from loaders.singer.plugin import report
from loaders.singer.target_postgres.blocks import read_chunks
from loaders.singer.target_postgres.config import TargetConfig
from loaders.singer.target_postgres.csv_text import is_storable, set_aside_unstorable, whole_records
from loaders.singer.target_postgres.database import connect, database_error
from loaders.singer.target_postgres.raw_table import (
    INCOMING,
    UNSTORABLE,
    Drift,
    RawTable,
    adapt,
    begin_full,
    begin_increment,
    copy_statement,
    end_full,
    end_increment,
    read_last_load,
    record_load,
)


@dataclass(frozen=True)
class Outcome:
    """How a load ended: committed, or with an error."""

    stream: str
    error: BaseException | None


@dataclass(frozen=True)
class LoadOrder:
    """What to load.

    Attributes:
        table: where to.
        drift: how the stream differs from the table.
        columns: the columns of the CSV.
        as_of: the rows' time.
        version: the stream's version for a full load, None for an increment.
    """

    table: RawTable
    drift: Drift
    columns: tuple[str, ...]
    as_of: datetime
    version: int | None


class Load:
    """A load in progress.

    Args:
        config: the settings.
        order: what to load.
        descriptor: where the CSV is read from; the load closes it.
        given_up: set when nothing more can come.
        finished: called with the outcome, from the load's thread.
    """

    def __init__(
        self,
        config: TargetConfig,
        order: LoadOrder,
        descriptor: int,
        given_up: threading.Event,
        finished: Callable[[Outcome], None],
    ) -> None:
        self._config, self._order, self._descriptor = config, order, descriptor
        self._given_up, self._finished = given_up, finished
        self._declared: queue.SimpleQueue[int | None] = queue.SimpleQueue()
        # A daemon: when another stream fails the process ends, and the server rolls this one back.
        threading.Thread(target=self._work, daemon=True).start()

    def finish(self, rows: int | None) -> None:
        """Commit if this many rows arrive; roll back if `rows` is None, for a stream without its end marker."""
        self._declared.put(rows)

    def _work(self) -> None:
        error: BaseException | None = None
        try:
            with connect(self._config) as connection:
                self._run(connection)
        except psycopg.Error as failure:
            error = database_error(failure, self._order.table.name)
        except BaseException as failure:  # noqa: BLE001 - handed to the main thread, which raises it
            error = failure
        finally:
            os.close(self._descriptor)
        self._finished(Outcome(self._order.table.name, error))

    def _run(self, connection: psycopg.Connection) -> None:
        order, started = self._order, time.monotonic()
        table = order.table
        last = read_last_load(connection, table)
        before = last.row_count if last else 0
        adapt(connection, table, order.drift)
        if order.version is None:
            method = "incremental"
            begin_increment(connection, table, order.as_of)
            loaded = self._copy(connection, INCOMING)
            self._check_end(loaded)
            row_count = before + end_increment(connection, table)
        else:
            method = "full table"
            begin_full(connection, table, order.drift, order.as_of)
            loaded = self._copy(connection, table.identifier)
            self._check_end(loaded)
            self._check_shrink(loaded, before)
            end_full(connection, table)
            row_count = loaded
        record_load(
            connection,
            table,
            order.drift,
            as_of=order.as_of,
            row_count=row_count,
            method=method,
            version=last.version if last and order.version is None else order.version,
        )
        connection.commit()
        seconds = time.monotonic() - started
        report(f"{table.name}: {loaded:,} rows loaded in {seconds:,.1f} s ({method}), {row_count:,} in the table")

    def _copy(self, connection: psycopg.Connection, into: sql.Composable) -> int:
        # Storable blocks, nearly always all, go through as they are; the others get the column that keeps the bytes.
        table, columns = self._order.table, self._order.columns
        loaded = set_aside = 0
        cursor = connection.cursor()
        records = whole_records(read_chunks(self._descriptor, self._given_up))
        for storable, blocks in groupby(records, is_storable):
            with cursor.copy(copy_statement(into, columns if storable else (*columns, UNSTORABLE))) as copy:
                for block in blocks:
                    if storable:
                        copy.write(block)
                    else:
                        rendered, count = set_aside_unstorable(block, columns)
                        copy.write(rendered)
                        set_aside += count
            loaded += cursor.rowcount
        if set_aside:
            report(
                f"warning: {table.name}: {set_aside:,} rows hold text that PostgreSQL cannot store; "
                f"it is in {UNSTORABLE}, as hex digits"
            )
        return loaded

    def _check_end(self, loaded: int) -> None:
        name, declared = self._order.table.name, self._declared.get()
        if declared is None:
            raise LossError(
                f"{name}: the stream broke off before its end; the table is as it was",
                hint="The tap's own message says why; run it again.",
            )
        if declared != loaded:
            raise LossError(
                f"{name}: {declared:,} rows were sent and {loaded:,} arrived; the table is as it was",
                hint="Run it again; if it stays so, tap and target do not agree on the CSV.",
            )

    def _check_shrink(self, loaded: int, before: int) -> None:
        name = self._order.table.name
        if name in self._config.allow_shrink or loaded >= before:
            return
        if loaded == 0 or before - loaded > before * self._config.max_shrink_share:
            raise LossError(
                f"{name}: {loaded:,} rows came where the last load brought {before:,}; the table is as it was",
                hint="If that is right, name it in target-postgres' `allow_shrink` in meltano.yml.",
            )
