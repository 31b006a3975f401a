"""Rows of `imap_upload` with their answers, and what stands in their places before: the planted ones, then the bulk."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sandbox.generator import jsonb, names, repo_files, times
from sandbox.generator.answers import ARCHIVED, Answer, Document, Planted, Target
from sandbox.generator.imap_upload_plants import ABSENT_FILE, PLANTS
from sandbox.generator.jsonb import Json
from sandbox.generator.plan import Dice
from sandbox.generator.repo_file_plants import PLANTS as REPO_FILE_PLANTS
from sandbox.generator.world import LIST_METADATA, LIST_PROVENANCE, NULL_PROVENANCE, PROVENANCE, World

_PROVENANCE_KEY = "upload_provenance"
_FILES = {plant.label: at + 1 for at, plant in enumerate(REPO_FILE_PLANTS) if plant.label}
# What becomes of a row by the fate of its repo_file, in the order of docs/area11.md.
_OUTCOMES = {
    "deleted": ("skip", "repo_file_deleted"),
    "rejected": ("reject", "repo_file_rejected"),
    "unprocessed": ("reject", "repo_file_unprocessed"),
    "certificate": ("archive", "repo_file_is_certificate"),
    "file_rejected": ("reject", "parent_not_published"),
    "document": ("update", "mapped"),
    "published": ("update", "mapped"),
}


def rows(world: World) -> Iterator[Planted]:
    """All rows of the table, in order of their key."""
    for at, plant in enumerate(PLANTS):
        source = _source_of_plant(world, at)
        yield _planted(world, source, plant.outcome, {**_value(source), **plant.expects})
    dice = world.dice("imap_upload")
    for at in range(len(PLANTS), world.plan.rows_of("imap_upload")):
        yield _bulk(world, dice, at)


def document_metadata(world: World, document: int) -> str:
    """Metadata of Area 4's Document before the migration."""
    usual: dict[str, Json] = {"area": "4"}
    if document % 50 == 7:
        usual[_PROVENANCE_KEY] = {"0": {"filename": "kept.pdf"}}
    unusual: dict[int, Json] = {
        PROVENANCE: {**usual, _PROVENANCE_KEY: {"0": {"filename": "kept.pdf"}, **_there(world)}},
        LIST_PROVENANCE: {**usual, _PROVENANCE_KEY: []},
        NULL_PROVENANCE: {**usual, _PROVENANCE_KEY: None},
        LIST_METADATA: ["area 4"],
    }
    return jsonb.text(unusual.get(document - world.regular_documents, usual))


def _there(world: World) -> dict[str, Json]:
    """Entries that are there before, by imap_upload_id."""
    return {
        str(at + 1): _value(_source_of_plant(world, at)) if plant.there["at"] == "same" else plant.there["at"]
        for at, plant in enumerate(PLANTS)
        if plant.there
    }


def _row(dice: Dice, at: int, mail: int, repo_file_id: int | None) -> dict[str, Any]:
    """An ordinary row; the columns in the table's order. Rows of one mail differ in their key alone."""
    return {
        "imap_upload_id": at + 1,
        "message_id": f"<{mail:08}@mail.example.com>",
        "sender_email": names.address(dice, mail, 0),
        "recipient_email": "Certificates <coi@example.com>" if at % 5 else "coi@example.com",
        "subject": ("COI renewal 📄", "Fwd: Fwd: W-9", "", None, "=?utf-8?Q?Caf=C3=A9?=")[mail % 5],
        "filename": names.file(dice, mail, 3) + (" ✓" if mail % 6 == 1 else ""),
        "filesize": None if mail % 13 == 4 else dice.roll(mail, 5, 3_000_000),
        "repo_file_id": repo_file_id,
        "received_time": times.local(dice, mail, 6),
        "create_time": times.local(dice, mail, 6) if at % 8 else None,
    }


def _source_of_plant(world: World, at: int) -> dict[str, Any]:
    plant = PLANTS[at]
    return {**_row(world.dice("imap_upload"), at, at, _FILES[plant.file]), **plant.columns}


def _value(source: dict[str, Any]) -> dict[str, Json]:
    return {name: source[name] for name in ("sender_email", "filename", "filesize")}


def _planted(world: World, source: dict[str, Any], outcome: tuple[str, str], value: dict[str, Json]) -> Planted:
    expected: tuple[Target, ...] = ()
    if outcome[0] == "update":
        repo_file_id = source["repo_file_id"]
        document = repo_files.fate(world, repo_file_id).document
        target = Target(
            Document,
            {"metadata": jsonb.text(value)},
            json_path=(_PROVENANCE_KEY, str(source["imap_upload_id"])),
            row_id=None if document is None else world.documents.target(document),
            row_of=("repo_file", str(repo_file_id)) if document is None else None,
        )
        expected = (target,)
    answers = {"document_metadata": Answer(*outcome, expected), "archive": ARCHIVED}
    return Planted(tuple(source.values()), answers)


def _bulk(world: World, dice: Dice, at: int) -> Planted:
    """Mailed files; one in ten came twice, one in fifty names no repo_file."""
    mail = at - 1 if at % 10 == 9 and at > len(PLANTS) else at
    first = len(REPO_FILE_PLANTS) + 1
    files = world.plan.rows_of("repo_file") - len(REPO_FILE_PLANTS)
    lot = dice.roll(mail, 8, 150)
    repo_file_id = (0, None, ABSENT_FILE)[lot] if lot < 3 else ABSENT_FILE
    if lot >= 3 and files:
        repo_file_id = first + mail % files
    source = _row(dice, at, mail, repo_file_id)
    value = _value(source)
    if at % 7 == 2:
        source["sender_email"] += " "
    if not repo_file_id:
        outcome = ("reject", "repo_file_missing")
    elif repo_file_id == ABSENT_FILE:
        outcome = ("reject", "repo_file_absent")
    else:
        outcome = _OUTCOMES[repo_files.fate(world, repo_file_id).kind]
    return _planted(world, source, outcome, value)
