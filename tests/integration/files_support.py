"""What the tests of `dtx files` share: a listing model, its manifest, and a run of the command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loaders.database import connect
from loaders.settings import PROJECT_ROOT, Settings
from sandbox.servers.s3 import S3

ENTITY = "repo_file"


@dataclass(frozen=True)
class Rig:
    """A ledger, a bucket, an EFS folder and a model that lists files."""

    settings: Settings
    s3: S3
    manifest: Path

    @property
    def efs(self) -> Path:
        return self.settings.efs_root

    def list_files(self, rows: Iterable[tuple[str, str]]) -> None:
        """Make the model list (key, path) pairs; names and object keys follow from them."""
        self.list_rows([(key, path, f"dtx1/repo_file/{key}.pdf", f"{key} é.pdf") for key, path in rows])

    def list_rows(self, rows: Iterable[tuple[str, str, str, str]]) -> None:
        with connect(self.settings, "transform") as connection:
            connection.execute("drop table if exists migration_intermediate.listed")
            connection.execute(
                "create table migration_intermediate.listed (entity text, source_key text, legacy_key text, "
                "source_path text, object_key text, original_name text)"
            )
            with connection.cursor().copy(
                "copy migration_intermediate.listed (legacy_key, source_path, object_key, original_name) from stdin"
            ) as copy:
                for row in rows:
                    copy.write_row(row)
            connection.execute(
                "update migration_intermediate.listed set entity = %s, source_key = legacy_key", [ENTITY]
            )

    def environment(self, **overrides: str) -> dict[str, str]:
        values = {
            f"DTX_{name.upper()}": getattr(value, "get_secret_value", lambda value=value: value)()
            for name, value in self.settings
            if value is not None
        }
        kept = {name: value for name, value in os.environ.items() if not name.startswith("DTX_")}
        return {**kept, **{name: str(value) for name, value in values.items()}, **overrides}

    def command(self, *arguments: str) -> list[str]:
        verb = [sys.executable, "-c", "from loaders.cli import main; main()", "files"]
        return [*verb, *arguments, "--manifest", str(self.manifest)]

    def run(self, *arguments: str, **overrides: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments),
            env=self.environment(**overrides),
            cwd=PROJECT_ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def document(self, *arguments: str, code: int = 0, **overrides: str) -> dict[str, Any]:
        """Run with --json; the exit code must be `code`."""
        done = self.run(*arguments, "--json", **overrides)
        assert done.returncode == code, done.stderr
        document: dict[str, Any] = json.loads(done.stdout)
        return document

    def ledger(self) -> dict[str, tuple[str, str | None]]:
        """Key to state and reason."""
        with connect(self.settings, "publisher") as connection:
            return {
                key: (state, reason)
                for key, state, reason in connection.execute(
                    "select legacy_key, state, reason_code from migration.file_transfer order by legacy_key"
                )
            }

    def rows(self) -> list[tuple[Any, ...]]:
        """The end state: everything but times, attempts and runs."""
        with connect(self.settings, "publisher") as connection:
            return connection.execute(
                "select entity, legacy_key, source_key, source_path, object_key, state, reason_code, size_bytes, "
                "modified_at, sha256, lease_owner, lease_until from migration.file_transfer order by entity, legacy_key"
            ).fetchall()

    def objects(self) -> dict[str, bytes]:
        client = self.s3.client()
        keys = [
            entry["Key"]
            for page in client.get_paginator("list_objects_v2").paginate(Bucket=self.settings.s3_bucket)
            for entry in page.get("Contents", [])
        ]
        return {
            key: client.get_object(Bucket=self.settings.s3_bucket, Key=key)["Body"].read() for key in keys
        }


def write_manifest(path: Path) -> Path:
    """A manifest as dbt writes it, as far as `dtx files` reads it."""
    node = {
        "resource_type": "model",
        "name": "int_listed",
        "alias": "listed",
        "schema": "migration_intermediate",
        "config": {"meta": {"files": {"entity": ENTITY, "system": "dtx1", "source_table": "repo_file"}}},
    }
    other = {"resource_type": "model", "name": "other", "schema": "x", "alias": "other", "config": {"meta": {}}}
    path.write_text(json.dumps({"nodes": {"model.dtx.int_listed": node, "model.dtx.other": other}}))
    return path
