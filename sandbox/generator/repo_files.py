"""Rows of `repo_file` with their answers and files: the planted ones first, then the bulk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sandbox.generator import names, times
from sandbox.generator.answers import Answer, Document, Planted, Target, planted
from sandbox.generator.areas import FileMark
from sandbox.generator.efs import Entry, Tree
from sandbox.generator.plan import Dice
from sandbox.generator.population import ABSENT, REJECTED, SKIPPED
from sandbox.generator.repo_file_plants import PLANTS, File
from sandbox.generator.world import RECORDS_PER_GROUP, World

_INTAKE = "2021-07-15 14:05:09"


def rows(world: World, tree: Tree) -> Iterator[Planted]:
    """All rows of the table, in order of their key; each one's file is written as the row goes by."""
    for at, plant in enumerate(PLANTS):
        yield _planted(world, tree, at, plant)
    dice = world.dice("repo_file")
    for at in range(world.plan.rows_of("repo_file") - len(PLANTS)):
        yield _bulk(world, dice, tree, at)


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a repo_file, as far as the e-mail that brought it is concerned.

    Args:
        kind: deleted, rejected (by a rule or by Area 4), unprocessed, certificate, document (of Area 4), published (as
            a Document of ours) or file_rejected (it would have been, but for its file).
        document: index of Area 4's Document.
    """

    kind: str
    document: int | None = None


def fate(world: World, key: int) -> Fate:
    """What becomes of the repo_file of this key."""
    at = key - 1
    if at < len(PLANTS):
        return _fate_of_plant(world, at, PLANTS[at])
    at -= len(PLANTS)
    kind = _kind(world.dice("repo_file"), at)
    if kind == "processed":
        column, index = _link(world, at)
        return Fate("certificate") if column == "certificate_id" else Fate("document", index)
    return Fate({"mapped": "published", "missing": "file_rejected", "defect": "rejected"}.get(kind, kind))


def _fate_of_plant(world: World, at: int, plant: File) -> Fate:
    disposition, reason_code = plant.outcome
    if disposition == "elsewhere" and plant.mark == "migrated":
        is_certificate = "certificate" in plant.links
        return Fate("certificate") if is_certificate else Fate("document", _document_of_plant(world, at))
    if disposition == "elsewhere":
        return Fate("rejected" if plant.mark else "unprocessed")
    if disposition == "reject":
        return Fate("file_rejected" if reason_code.startswith("file_") else "rejected")
    return Fate("deleted" if disposition == "skip" else "published")


def _document_of_plant(world: World, at: int) -> int:
    extra = PLANTS[at].document
    return at % world.regular_documents if extra is None else world.extra_document(extra)


def marks(world: World) -> Iterator[FileMark]:
    """Area 4's marks on the rows of the table."""
    for at, plant in enumerate(PLANTS):
        if plant.mark:
            population, index = world.documents, _document_of_plant(world, at)
            if "certificate" in plant.links:
                population, index = world.certificates, at % world.certificates.count
            target_id = population.target(index) if plant.mark == "migrated" else None
            yield FileMark(at + 1, population.target_table, target_id)
    dice = world.dice("repo_file")
    for at in range(world.plan.rows_of("repo_file") - len(PLANTS)):
        if _kind(dice, at) == "processed":
            column, index = _link(world, at)
            population = world.certificates if column == "certificate_id" else world.documents
            yield FileMark(len(PLANTS) + at + 1, population.target_table, population.target(index))


def _row(world: World, key: int, record: int, user: int) -> dict[str, Any]:
    """An ordinary row; the columns in the table's order."""
    customer = world.accounts.legacy(world.account_of_record(record))
    return {
        "repo_file_id": key,
        "customer_id": customer,
        "name": f"file {key}.pdf",
        "treatment": "COI_OCR",
        "vendor_id": world.records.legacy(record),
        "status": "SUBMITTED",
        "old_status": None,
        "certificate_id": None,
        "document_id": None,
        "attachment_id": None,
        "upload_src": "DnD",
        "upload_email": None,
        "upload_user_id": world.users.legacy(user),
        "upload_ip": None,
        "intake_date": _INTAKE,
        "repo_filepath": f"{customer}/{key}.pdf",
        "ocr_event_id": None,
        "ocr_qa": "PASS",
        "display": "no",
        "supervisor": "no",
        "autoextractable": None,
        "type": "application/pdf",
        "size": 1000,
        "evt_userid": None,
        "evt_sessionid": None,
        "client_id": customer,
        "update_time": "2024-01-31 12:00:00",
    }


