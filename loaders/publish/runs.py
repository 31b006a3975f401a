"""Run rows of the ledger."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import socket
import subprocess
from collections.abc import Mapping
from functools import cache
from typing import Any, Literal

import psycopg
from psycopg.types.json import Jsonb

from loaders.settings import PROJECT_ROOT

RunState = Literal["succeeded", "failed", "interrupted"]


@cache
def code_version() -> str:
    """The package's version, and the commit it stands at where git can tell."""
    try:
        version = importlib.metadata.version("dtx-migration")
    except importlib.metadata.PackageNotFoundError:
        version = "not installed"
    git = shutil.which("git")
    if git is None or not (PROJECT_ROOT / ".git").exists():
        return version
    commit = subprocess.run(
        [git, "-C", PROJECT_ROOT, "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True, check=False
    )
    return f"{version}+{commit.stdout.strip()}" if commit.returncode == 0 else version


def start_run(connection: psycopg.Connection, command: str) -> int:
    """Record that a run begins, and that runs of the same lease that still say `running` have died.

    Args:
        connection: holds the writer lock; committed.
        command: the verb, such as `publish`.

    Returns:
        The run's id.
    """
    connection.execute(
        "update migration.run set state = 'interrupted', finished_at = clock_timestamp(), "
        """outcome = outcome || '{"ended": "found dead by a later run"}' """
        "where state = 'running' and command in ('publish', 'rollback')"
    )
    row = connection.execute(
        "insert into migration.run (command, state, code_version, host, process_id, backend_pid) "
        "values (%s, 'running', %s, %s, %s, pg_backend_pid()) returning run_id",
        [command, code_version(), socket.gethostname(), os.getpid()],
    ).fetchone()
    connection.commit()
    assert row is not None  # noqa: S101 - returning
    return int(row[0])


def finish_run(connection: psycopg.Connection, run_id: int, state: RunState, outcome: Mapping[str, Any]) -> None:
    """Record how a run ended; a run that a later one has declared dead keeps that verdict."""
    connection.rollback()
    connection.execute(
        "update migration.run set state = %s, finished_at = clock_timestamp(), outcome = %s "
        "where run_id = %s and state = 'running'",
        [state, Jsonb(dict(outcome)), run_id],
    )
    connection.commit()
