"""What the tests of `dtx archive` share: settings with keys, a catalogue of any tables, the command in a process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pymysql
from typer.testing import CliRunner

from loaders.archive import command
from loaders.archive.catalogue import SourceTable
from loaders.cli import app
from loaders.database import connect
from loaders.settings import PROJECT_ROOT, Settings
from sandbox.servers.mariadb import MariaDB

MANIFEST = "manifest.json"
MAIN = "from loaders.cli import main; main()"


@dataclass
class Rig:
    """A legacy database, a ledger, a folder or bucket for archives, and the tables that the catalogue names."""

    settings: Settings
    mariadb: MariaDB
    catalogue: Mapping[str, SourceTable]

    @property
    def folder(self) -> Path:
        return Path(str(self.settings.archive_url))

    def source(self) -> pymysql.Connection:
        return self.mariadb.connect(self.settings.source_database)

    def execute(self, *statements: str) -> None:
        with self.source() as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def fetch(self, statement: str, database: str | None = None) -> list[tuple[Any, ...]]:
        name = database or self.settings.source_database
        with self.mariadb.connect(name) as connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall())

    def classify(self, **tables: Mapping[str, str]) -> None:
        """Make the catalogue name these tables with the privacy class of each column; payloads are their bytes."""
        self.catalogue = {
            name: SourceTable("dtx1", name, columns, frozenset(c for c, p in columns.items() if p == "payload"))
            for name, columns in tables.items()
        }

    def run(self, *arguments: str, code: int = 0, **settings: Any) -> dict[str, Any]:
        """Run `dtx archive` in this process with --json; the exit code must be `code`."""
        changed = self.settings.model_copy(update=settings)
        before = command.load_settings, command.read_catalogue
        command.load_settings, command.read_catalogue = (lambda: changed), (lambda: dict(self.catalogue))
        try:
            result = CliRunner().invoke(app, ["archive", *arguments, "--json"], catch_exceptions=False)
        finally:
            command.load_settings, command.read_catalogue = before
        assert result.exit_code == code, result.output
        document: dict[str, Any] = json.loads(result.stdout)
        return document

    def start(self, *arguments: str, code: str = MAIN, **environment: str) -> subprocess.Popen[str]:
        """Start the real command, with the real catalogue, in a process of its own."""
        values = {
            f"DTX_{name.upper()}": str(getattr(value, "get_secret_value", lambda value=value: value)())
            for name, value in self.settings
            if value is not None
        }
        return subprocess.Popen(
            [sys.executable, "-c", code, "archive", *arguments],
            env={**os.environ, **values, **environment},
            cwd=PROJECT_ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def into(self, database: str) -> str:
        """A fresh database's URL for --into."""
        self.mariadb.drop_database(database)
        self.mariadb.create_database(database)
        return f"mysql://{self.mariadb.user}@{self.mariadb.host}:{self.mariadb.port}/{database}"

    def ledger(self, statement: str) -> list[tuple[Any, ...]]:
        with connect(self.settings, "publisher", autocommit=True) as connection:
            return connection.execute(statement).fetchall()
