"""The reports of `dtx files`: each is one document, printed as JSON or as tables of the same figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from loaders.console import print_json, print_table
from loaders.files.plan import Plan

if TYPE_CHECKING:
    from loaders.files.survey import Survey
    from loaders.files.verify import Findings

LISTED = 20  # keys that a table or document names of a longer list
SCHEMA = "dtx.files/1"


def print_transfer(document: Mapping[str, Any], as_json: bool) -> None:
    """Print the document of a transfer."""
    if as_json:
        print_json(document)
        return
    print_table(
        "files by state",
        ["entity", "state", "reason", "files", "bytes"],
        [list(line.values()) for line in document["files"]],
    )
    _print_plan(document)
    done, twins = document["transfer"], document["duplicates"]
    decided = done["verified"] + done["rejected"]
    rate = decided / done["seconds"] if done["seconds"] else 0.0
    lines = [
        ["run", document["run_id"], ""],
        ["verified in this run", done["verified"], f"{done['proven_bytes']:,} bytes read back"],
        ["sent in this run", done["sent_files"], f"{done['sent_bytes']:,} bytes"],
        ["rejected in this run", done["rejected"], ""],
        ["files a second", round(rate), f"in {done['seconds']:,.1f} s"],
        [
            "same bytes under two or more names",
            twins["files"],
            f"{twins['groups']:,} contents, {twins['bytes']:,} bytes twice",
        ],
    ]
    print_table(f"transfer: {document['state']}", ["what", "count", ""], lines)


def preview_document(plan: Plan, drifted: Sequence[str], seen: Survey) -> dict[str, Any]:
    """The document of a dry run."""
    outcomes = [
        {"outcome": outcome, "files": count, "bytes": seen.bytes[outcome]}
        for outcome, count in sorted(seen.files.items(), key=lambda item: (item[0] != "ready", item[0]))
    ]
    return {
        "schema": SCHEMA,
        "command": "dry-run",
        "plan": asdict(plan),
        "drifted": list(drifted),
        "files": outcomes,
    }


def print_preview(document: Mapping[str, Any], as_json: bool) -> None:
    """Print the document of a dry run."""
    if as_json:
        print_json(document)
        return
    rows = [list(line.values()) for line in document["files"]]
    print_table("dry run: files without a verified object", ["outcome", "files", "bytes"], rows)
    _print_plan(document)


def verify_document(findings: Findings) -> dict[str, Any]:
    """The document of a verification."""
    return {
        "schema": SCHEMA,
        "command": "verify",
        "state": "interrupted" if findings.interrupted else "succeeded",
        "objects": [
            {"finding": finding, "files": findings.files[finding], "bytes": findings.bytes[finding]}
            for finding in ("same", "changed", "vanished", "unreachable", "without_row")
        ],
        "keys": findings.keys,
        "prefixes": findings.prefixes,
        "stored_under_prefixes": findings.stored,
        "without_row": [{"object_key": key, "bytes": size} for key, size in findings.without_row],
    }


def print_verify(document: Mapping[str, Any], as_json: bool) -> None:
    """Print the document of a verification."""
    if as_json:
        print_json(document)
        return
    rows = [list(line.values()) for line in document["objects"]]
    print_table(f"objects held against the ledger: {document['state']}", ["finding", "objects", "bytes"], rows)
    named = [[finding, key] for finding, keys in document["keys"].items() for key in keys[:LISTED]]
    named += [["without_row", stranger["object_key"]] for stranger in document["without_row"][:LISTED]]
    if named:
        print_table(f"object keys, the first {LISTED} of each; --json has more", ["finding", "object key"], named)


def _print_plan(document: Mapping[str, Any]) -> None:
    print_table(
        "plan", ["rows", "count"], [[name.replace("_", " "), count] for name, count in document["plan"].items()]
    )
    if document["drifted"]:
        keys = [[key] for key in document["drifted"]]
        print_table("verified, but the model names another path or key now; not touched", ["entity and key"], keys)
