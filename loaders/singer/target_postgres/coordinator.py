"""Gives each stream its load, and hands out the state once everything before it is committed."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, BinaryIO

import psycopg

from loaders.errors import LossError, RefusedError, ServiceError
from loaders.singer.messages import (
    ActivateVersionMessage,
    BatchMessage,
    Message,
    RecordMessage,
    SchemaMessage,
    StateMessage,
)
from loaders.singer.plugin import report
from loaders.singer.target_postgres.blocks import open_manifest_entry
from loaders.singer.target_postgres.config import TargetConfig
from loaders.singer.target_postgres.csv_text import render_record
from loaders.singer.target_postgres.load import Load, LoadOrder, Outcome
from loaders.singer.target_postgres.raw_table import (
    Drift,
    RawTable,
    check_vanished,
    raw_table,
    read_drift,
    read_last_load,
)

_BUFFER_BYTES = 1 << 18


@dataclass
class _Stream:
    """What is known of a stream so far."""

    table: RawTable
    drift: Drift
    load: Load | None = None
    ended: bool = False
    # A full load's version; None for an increment.
    version: int | None = None
    # Batches: the rows that the tap declared at the end.
    declared: int | None = None
    # Records: where they are written to as CSV, and how many were.
    pipe: BinaryIO | None = None
    sent: int = 0
    # The version of the last ACTIVATE_VERSION that came while there was no load.
    activated: int | None = None


class Coordinator:
    """Reacts to messages and to loads that end.

    Args:
        config: the settings.
        connection: to look at the raw layer; commits nothing.
        finished: called from a load's thread when it ends.
        emit_state: called with each state whose streams are all committed.
    """

    def __init__(
        self,
        config: TargetConfig,
        connection: psycopg.Connection,
        finished: Callable[[Outcome], None],
        emit_state: Callable[[Mapping[str, Any]], None],
    ) -> None:
        self._config, self._connection = config, connection
        self._finished, self._emit_state = finished, emit_state
        self._streams: dict[str, _Stream] = {}
        self._running: set[str] = set()
        # Each state waits for the streams that ran when it came.
        self._states: deque[tuple[Mapping[str, Any], set[str]]] = deque()
        self._given_up = threading.Event()

    @property
    def is_idle(self) -> bool:
        """Whether no load runs."""
        return not self._running

    def handle(self, message: Message) -> None:
        """React to a message.

        Raises:
            MigrationError: the stream cannot be loaded.
        """
        match message:
            case SchemaMessage():
                self._on_schema(message)
            case RecordMessage():
                self._on_record(message)
            case BatchMessage():
                self._on_batch(message)
            case ActivateVersionMessage():
                self._on_activate(message)
            case StateMessage():
                self._states.append((message.value, set(self._running)))
                self._emit_states()

    def on_outcome(self, outcome: Outcome) -> None:
        """React to a load that ended.

        Raises:
            MigrationError: it failed.
        """
        if outcome.error is not None:
            raise outcome.error
        self._running.discard(outcome.stream)
        for _, waiting in self._states:
            waiting.discard(outcome.stream)
        self._emit_states()

    def on_end(self) -> None:
        """React to the end of all messages: what can be complete is finished, all else rolled back."""
        self._given_up.set()
        for stream in self._streams.values():
            if stream.ended:
                continue
            if stream.load is None:
                if stream.activated is not None:
                    self._start_records(stream, stream.activated, None)
                    self._finish(stream, 0)
            elif stream.pipe is not None and (stream.version is None or stream.table.has_bookmark):
                # Records merged by key need no end marker: the state says how far they reach.
                self._finish(stream, stream.sent)
            else:
                self._finish(stream, None)

    def _on_schema(self, message: SchemaMessage) -> None:
        table = raw_table(self._config.raw_schema, message)
        known = self._streams.get(message.stream)
        if known is not None and known.table == table:
            return
        if known is not None and known.load is not None:
            raise ServiceError(f"{table.name}: the tap changed the columns while sending rows")
        self._streams[message.stream] = _Stream(table, read_drift(self._connection, table))

    def _on_record(self, message: RecordMessage) -> None:
        stream = self._stream(message.stream)
        if stream.load is None:
            self._start_records(stream, message.version, message.time_extracted)
        if stream.pipe is None or stream.ended:
            raise ServiceError(f"{message.stream}: the tap sent a record after the stream's end, or among batches")
        stream.sent += 1
        _write(stream.pipe, render_record(message.record, stream.table.columns, stream.table.binary))

    def _on_batch(self, message: BatchMessage) -> None:
        stream = self._stream(message.stream)
        if message.rows is not None:
            stream.declared = message.rows
            if message.version is None:
                self._finish(stream, message.rows)
            return
        if stream.load is not None or len(message.manifest) != 1:
            raise ServiceError(f"{message.stream}: a stream's rows must come in one file or named pipe")
        if message.version is None and stream.drift.is_new:
            raise LossError(
                f"{message.stream}: an increment came for a table that was never loaded",
                hint="Load it in full first: `meltano run --full-refresh`.",
            )
        rows = open_manifest_entry(message.manifest[0])
        self._start(stream, message.version, message.time_extracted, message.columns, rows)

    def _on_activate(self, message: ActivateVersionMessage) -> None:
        stream = self._stream(message.stream)
        if stream.load is None:
            # Some taps send it before a first load's records.
            stream.activated = message.version
        elif stream.version == message.version and not stream.ended:
            if stream.pipe is None and stream.declared is None:
                raise ServiceError(f"{message.stream}: the batch was activated before its rows were declared")
            self._finish(stream, stream.sent if stream.pipe else stream.declared)

    def _start_records(self, stream: _Stream, version: int | None, extracted: datetime | None) -> None:
        last = read_last_load(self._connection, stream.table)
        is_full = version is not None and (last is None or last.version != version)
        if not is_full and not stream.table.key:
            raise RefusedError(
                f"{stream.table.name}: its records have neither a new version nor a key, so they could only pile up",
                hint="Let the tap send a key, or the table as FULL_TABLE.",
            )
        reading, writing = os.pipe()
        stream.pipe = os.fdopen(writing, "wb", buffering=_BUFFER_BYTES)
        self._start(stream, version if is_full else None, extracted, stream.table.columns, reading)

    def _start(
        self,
        stream: _Stream,
        version: int | None,
        extracted: datetime | None,
        columns: tuple[str, ...],
        descriptor: int,
    ) -> None:
        check_vanished(
            {known.table.name: known.drift.vanished for known in self._streams.values()},
            self._config.allow_vanished_columns,
        )
        name, drift = stream.table.name, stream.drift
        if drift.added:
            report(f"new columns in the source: {', '.join(f'{name}.{column}' for column in drift.added)}")
        if drift.vanished:
            report(f"gone from the source, as allowed: {', '.join(f'{name}.{column}' for column in drift.vanished)}")
        stream.version = version
        self._running.add(name)
        order = LoadOrder(stream.table, drift, columns, extracted or datetime.now(UTC), version)
        stream.load = Load(self._config, order, descriptor, self._given_up, self._finished)

    def _finish(self, stream: _Stream, rows: int | None) -> None:
        stream.ended = True
        if stream.load is None:
            raise ServiceError(f"{stream.table.name}: the tap ended a stream that had not begun")
        if stream.pipe is not None:
            _close(stream.pipe)
        stream.load.finish(rows)

    def _stream(self, name: str) -> _Stream:
        if name not in self._streams:
            raise ServiceError(f"{name}: the tap sent rows before the stream's SCHEMA")
        return self._streams[name]

    def _emit_states(self) -> None:
        while self._states and not self._states[0][1]:
            self._emit_state(self._states.popleft()[0])


def _write(pipe: BinaryIO, record: bytes) -> None:
    # A load that failed has closed its end; its outcome says why.
    with suppress(BrokenPipeError):
        pipe.write(record)


def _close(pipe: BinaryIO) -> None:
    with suppress(BrokenPipeError):
        pipe.close()
