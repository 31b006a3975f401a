"""The one run that writes: an advisory lock for a good message, a fencing token for correctness (P2, P4, P10)."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import psycopg
import tenacity
from psycopg import errors, sql

from loaders.database import take_lock
from loaders.errors import RefusedError, ServiceError
from loaders.publish.faults import describe
from loaders.publish.interrupt import Interrupt
from loaders.publish.query import only_row

LEASE = "publish"
# "DTX" in ASCII and the lease's number: no other program takes this pair by chance.
_LOCK = (0x445458, 1)

_BATCH_SETTINGS = (
    "set local lock_timeout = '5s'; set local statement_timeout = '300s'; "
    "set local idle_in_transaction_session_timeout = '60s'; set local timezone = 'UTC'; "
    # A batch's statements run once each: to compile them takes longer than to run them.
    "set local jit = off"
)
_ATTEMPTS = 6
_RECONNECT_SECONDS = 60.0
# What may be gone a moment later: serialization, deadlock, lock and statement timeouts, a server that stops, starts or
# has no connection left.
_TRANSIENT = (
    errors.SerializationFailure,
    errors.DeadlockDetected,
    errors.LockNotAvailable,
    errors.QueryCanceled,
    errors.AdminShutdown,
    errors.CrashShutdown,
    errors.CannotConnectNow,
    errors.TooManyConnections,
    errors.IdleInTransactionSessionTimeout,
)

Outcome = TypeVar("Outcome")


class ConnectionLostError(ServiceError):
    """The connection broke in a batch of which the ledger knows nothing: it was not committed."""


class WriterSession:
    """A connection of the run that holds the writer lease; it takes it up again after it was lost.

    The first holds the advisory lock. Others, for batches that are written side by side, have the fencing token alone.

    Attributes:
        connection: the writing connection.
        interrupt: whether somebody asked the run to stop.
        run_id: the run that the lease was taken for.
        fencing_token: checked under a share lock in every batch; whoever has a newer one has ended our right to write.
    """

    def __init__(self, connect: Callable[[], psycopg.Connection], interrupt: Interrupt) -> None:
        self._connect = connect
        self._backend: tuple[object, ...] = (None, None)
        self._marker: sql.Identifier | None = None
        self._is_first = True
        self.interrupt = interrupt
        self.connection = connect()
        self.run_id = 0
        self.fencing_token = 0
        interrupt.watch(self.connection)

    def lock(self) -> None:
        """Take the advisory lock on the writing connection.

        Raises:
            RefusedError: another session holds it; names the run, host, process and session.
        """
        if not take_lock(self.connection, _LOCK):
            self.interrupt.check()
            raise RefusedError(
                f"another publish or rollback is writing to this database: {self._holder()}",
                hint="Wait for it to end; if it hangs, end that process. Then run the same command again.",
            )
        self._recognise()

    def take_lease(self, run_id: int) -> None:
        """Raise the fencing token for a run; the lock must be held. Waits for a predecessor's last batch to end."""
        row = self.connection.execute(
            "update migration.writer_lease set fencing_token = writer_lease.fencing_token + 1, run_id = run.run_id, "
            "holder = run.host || ' process ' || run.process_id, acquired_at = clock_timestamp() "
            "from migration.run where run.run_id = %s and name = %s returning writer_lease.fencing_token",
            [run_id, LEASE],
        ).fetchone()
        if row is None:
            raise RefusedError("migration.writer_lease has no row for the publisher", hint="Run dtx setup.")
        self.run_id, self.fencing_token = run_id, row[0]
        self.connection.execute(
            "update migration.run set fencing_token = %s, backend_pid = pg_backend_pid() where run_id = %s",
            [self.fencing_token, run_id],
        )
        self.connection.commit()

    def another(self) -> WriterSession:
        """A further connection of the same run, for another thread."""
        session = WriterSession(self._connect, self.interrupt)
        session._is_first, session._marker = False, self._marker
        session.run_id, session.fencing_token = self.run_id, self.fencing_token
        session._recognise()
        return session

    def begin_batch(self) -> None:
        """Set a batch transaction's timeouts and check the token under a share lock.

        Raises:
            RefusedError: another run has taken the lease since.
        """
        self.connection.execute(_BATCH_SETTINGS)
        self.hold_lease()

    def hold_lease(self) -> None:
        """Check the token, and keep a rival from raising it until the transaction ends.

        Raises:
            RefusedError: another run has taken the lease since.
        """
        self._check_token("for share")

    def watch_frozen(self, marker: sql.Identifier) -> None:
        """Name an unlogged table with one row: a server crash empties it, together with the run's frozen input."""
        self._marker = marker

    def attempt(self, work: Callable[[], Outcome], recall: Callable[[], Outcome | None]) -> Outcome:
        """Do one transaction, again where the failure may pass; after a lost connection ask the ledger first (P2).

        Args:
            work: begins, writes and commits one transaction.
            recall: reads what the ledger says of that transaction on a new connection; None when it has no trace.

        Raises:
            ServiceError: it failed for as often as we try; nothing of it is in the database.
            psycopg.Error: a failure that a further attempt would not change; rolled back.
        """
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type((*_TRANSIENT, ConnectionLostError)),
            stop=tenacity.stop_after_attempt(_ATTEMPTS),
            wait=tenacity.wait_random_exponential(multiplier=0.5, max=8),
            sleep=self.interrupt.sleep,
            reraise=True,
        )
        try:
            outcome: Outcome = retrying(self._once, work, recall)
            return outcome
        except _TRANSIENT as error:
            raise ServiceError(
                f"a batch failed {_ATTEMPTS} times, last with {describe(error)}; nothing of it was written",
                hint="Find what holds the table or stops the server, then run the same command again.",
            ) from None

    def close(self) -> None:
        """Close the connection, which frees the lock."""
        self.connection.close()

    def _once(self, work: Callable[[], Outcome], recall: Callable[[], Outcome | None]) -> Outcome:
        try:
            return work()
        except psycopg.Error as error:
            if self.connection.closed:
                self._reconnect()
                outcome = recall()
                self.connection.rollback()
                if outcome is None:
                    raise ConnectionLostError(
                        f"the connection broke ({describe(error)}) and the ledger has no trace of the batch",
                        hint="Run the same command again to go on where it stopped.",
                    ) from None
                return outcome
            self.connection.rollback()
            self.interrupt.check()
            raise
        except BaseException:
            self.connection.rollback()
            raise

    def _reconnect(self) -> None:
        deadline = time.monotonic() + _RECONNECT_SECONDS
        connecting = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(ServiceError),
            stop=tenacity.stop_after_delay(_RECONNECT_SECONDS),
            wait=tenacity.wait_fixed(0.5),
            sleep=self.interrupt.sleep,
            reraise=True,
        )
        old_backend = self._backend
        self.connection = connecting(self._connect)
        self.interrupt.watch(self.connection)
        # The server may not know yet that the old connection is dead; its transaction must end before we ask for it.
        self.connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where pid = %s and backend_start = %s",
            old_backend,
        )
        self.connection.commit()
        if self._is_first:
            self._lock_again(deadline)
        else:
            self._await_end_of(old_backend, deadline)
            self._recognise()
        self._check_marker()

    def _lock_again(self, deadline: float) -> None:
        while not self._try_lock():
            self._check_token("")
            self.connection.rollback()
            if time.monotonic() > deadline:
                raise RefusedError(
                    f"the connection was lost and another session took the writer lock: {self._holder()}",
                    hint="Let it end; then run the same command again.",
                )
            self.interrupt.sleep(0.2)
        self._check_token("for update")
        self.connection.execute(
            "update migration.run set backend_pid = pg_backend_pid() where run_id = %s", [self.run_id]
        )
        self.connection.commit()

    def _await_end_of(self, backend: tuple[object, ...], deadline: float) -> None:
        """Wait until a lost connection's transaction has ended, so that the ledger can be asked for it."""
        living = "select from pg_stat_activity where pid = %s and backend_start = %s"
        while self.connection.execute(living, backend).fetchone() is not None:
            self.connection.rollback()
            if time.monotonic() > deadline:
                raise ConnectionLostError(
                    "the connection broke and the server's session of it does not end",
                    hint="End that session with pg_terminate_backend, then run the same command again.",
                )
            self.interrupt.sleep(0.2)
        self.connection.rollback()

    def _check_token(self, lock: str) -> None:
        row = self.connection.execute(
            f"select fencing_token, run_id from migration.writer_lease where name = %s {lock}", [LEASE]
        ).fetchone()
        if row is None or row[0] != self.fencing_token:
            raise RefusedError(
                f"run {self.run_id} lost its right to write to run {row[1] if row else 'unknown'}; "
                "nothing of the current batch was written",
                hint="Let the other run end; then run the same command again if anything is left to do.",
            )

    def _check_marker(self) -> None:
        if self._marker is None:
            return
        kept = self.connection.execute(sql.SQL("select from {}").format(self._marker)).fetchone()
        self.connection.commit()
        if kept is None:
            raise ServiceError(
                "the server crashed and the run's frozen input is gone with it; all committed batches are kept",
                hint="Run the same command again to go on where it stopped.",
            )

    def _try_lock(self) -> bool:
        (taken,) = only_row(self.connection.execute("select pg_try_advisory_lock(%s, %s)", _LOCK))
        self._recognise()
        return bool(taken)

    def _recognise(self) -> None:
        """Note which of the server's sessions this is."""
        self._backend = only_row(
            self.connection.execute("select pid, backend_start from pg_stat_activity where pid = pg_backend_pid()")
        )
        self.connection.commit()

    def _holder(self) -> str:
        row = self.connection.execute(
            "select pg_locks.pid, run.run_id, run.command, run.host, run.process_id, run.started_at "
            "from pg_locks left join migration.run on run.backend_pid = pg_locks.pid and run.state = 'running' "
            "where locktype = 'advisory' and classid = %s and objid = %s and granted "
            "and pg_locks.database = (select oid from pg_database where datname = current_database())",
            _LOCK,
        ).fetchone()
        self.connection.commit()
        if row is None:
            return "it ended just now"
        session, run_id, command, host, process_id, started_at = row
        if run_id is None:
            return f"PostgreSQL session {session}, which has no run yet"
        return (
            f"run {run_id} (dtx {command}) on {host}, process {process_id}, PostgreSQL session {session}, "
            f"since {started_at:%Y-%m-%d %H:%M:%S %Z}"
        )
