"""What the archive's commands print: a table for people, `dtx.archive/1` for machines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from loaders.archive.copies import Copy
from loaders.archive.manifest import Manifest
from loaders.archive.restore import RestoredTable
from loaders.archive.run import Outcome
from loaders.archive.verify import Findings
from loaders.console import print_json, print_table, stdout

SCHEMA = "dtx.archive/1"


def _about(command: str, manifest: Manifest) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "command": command,
        "archive": manifest.archive,
        "as_of": manifest.as_of.isoformat(),
        "keep_until": manifest.keep_until.isoformat(),
        "is_encrypted": manifest.is_encrypted,
        "server_version": manifest.server["version"],
    }


def print_archive(outcome: Outcome, *, as_json: bool) -> None:
    """What `dtx archive` did."""
    manifest = outcome.manifest
    if as_json:
        tables = [
            {"table": table.table, "object": table.object_name, "rows": table.contents.records}
            | {
                f"{step}_{what}": value
                for step in ("plain", "compressed", "stored")
                for what, value in asdict(getattr(table.contents, step)).items()
            }
            for table in manifest.tables
        ]
        print_json(
            {
                **_about("archive", manifest),
                "location": outcome.location,
                "written": outcome.is_new,
                "tables": tables,
                "unfinished": outcome.unfinished,
            }
        )
        return
    print_table(
        f"Archive {manifest.archive}, as of {manifest.as_of:%Y-%m-%d %H:%M:%S} UTC",
        ("table", "rows", "CSV bytes", "stored bytes", "SHA-256 of the CSV"),
        [
            (
                table.table,
                table.contents.records,
                table.contents.plain.size,
                table.contents.stored.size,
                table.contents.plain.sha256[:16],
            )
            for table in manifest.tables
        ],
    )
    done = "written and read back" if outcome.is_new else "holds exactly what is there now: nothing was written"
    stdout.print(
        f"{outcome.location}/{manifest.archive}: {done}; to be kept until {manifest.keep_until}", soft_wrap=True
    )
    if not manifest.is_encrypted:
        stdout.print("It is not encrypted.")
    _print_unfinished(outcome.unfinished)


def print_verify(findings: Findings, *, as_json: bool) -> None:
    """What `dtx archive verify` saw."""
    if as_json:
        print_json(
            {
                "schema": SCHEMA,
                "command": "verify",
                "location": findings.location,
                "clean": findings.clean,
                "is_opened": findings.is_opened,
                "files": [asdict(file) for file in findings.files],
                "not_recorded": findings.not_recorded,
                "unrecorded": findings.unrecorded,
                "unfinished": findings.unfinished,
            }
        )
        return
    print_table(
        "Archives read back",
        ("archive", "files", "stored bytes", "rows", "decrypted", "findings"),
        [
            (
                archive,
                len(files),
                sum(file.stored_bytes for file in files),
                sum(file.rows or 0 for file in files),
                "yes" if all(file.is_opened for file in files) else "no",
                sum(file.finding is not None for file in files),
            )
            for archive in dict.fromkeys(file.archive for file in findings.files)
            for files in [[file for file in findings.files if file.archive == archive]]
        ],
    )
    faults = [(f"{file.archive}/{file.object_name}", file.finding) for file in findings.files if file.finding]
    faults += [(name, "not_recorded") for name in findings.not_recorded]
    if faults:
        print_table("Findings", ("file", "finding"), faults)
    if not findings.files:
        stdout.print("Nothing was checked: the ledger knows of no archive here that must still be kept.")
    if not findings.is_opened:
        stdout.print("Without DTX_ARCHIVE_IDENTITY_FILE the stored bytes were checked, and nothing was decrypted.")
    if findings.unrecorded:
        stdout.print(f"Whole, and not in this ledger: {', '.join(findings.unrecorded)}", soft_wrap=True)
    _print_unfinished(findings.unfinished)


def print_restore(manifest: Manifest, tables: Sequence[RestoredTable], *, as_json: bool) -> None:
    """What `dtx archive restore` did."""
    if as_json:
        rows = [asdict(table) | {"clean": table.clean} for table in tables]
        print_json({**_about("restore", manifest), "clean": all(table.clean for table in tables), "tables": rows})
        return
    words = {True: "equal", False: "DIFFERS", None: "another server version"}
    print_table(
        f"Restored from {manifest.archive}",
        ("table", "rows archived", "rows restored", "CHECKSUM TABLE", "read again", "verdict"),
        [
            (
                table.table,
                table.archived_rows,
                table.restored_rows,
                words[table.same_checksum],
                words[table.same_rendering],
                "equal" if table.clean else "DIFFERS",
            )
            for table in tables
        ],
    )


def print_export(manifest: Manifest, copies: Sequence[Copy], *, as_json: bool) -> None:
    """What `dtx archive export` did."""
    if as_json:
        print_json({**_about("export", manifest), "tables": [asdict(copy) for copy in copies]})
        return
    print_table(
        f"Copied from {manifest.archive}",
        ("table", "rows", "bytes", "file"),
        [(copy.table, copy.rows, copy.size, copy.path) for copy in copies],
    )


def _print_unfinished(names: Sequence[str]) -> None:
    if names:
        stdout.print(f"Left by runs that did not end, safe to delete: {', '.join(names)}", soft_wrap=True)
