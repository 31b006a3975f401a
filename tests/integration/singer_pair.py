"""Runs the two plugins as Meltano does: two processes and a pipe."""

from __future__ import annotations

import json
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pymysql
from psycopg import sql

from loaders.database import connect
from loaders.settings import Settings
from sandbox.servers.mariadb import MariaDB
from sandbox.servers.postgres import TRANSFORM, Postgres

TAPS = {kind: [sys.executable, "-m", f"loaders.singer.tap_{kind}.cli"] for kind in ("mysql", "postgres")}
TARGET = [sys.executable, "-m", "loaders.singer.target_postgres.cli"]
RAW = "raw_dtx1"


@dataclass(frozen=True)
class Ran:
    """What two plugins left behind."""

    tap_code: int
    target_code: int
    log: str
    states: list[dict[str, Any]] = field(default_factory=list)

    @property
    def codes(self) -> tuple[int, int]:
        return self.tap_code, self.target_code


@dataclass(frozen=True)
class Plugins(ABC):
    """A tap and the target, set up for one database of the test servers."""

    settings: Settings
    folder: Path

    @abstractmethod
    def tap_command(self, **config: Any) -> list[str]:
        """The tap with these settings beside its source's."""

    def target(self) -> psycopg.Connection:
        return connect(self.settings, "transform", autocommit=True)

    def raw(self, table: str, *columns: str, order: str = "1") -> list[tuple[Any, ...]]:
        names = sql.SQL(", ").join(map(sql.Identifier, columns)) if columns else sql.SQL("*")
        statement = sql.SQL("select {} from {} order by " + order).format(names, sql.Identifier(RAW, table))
        with self.target() as connection:
            return connection.execute(statement).fetchall()

    def loads(self, table: str) -> list[tuple[Any, ...]]:
        with self.target() as connection:
            return connection.execute(
                "select row_count, method, columns from raw_dtx1._loads where source_table = %s order by loaded_at",
                [table],
            ).fetchall()

    def write(self, name: str, document: object) -> Path:
        path = self.folder / name
        path.write_text(json.dumps(document))
        return path

    def target_command(self, **config: Any) -> list[str]:
        s = self.settings
        document = {
            "host": s.target_host,
            "port": s.target_port,
            "user": s.target_user,
            "password": s.target_password.get_secret_value(),
            "database": s.target_database,
        }
        return [*TARGET, "--config", str(self.write("target.json", document | config))]

    def discover(self, **config: Any) -> dict[str, Any]:
        command = [*self.tap_command(**config), "--discover"]
        found: dict[str, Any] = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
        return found

    def run(
        self,
        *,
        tap: dict[str, Any] | None = None,
        target: dict[str, Any] | None = None,
        catalogue: dict[str, Any] | None = None,
        state: dict[str, Any] | None = None,
    ) -> Ran:
        """Replicate once; the tap's settings, the target's, a catalogue and a state as given."""
        command = self.tap_command(**(tap or {}))
        if catalogue is not None:
            command += ["--catalog", str(self.write("catalogue.json", catalogue))]
        if state is not None:
            command += ["--state", str(self.write("state.json", state))]
        with (self.folder / "tap.log").open("w+") as log:
            tap_process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log)
            target_process = subprocess.run(
                self.target_command(**(target or {})),
                stdin=tap_process.stdout,
                capture_output=True,
                text=True,
                check=False,
            )
            assert tap_process.stdout is not None
            tap_process.stdout.close()
            tap_code = tap_process.wait(timeout=30)
            log.seek(0)
            text = log.read() + target_process.stderr
        states = [json.loads(line) for line in target_process.stdout.splitlines()]
        return Ran(tap_code, target_process.returncode, text, states)

    def feed(self, *messages: object, **target: Any) -> Ran:
        """Send messages to the target alone."""
        lines = "".join((m if isinstance(m, str) else json.dumps(m)) + "\n" for m in messages)
        ran = subprocess.run(
            self.target_command(**target), input=lines, capture_output=True, text=True, check=False, timeout=60
        )
        return Ran(0, ran.returncode, ran.stderr, [json.loads(line) for line in ran.stdout.splitlines()])


@dataclass(frozen=True)
class Pair(Plugins):
    """With `tap-mysql`."""

    mariadb: MariaDB

    def source(self, **options: Any) -> pymysql.Connection:
        return self.mariadb.connect(self.settings.source_database, **options)

    def execute(self, *statements: str) -> None:
        with self.source() as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def tap_command(self, **config: Any) -> list[str]:
        s = self.settings
        document = {
            "host": s.source_host,
            "port": s.source_port,
            "user": s.source_user,
            "password": s.source_password.get_secret_value(),
            "database": s.source_database,
        }
        return [*TAPS["mysql"], "--config", str(self.write("tap.json", document | config))]


@dataclass(frozen=True)
class PostgresPair(Plugins):
    """With `tap-postgres`, which reads as the transform role and may read everything."""

    postgres: Postgres
    source_database: str

    def source(self, **options: Any) -> psycopg.Connection:
        return self.postgres.connect(self.source_database, **{"autocommit": True, **options})

    def execute(self, *statements: str) -> None:
        with self.source() as connection:
            for statement in statements:
                connection.execute(statement)  # type: ignore[arg-type]

    def tap_command(self, **config: Any) -> list[str]:
        document = {
            "host": self.postgres.host,
            "port": self.postgres.port,
            "user": TRANSFORM,
            "password": self.postgres.role_password,
            "database": self.source_database,
        }
        return [*TAPS["postgres"], "--config", str(self.write("tap.json", document | config))]


@contextmanager
def postgres_pair(
    settings: Settings, folder: Path, postgres: Postgres, *, encoding: str = "UTF8"
) -> Iterator[PostgresPair]:
    """A pair with an empty source database in this encoding."""
    name = f"{settings.target_database}_source"
    with postgres.connect(autocommit=True) as connection:
        connection.execute(f"create database {name} template template0 encoding '{encoding}' locale 'C'")
    try:
        pair = PostgresPair(settings, folder, postgres, name)
        pair.execute(f"alter default privileges grant select on tables to {TRANSFORM}")
        yield pair
    finally:
        postgres.drop_database(name)


def with_metadata(catalogue: dict[str, Any], **of_table: Any) -> dict[str, Any]:
    """The catalogue with metadata set for every stream, as Meltano sets it."""
    for stream in catalogue["streams"]:
        stream["metadata"][0]["metadata"] |= {name.replace("_", "-"): value for name, value in of_table.items()}
    return catalogue
