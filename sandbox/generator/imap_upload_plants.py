"""The imap_uploads that are planted on purpose (D11-4): every rule, every reason code, every hazard at least once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.generator.jsonb import Json

# No repo_file has it, nor has any a number between it and the largest INT UNSIGNED.
ABSENT_FILE = 4_000_000_001


@dataclass(frozen=True)
class ImapUpload:
    """One planted imap_upload; what is not said is an ordinary one that moves.

    Args:
        outcome: disposition and reason code under `document_metadata`.
        file: label of the planted repo_file that it names.
        columns: source columns that differ from the ordinary row.
        expects: parts of the value that must arrive otherwise than they are stored.
        there: value in its place before, as {"at": value}, for uploads of the file "provenance there"; "same" stands
            for the value that it brings itself.
    """

    outcome: tuple[str, str] = ("update", "mapped")
    file: str = "unlinked"
    columns: Mapping[str, Any] = field(default_factory=dict)
    expects: Mapping[str, Json] = field(default_factory=dict)
    there: Mapping[str, Json] = field(default_factory=dict)


def _sender(stored: str | None, expected: str | None) -> ImapUpload:
    return ImapUpload(file="plain metadata", columns={"sender_email": stored}, expects={"sender_email": expected})


def _as_it_is(**columns: Any) -> ImapUpload:
    return ImapUpload(file="plain metadata", columns=columns)


def _lost(disposition: str, reason_code: str, file: str = "unlinked", /, **columns: Any) -> ImapUpload:
    return ImapUpload((disposition, reason_code), file, columns)


_CONFLICT = ("reject", "metadata_conflict")

_MOVED = (
    # The same file came three times: one Document, three entries.
    *(ImapUpload(),) * 3,
    ImapUpload(file="document"),
    ImapUpload(file="plain metadata"),
    _sender("  sender@plants.example.com\t", "sender@plants.example.com"),
    _sender("\xa0Kept.Case@Plants.Example.COM ", "Kept.Case@Plants.Example.COM"),
    _sender(None, None),
    _sender("", None),
    _sender(" \t\r\n", None),
    # The filename is not trimmed, and need not be there.
    _as_it_is(filename="  COI  .pdf  "),
    _as_it_is(filename=None),
    _as_it_is(filename=""),
    _as_it_is(filename='見積書 📄 "quoted" back\\slash\ttab\x01.pdf'),
    _as_it_is(filename="JosÃ©.pdf"),
    _as_it_is(filesize=None),
    _as_it_is(filesize=0),
    _as_it_is(filesize=4_294_967_295),
    # Columns that nobody asks about.
    _as_it_is(message_id=None, recipient_email="", subject=None, received_time="0000-00-00 00:00:00", create_time=None),
)

_LOST = (
    _lost("reject", "text_unstorable", subject="NUL\0"),
    _lost("reject", "text_unstorable", filename="NUL\0.pdf"),
    _lost("reject", "text_unstorable", sender_email="NUL\0", repo_file_id=None),
    _lost("reject", "repo_file_missing", repo_file_id=None),
    _lost("reject", "repo_file_missing", repo_file_id=0),
    _lost("reject", "repo_file_absent", repo_file_id=ABSENT_FILE),
    _lost("reject", "repo_file_absent", repo_file_id=4_294_967_295),
    _lost("skip", "repo_file_deleted", "deleted"),
    _lost("skip", "repo_file_deleted", "deleted, processed"),
    _lost("skip", "repo_file_deleted", "deleted, rejected by Area 4"),
    _lost("reject", "repo_file_rejected", "rejected"),
    _lost("reject", "repo_file_rejected", "rejected by Area 4"),
    _lost("reject", "repo_file_unprocessed", "unprocessed certificate"),
    _lost("reject", "repo_file_unprocessed", "unprocessed document"),
    _lost("archive", "repo_file_is_certificate", "certificate"),
    _lost("archive", "repo_file_is_certificate", "certificate and document"),
    # Known only when the Document's turn has come: its file could not be copied.
    _lost("reject", "parent_not_published", "missing on EFS"),
    _lost("reject", "parent_not_published", "empty on EFS"),
)

_THERE_ALREADY = (
    ImapUpload(("already_present", "same_value"), "provenance there", there={"at": "same"}),
    ImapUpload(_CONFLICT, "provenance there", there={"at": {"filename": "other.pdf"}}),
    ImapUpload(_CONFLICT, "provenance there", there={"at": {}}),
    ImapUpload(_CONFLICT, "provenance there", there={"at": None}),
    ImapUpload(_CONFLICT, "provenance there", there={"at": "text"}),
    # Beside entries that are there already.
    ImapUpload(file="provenance there"),
    # Something on the path is no object.
    ImapUpload(_CONFLICT, "provenance is a list"),
    ImapUpload(_CONFLICT, "provenance is null"),
    ImapUpload(_CONFLICT, "metadata are a list"),
)

PLANTS = (*_MOVED, *_LOST, *_THERE_ALREADY)