def _document(
    world: World, account: int, record: int, user: int, *, name: str, intake_date: str
) -> dict[str, str | None]:
    record_id = str(world.records.target(record))
    return {
        "account_id": str(world.accounts.target(account)),
        "record_id": record_id,
        "uploaded_by_id": record_id,
        "created_by_id": str(world.users.target(user)),
        "created": times.instant(intake_date),
        "original_filename": name,
        "status": "new",
        "needs_review": "true",
    }


def _planted(world: World, tree: Tree, at: int, plant: File) -> Planted:
    key, record, user = at + 1, at, at % world.users.count
    account = world.account_of_record(record)
    source = _row(world, key, record, user)
    if plant.foreign_vendor:
        record += RECORDS_PER_GROUP
        source["vendor_id"] = world.records.legacy(record)
    if "certificate" in plant.links:
        source["certificate_id"] = world.certificates.legacy(at % world.certificates.count)
    if "document" in plant.links:
        source["document_id"] = world.documents.legacy(_document_of_plant(world, at))
    ordinary = source["repo_filepath"]
    source |= plant.columns
    for entry in (Entry(ordinary),) if plant.entries is None else plant.entries:
        tree.write(entry, key)
    disposition, reason_code = plant.outcome
    if disposition != "publish":
        return planted(tuple(source.values()), Answer(disposition, reason_code))
    document = _document(world, account, record, user, name=f"file {key}.pdf", intake_date=_INTAKE)
    return planted(
        tuple(source.values()), Answer(disposition, reason_code, (Target(Document, {**document, **plant.expects}),))
    )


# Column and value of the defects that run through the bulk; each row has one at most.
_DEFECTS = (
    ("customer_id", ABSENT, "account_absent"),
    ("customer_id", REJECTED, "account_rejected"),
    ("customer_id", None, "account_missing"),
    ("vendor_id", SKIPPED, "record_skipped"),
    ("vendor_id", ABSENT, "record_absent"),
    ("upload_user_id", REJECTED, "user_rejected"),
    ("intake_date", "0000-00-00 00:00:00", "created_missing"),
    ("intake_date", "2023-03-12 02:30:00", "created_in_dst_gap"),
    ("name", "", "name_missing"),
    ("repo_filepath", None, "path_missing"),
)


def _kind(dice: Dice, at: int) -> str:
    """What a row of the bulk is: seven in ten belong to Area 4, and one in ten becomes a Document."""
    lot = dice.roll(at, 0, 2000)
    if lot < 1390:
        return "processed"
    if lot < 1400:
        return "unprocessed"
    if lot < 1700:
        return "deleted"
    if lot < 1899:
        return "mapped"
    return "missing" if lot == 1899 else "defect"


def _link(world: World, at: int) -> tuple[str, int]:
    """Which column of a linked row is set, and the index of the row it names."""
    if at % 3:
        return "certificate_id", at % world.certificates.count
    return "document_id", at % world.regular_documents


def _bulk(world: World, dice: Dice, tree: Tree, at: int) -> Planted:
    key, kind = len(PLANTS) + at + 1, _kind(dice, at)
    record = at % (RECORDS_PER_GROUP * world.regular_groups)
    user = dice.roll(at, 1, world.users.count)
    name, intake_date = names.file(dice, key, 2), times.local(dice, at, 4)
    source = _row(world, key, record, user)
    source["name"], source["intake_date"] = name, intake_date
    source["repo_filepath"] = path = f"{source['client_id'] % 100:02}/{source['client_id']}/{name}"
    source["treatment"] = ("COI_MANUAL", "COI_OCR", "DOC", None)[dice.roll(at, 6, 4)]
    source["upload_src"] = ("DnD", "Broker", "Email")[dice.roll(at, 7, 3)]
    if kind in ("processed", "unprocessed") or (kind == "deleted" and at % 3 == 0):
        column, index = _link(world, at)
        population = world.certificates if column == "certificate_id" else world.documents
        source[column] = population.legacy(index)
    if kind == "deleted":
        source["status"], source["old_status"] = "DELETED", "SUBMITTED"
        answer = Answer("skip", "deleted")
    elif kind in ("processed", "unprocessed"):
        answer = Answer("elsewhere", f"area4_{kind}")
    elif kind == "missing":
        answer = Answer("reject", "file_missing")
    elif kind == "defect":
        column, value, code = _DEFECTS[at % len(_DEFECTS)]
        source[column] = value
        answer = Answer("reject", code)
    else:
        source["size"] = tree.write(Entry(path), key)
        document = _document(world, world.account_of_record(record), record, user, name=name, intake_date=intake_date)
        answer = Answer("publish", "mapped", (Target(Document, document),))
    return planted(tuple(source.values()), answer)
