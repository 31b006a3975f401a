"""What the tests of `dtx files` share: a listing model, its manifest, runs of the command, and S3's end state."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loaders.database import connect
from loaders.files.command import preview, transfer, verify
from loaders.files.model import load_models
from loaders.settings import PROJECT_ROOT, Settings
from sandbox.servers.s3 import S3

ENTITY = "repo_file"
COMMANDS = {"transfer": transfer, "preview": preview, "verify": verify}


@dataclass(frozen=True)
class Rig:
    """A ledger, a bucket, an EFS folder and a model that lists files."""

    settings: Settings
    s3: S3
    manifest: Path

    @property
    def efs(self) -> Path:
        return self.settings.efs_root

    @property
    def bucket(self) -> str:
        return self.settings.s3_bucket

    def write(self, bodies: dict[str, bytes]) -> None:
        """Create EFS files by relative path and list each under its path as key."""
        for path, body in bodies.items():
            (self.efs / path).parent.mkdir(parents=True, exist_ok=True)
            (self.efs / path).write_bytes(body)
        self.list_files({path: path for path in bodies})

    def list_files(self, paths: dict[str, str]) -> None:
        """Make the model list key -> path; the object's key is `dtx1/repo_file/<key>`."""
        self.list_rows((key, path, f"dtx1/repo_file/{key}", f"{key} é.pdf") for key, path in paths.items())

    def list_rows(self, rows: Iterable[tuple[str | None, ...]]) -> None:
        """Make the model list (legacy_key, source_path, object_key, original_name) rows."""
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

    def run(self, command: str = "transfer", code: int = 0, **settings: Any) -> dict[str, Any]:
        """Run in this process with --json; the exit code must be `code`. Returns the document."""
        changed = self.settings.model_copy(update=settings)
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            exit_code = COMMANDS[command](changed, load_models(self.manifest), True)
        document: dict[str, Any] = json.loads(output.getvalue())
        assert int(exit_code) == code, document
        return document

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """Start the real command in a process of its own."""
        values = {
            f"DTX_{name.upper()}": str(getattr(value, "get_secret_value", lambda value=value: value)())
            for name, value in self.settings
            if value is not None
        }
        return subprocess.Popen(
            [
                *[sys.executable, "-c", "from loaders.cli import main; main()", "files"],
                *[*arguments, "--manifest", str(self.manifest)],
            ],
            env={**os.environ, **values, **environment},
            cwd=PROJECT_ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def ledger(self) -> dict[str, str]:
        """Key to reason, or to state where there is none."""
        return {row[1]: row[6] or row[5] for row in self.rows()}

    def rows(self) -> list[tuple[Any, ...]]:
        """The end state of the ledger: everything but attempts, runs and times of ours."""
        return self.query(
            "select entity, legacy_key, source_key, source_path, object_key, state, reason_code, size_bytes, "
            "modified_at, sha256, lease_owner, lease_until from migration.file_transfer order by entity, legacy_key"
        )

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        with connect(self.settings, "publisher", autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def objects(self) -> dict[str, bytes]:
        """Key (without the prefix of the tests) to the stored bytes, read by another client than ours."""
        client = self.s3.client()
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket)
        keys = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
        return {
            key.removeprefix("dtx1/repo_file/"): client.get_object(Bucket=self.bucket, Key=key)["Body"].read()
            for key in keys
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
