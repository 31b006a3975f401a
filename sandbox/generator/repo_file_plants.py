"""The repo_files that are planted on purpose (D11-1, F1, M6, M9): every rule, every reason code, every file hazard."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.generator.efs import Entry
from sandbox.generator.population import ABSENT, ABSENT_LARGE, REJECTED, SKIPPED
from sandbox.generator.world import LIST_METADATA, LIST_PROVENANCE, NULL_PROVENANCE, PLAIN, PROVENANCE


@dataclass(frozen=True)
class File:
    """One planted repo_file; what is not said is an ordinary, unlinked file.

    Args:
        outcome: disposition and reason code.
        columns: source columns that differ from the ordinary row.
        expects: target columns that differ from what the ordinary row gives.
        entries: what lies on EFS, first what repo_filepath names; None for an ordinary file there.
        links: "certificate", "document" or both: which keys are set.
        mark: what Area 4 noted: "migrated", "rejected" or nothing.
        foreign_vendor: vendor_id is of another Account than customer_id.
        document: the extra Document that it is linked to, instead of a regular one.
        label: what planted imap_uploads call it.
    """

    outcome: tuple[str, str]
    columns: Mapping[str, Any] = field(default_factory=dict)
    expects: Mapping[str, str | None] = field(default_factory=dict)
    entries: tuple[Entry, ...] | None = None
    links: tuple[str, ...] = ()
    mark: str = ""
    foreign_vendor: bool = False
    document: int | None = None
    label: str = ""


def _mapped(expects: Mapping[str, str | None] | None = None, /, **columns: Any) -> File:
    return File(("publish", "mapped"), columns, expects or {})


def _named(name: str) -> File:
    return _mapped({"original_filename": name}, name=name)


def _at(*entries: Entry) -> File:
    return File(("publish", "mapped"), {"repo_filepath": entries[0].path}, entries=entries)


def _rejected(reason_code: str, /, **columns: Any) -> File:
    return File(("reject", reason_code), columns)


def _file_rejected(reason_code: str, path: str, /, *entries: Entry) -> File:
    return File(("reject", reason_code), {"repo_filepath": path}, entries=entries)


def _linked(outcome: tuple[str, str], mark: str, /, *links: str, label: str = "", **columns: Any) -> File:
    return File(outcome, columns, entries=(), links=links, mark=mark, label=label)


_DELETED = ("skip", "deleted")
_PROCESSED, _UNPROCESSED = ("elsewhere", "area4_processed"), ("elsewhere", "area4_unprocessed")
_NO_RECORD = {"record_id": None, "uploaded_by_id": None}

_MAPPED = (
    File(("publish", "mapped"), label="unlinked"),
    _mapped(certificate_id=0, document_id=0),
    _mapped(_NO_RECORD, vendor_id=None),
    _mapped(_NO_RECORD, vendor_id=0),
    _mapped({"created_by_id": None}, upload_user_id=None),
    _mapped({"created_by_id": None}, upload_user_id=0),
    File(("publish", "mapped"), foreign_vendor=True),
    # NULL is not DELETED, in SQL neither equal nor unequal.
    _mapped(status=None),
    _mapped(status="MANUAL_ENTRY", old_status="DELETED"),
    # Dropped columns, with values that the sample never had.
    _mapped(autoextractable=7, ocr_qa="FAIL", display="yes", supervisor=None, size=0, type="", upload_email="a@b\t"),
    # Twice that night: PostgreSQL's AT TIME ZONE takes standard time, UTC-5 (E3).
    _mapped({"created": "2022-11-06 06:30:00+00"}, intake_date="2022-11-06 01:30:00"),
    _named("Certificat d'assurance 保険証券 📄.pdf"),
    # 255 characters are 765 bytes here; the column counts characters (M6).
    _named("証" * 251 + ".pdf"),
    _named("trailing blanks.pdf   "),
    _named('tab\tnewline\nquote"backslash\\N;semicolon.pdf'),
    _named("JosÃ©.pdf"),
    _named("decomposed e\u0301.pdf"),
    _at(Entry("plants/Büro/Größe 見積書 📄/Résumé (1).pdf")),
    _at(Entry("plants/decomposed/cafe\u0301.pdf")),
    _at(Entry("plants/trailing blank.pdf ")),
    _at(Entry("plants/" + "/".join("abcdefghij") + '/deep file\'s "name" #1 %20 & more;.pdf')),
    # Larger than one part of a multipart upload may be small.
    _at(Entry("plants/large.tif", size=9 << 20)),
    # Equal bytes under two names are two Documents (F5), and so are two rows for one file.
    _at(Entry("plants/equal bytes, one.pdf", argument="0")),
    _at(Entry("plants/equal bytes, two.pdf", argument="0")),
    _at(Entry("plants/one file, two rows.pdf")),
    File(("publish", "mapped"), {"repo_filepath": "plants/one file, two rows.pdf"}, entries=()),
    # Absolute, but in the root as DTX 1.0 names it.
    File(
        ("publish", "mapped"),
        {"repo_filepath": "/efsdata/filerepo/plants/absolute.pdf"},
        entries=(Entry("plants/absolute.pdf"),),
    ),
)

_ELSEWHERE = (
    _linked(_DELETED, "", status="DELETED", label="deleted"),
    _linked(_DELETED, "", "certificate", status="DELETED"),
    _linked(_DELETED, "migrated", "document", status="DELETED", label="deleted, processed"),
    # MySQL's own comparison ignores case and trailing blanks (M3).
    _linked(_DELETED, "", status="deleted "),
    _linked(_PROCESSED, "migrated", "certificate", label="certificate"),
    _linked(_PROCESSED, "migrated", "document", certificate_id=0, label="document"),
    _linked(_PROCESSED, "migrated", "certificate", "document", label="certificate and document"),
    _linked(_UNPROCESSED, "", "certificate", label="unprocessed certificate"),
    _linked(_UNPROCESSED, "", "document", label="unprocessed document"),
    # Area 4 failed on it: nobody owns the file yet (M9).
    _linked(_UNPROCESSED, "rejected", "certificate", label="rejected by Area 4"),
)

_REJECTED_ROWS = (
    File(("reject", "account_missing"), {"customer_id": None}, label="rejected"),
    _rejected("account_missing", customer_id=0),
    _rejected("account_absent", customer_id=ABSENT),
    _rejected("account_absent", customer_id=ABSENT_LARGE),
    _rejected("account_rejected", customer_id=REJECTED),
    _rejected("account_skipped", customer_id=SKIPPED),
    _rejected("record_absent", vendor_id=ABSENT),
    _rejected("record_rejected", vendor_id=REJECTED),
    _rejected("record_skipped", vendor_id=SKIPPED),
    _rejected("user_absent", upload_user_id=ABSENT),
    _rejected("user_rejected", upload_user_id=REJECTED),
    _rejected("user_skipped", upload_user_id=SKIPPED),
    _rejected("created_missing", intake_date=None),
    _rejected("created_missing", intake_date="0000-00-00 00:00:00"),
    _rejected("created_invalid", intake_date="2023-00-15 10:00:00"),
    _rejected("created_invalid", intake_date="2023-02-00 10:00:00"),
    _rejected("created_in_dst_gap", intake_date="2023-03-12 02:30:00"),
    _rejected("name_missing", name=None),
    _rejected("name_missing", name=""),
    _rejected("name_missing", name="   "),
    _rejected("name_too_long", name="n" * 252 + ".pdf"),
    # PostgreSQL would cut the blanks without a word (M6).
    _rejected("name_too_long", name="n" * 250 + " " * 10),
    _rejected("path_missing", repo_filepath=None),
    _rejected("path_missing", repo_filepath=""),
    _rejected("path_missing", repo_filepath="   "),
    _rejected("text_unstorable", name="NUL\0.pdf"),
    _rejected("text_unstorable", repo_filepath="plants/NUL\0.pdf"),
)

# root reads a file of mode 000, so for root it is an ordinary one.
_UNREADABLE = ("publish", "mapped") if os.geteuid() == 0 else ("reject", "file_unreadable")

_REJECTED_FILES = (
    File(
        _UNREADABLE,
        {"repo_filepath": "plants/unreadable.pdf"},
        entries=(Entry("plants/unreadable.pdf", "unreadable"),),
    ),
    File(("reject", "file_missing"), {"repo_filepath": "plants/missing.pdf"}, entries=(), label="missing on EFS"),
    _file_rejected("file_missing", "plants/no such folder/missing.pdf"),
    _file_rejected("file_case_mismatch", "plants/case.pdf", Entry("plants/Case.PDF")),
    _file_rejected("file_normalization_mismatch", "plants/composed \u00e9.pdf", Entry("plants/composed e\u0301.pdf")),
    _file_rejected(
        "file_normalization_mismatch", "plants/decomposed e\u0301.pdf", Entry("plants/decomposed \u00e9.pdf")
    ),
    _file_rejected("file_unsafe_path", "plants/../../outside.pdf"),
    _file_rejected("file_unsafe_path", "/etc/hosts"),
    _file_rejected("file_unsafe_path", "/efsdata/filerepo/../outside.pdf"),
    _file_rejected("file_unsafe_path", "plants\\backslash.pdf", Entry("plants\\backslash.pdf")),
    _file_rejected("file_unsafe_path", "plants/bell\x07.pdf", Entry("plants/bell\x07.pdf")),
    _file_rejected("file_unsafe_path", "plants/link out.pdf", Entry("plants/link out.pdf", "link", "/etc/hosts")),
    _file_rejected(
        "file_unsafe_path",
        "plants/linked folder/inside.pdf",
        Entry("plants/real folder/inside.pdf"),
        Entry("plants/linked folder", "link", "real folder"),
    ),
    _file_rejected("file_not_regular", "plants/folder.pdf", Entry("plants/folder.pdf", "folder")),
    _file_rejected("file_not_regular", "plants/pipe.pdf", Entry("plants/pipe.pdf", "fifo")),
    File(
        ("reject", "file_empty"),
        {"repo_filepath": "plants/empty.pdf"},
        entries=(Entry("plants/empty.pdf", "empty"),),
        label="empty on EFS",
    ),
)

# So many that the rejected files stay below a fifth of the files, as the publish contract's budget asks.
_ORDINARY = (_mapped(),) * 41

# For imap_uploads: Documents of Area 4 whose metadata are not as usual, and a file that Area 4 rejected and then
# somebody deleted.
_MAILED = (
    *(
        File(_PROCESSED, entries=(), links=("document",), mark="migrated", document=document, label=label)
        for document, label in (
            (PLAIN, "plain metadata"),
            (PROVENANCE, "provenance there"),
            (LIST_PROVENANCE, "provenance is a list"),
            (NULL_PROVENANCE, "provenance is null"),
            (LIST_METADATA, "metadata are a list"),
        )
    ),
    _linked(_DELETED, "rejected", "document", status="DELETED", label="deleted, rejected by Area 4"),
)

PLANTS = (*_MAPPED, *_ELSEWHERE, *_REJECTED_ROWS, *_REJECTED_FILES, *_ORDINARY, *_MAILED)
