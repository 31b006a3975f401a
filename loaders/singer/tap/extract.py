"""Reads the planned streams, several at a time, and tells the target of each."""

from __future__ import annotations

import queue
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from loaders.errors import ServiceError
from loaders.singer.messages import (
    ActivateVersionMessage,
    BatchMessage,
    SchemaMessage,
    StateMessage,
    TapMessage,
    format_message,
)
from loaders.singer.plugin import report
from loaders.singer.tap.plan import StreamPlan
from loaders.singer.tap.source import ColumnT, Opened, Session
from loaders.singer.tap.spool import Spool, open_for_writing
from loaders.singer.tap.table import Column, properties


class Outlet:
    """Writes messages to stdout, whole lines from any thread, and keeps the state."""

    def __init__(self, state: Mapping[str, Any]) -> None:
        self._lock = threading.Lock()
        self._bookmarks: dict[str, Any] = dict(state.get("bookmarks") or {})

    def send(self, message: TapMessage) -> None:
        """Send one message."""
        with self._lock:
            self._write(message)

    def bookmark(self, stream: StreamPlan[Column], value: str | None) -> None:
        """Remember how far a stream was read, and send the state."""
        if stream.replication_key is None or value is None:
            return
        with self._lock:
            self._bookmarks[stream.table.name] = {
                "replication_key": stream.replication_key.name,
                "replication_key_value": value,
            }
            self._write(StateMessage({"bookmarks": self._bookmarks}))

    def _write(self, message: TapMessage) -> None:
        try:
            sys.stdout.write(format_message(message) + "\n")
            sys.stdout.flush()
        except BrokenPipeError:
            raise ServiceError("the target is gone") from None


def schema_message(stream: StreamPlan[Column]) -> SchemaMessage:
    """The message that announces a stream."""
    key = stream.replication_key
    return SchemaMessage(
        stream=stream.table.name,
        properties=properties(stream.columns),
        key_properties=stream.table.key,
        bookmark_properties=() if key is None else (key.name,),
    )


def extract(streams: Sequence[StreamPlan[ColumnT]], opened: Opened[ColumnT], outlet: Outlet, spool: Spool) -> None:
    """Read every stream, the biggest first, each session one at a time.

    Args:
        streams: what to read.
        opened: sessions on one snapshot.
        outlet: where messages go.
        spool: where pipes are made.

    Raises:
        MigrationError: the first failure of any stream; the others are given up.
    """
    waiting: queue.SimpleQueue[StreamPlan[ColumnT]] = queue.SimpleQueue()
    for stream in sorted(streams, key=lambda stream: stream.table.data_bytes, reverse=True):
        waiting.put(stream)
    outcomes: queue.SimpleQueue[BaseException | None] = queue.SimpleQueue()

    def work(session: Session[ColumnT]) -> None:
        try:
            while True:
                try:
                    stream = waiting.get_nowait()
                except queue.Empty:
                    break
                _extract_stream(stream, session, opened.as_of, outlet, spool)
            outcomes.put(None)
        except BaseException as error:  # noqa: BLE001 - handed to the main thread, which raises it
            outcomes.put(error)

    # Daemons: after a failure the others are given up, and the target rolls back what has no end marker.
    for session in opened.sessions:
        threading.Thread(target=work, args=(session,), daemon=True).start()
    for _ in opened.sessions:
        if (failure := outcomes.get()) is not None:
            raise failure


def _extract_stream(
    stream: StreamPlan[ColumnT], session: Session[ColumnT], as_of: datetime, outlet: Outlet, spool: Spool
) -> None:
    name, started = stream.table.name, time.monotonic()
    version = None if stream.is_increment else int(as_of.timestamp() * 1000)
    columns = tuple(column.name for column in stream.columns)
    rows = size = 0
    with spool.pipe() as path:
        bookmark = None if stream.replication_key is None else session.highest_key(stream)
        outlet.send(BatchMessage(name, (path.as_uri(),), columns, version, as_of))
        try:
            with open_for_writing(path) as pipe:
                for block, count in session.read_rows(stream):
                    pipe.write(block)
                    rows += count
                    size += len(block)
        except BrokenPipeError:
            raise ServiceError(f"{name}: the target stopped reading", hint="Its own message says why.") from None
    outlet.send(BatchMessage(name, (), columns, version, as_of, rows))
    if version is not None:
        outlet.send(ActivateVersionMessage(name, version))
    outlet.bookmark(stream, bookmark)
    seconds = time.monotonic() - started
    report(f"{name}: {rows:,} rows, {size / 1e6:,.1f} MB read in {seconds:,.1f} s")
