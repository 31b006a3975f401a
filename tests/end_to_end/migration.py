"""A generated DTX 1.0 and DTX 2.0 on real servers, and the commands as an operator calls them."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from psycopg import sql

from loaders.reconcile.source_tables import read_source_tables
from loaders.settings import PROJECT_ROOT
from loaders.systems import DTX1
from sandbox.answer_key import compare
from sandbox.servers import env_file
from sandbox.servers.stack import Stack
from sandbox.untouched import judge

BIN = Path(sys.executable).parent
# What a build reads; a copy of it may have other decisions.
_BUILT_FROM = ("dbt_project", "macros", "seeds", "tests/dbt")


@dataclass
class Migration:
    """A generated DTX 1.0 and DTX 2.0, and the commands as an operator calls them."""

    stack: Stack
    folder: Path
    outputs: list[str] = field(default_factory=list)

    def run(self, *command: str, **extra: str) -> subprocess.CompletedProcess[str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("DTX_", "DBT_", "MELTANO_"))}
        environment = {**kept, **env_file.variables(self.stack), "PATH": f"{BIN}:{os.environ['PATH']}", **extra}
        done = subprocess.run(
            [str(BIN / command[0]), *command[1:]],
            env=environment,
            cwd=PROJECT_ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        self.outputs.append(done.stdout + done.stderr)
        return done

    def document(self, *command: str, code: int = 0) -> dict:
        done = self.run(*command, "--json")
        assert done.returncode == code, done.stdout + done.stderr
        return json.loads(done.stdout)

    def query(self, statement: sql.Composable | str) -> list[tuple]:
        with self.stack.postgres.connect(self.stack.target_database) as connection:
            return connection.execute(statement).fetchall()

    def execute(self, statement: str) -> None:
        with self.stack.postgres.connect(self.stack.target_database) as connection:
            connection.execute(statement)

    def application_rows(self) -> dict[str, list[tuple]]:
        """Every row of every table of the application, as text."""
        tables = self.query("select tablename from pg_tables where schemaname = 'public' order by 1")
        return {
            table: self.query(sql.SQL("select t::text from {} as t order by 1").format(sql.Identifier("public", table)))
            for (table,) in tables
        }

    def assert_answers(self) -> None:
        """Reconcile is clean, and each source row and target row is what the answer key says."""
        outcomes = self.folder / "outcomes.csv"
        done = self.run("dtx", "reconcile", "--rows", str(outcomes))
        assert done.returncode == 0, done.stdout + done.stderr
        with self.stack.postgres.connect(self.stack.target_database) as connection:
            comparisons = compare(connection, self.folder / "answer_key", outcomes)
            untouched = judge(connection, self.folder / "answer_key" / "before")
            connection.rollback()
        assert untouched.rows
        assert untouched.first == ()
        assert {each.table for each in comparisons} == set(read_source_tables(DTX1))
        assert {each.table: each.first for each in comparisons if each.differences} == {}
        assert all(each.rows for each in comparisons)

    def project_with(self, decisions: dict[str, str]) -> Path:
        """A copy of the dbt project in which these decisions are chosen otherwise; its folder."""
        copy = self.folder / "project"
        shutil.rmtree(copy, ignore_errors=True)
        for part in _BUILT_FROM:
            shutil.copytree(PROJECT_ROOT / part, copy / part, ignore=shutil.ignore_patterns("target", "logs"))
        seed = copy / "seeds" / "ledger" / "decisions.csv"
        with seed.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        for row in rows:
            row["chosen"] = decisions.get(row["decision_id"], row["chosen"])
        with seed.open("w", newline="", encoding="utf-8") as file:
            lines = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
            lines.writeheader()
            lines.writerows(rows)
        return copy / "dbt_project"
