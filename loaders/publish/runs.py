"""Run rows of the ledger."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any, Literal

import psycopg
from psycopg.types.json import Jsonb

from loaders.ledger.code_version import code_version
from loaders.publish.query import only_row
from loaders.publish.session import WriterSession

_State = Literal["succeeded", "failed", "interrupted"]


@cache
@contextmanager
def writing_run(session: WriterSession, command: str, outcome: Callable[[], Mapping[str, Any]]) -> Iterator[int]:
    """A run that holds the lease; how it ends is recorded, unless the server is gone: then the next run does it.

    Args:
        session: holds the writer lock.
        command: the verb, such as `publish`.
        outcome: what to record at the end.

    Yields:
        The run's id.

    Raises:
        KeyboardInterrupt: somebody asked to stop, even if what ended was a cancelled statement.
    """
    run_id = _start(session.connection, command)
    session.take_lease(run_id)
    state: _State = "failed"
    try:
        yield run_id
        state = "succeeded"
    except KeyboardInterrupt:
        state = "interrupted"
        raise
    except psycopg.Error:
        if session.interrupt.is_asked:
            state = "interrupted"
            raise KeyboardInterrupt from None
        raise
    finally:
        with suppress(psycopg.Error):
            _finish(session.connection, run_id, state, outcome())


def _start(connection: psycopg.Connection, command: str) -> int:
    # Whoever of this lease still says `running` has died: we hold the lock.
    connection.execute(
        "update migration.run set state = 'interrupted', finished_at = clock_timestamp(), "
        """outcome = outcome || '{"ended": "found dead by a later run"}' """
        "where state = 'running' and command in ('publish', 'rollback')"
    )
    (run_id,) = only_row(
        connection.execute(
            "insert into migration.run (command, state, code_version, host, process_id, backend_pid) "
            "values (%s, 'running', %s, %s, %s, pg_backend_pid()) returning run_id",
            [command, code_version(), socket.gethostname(), os.getpid()],
        )
    )
    connection.commit()
    return int(run_id)


def _finish(connection: psycopg.Connection, run_id: int, state: _State, outcome: Mapping[str, Any]) -> None:
    # A run that a later one has declared dead keeps that verdict.
    connection.rollback()
    connection.execute(
        "update migration.run set state = %s, finished_at = clock_timestamp(), outcome = %s "
        "where run_id = %s and state = 'running'",
        [state, Jsonb(dict(outcome)), run_id],
    )
    connection.commit()
