"""What is stored beside an object's bytes: content type, and metadata that leads back to the legacy row."""

from __future__ import annotations

import mimetypes
from urllib.parse import quote

from loaders.files.store import ObjectDescription

# Python's own table, not this machine's: the same file gets the same type on every host. It lacks Office's.
_TYPES = mimetypes.MimeTypes(filenames=())
_OFFICE = {
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".msg": "application/vnd.ms-outlook",
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ".rtf": "application/rtf",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
# S3 takes 2 KB of metadata in all; a name of 255 characters can be 3,060 bytes when percent-encoded.
_NAME_BYTES = 1_500


def describe(entity: str, legacy_key: str, original_name: str, digest: bytes) -> ObjectDescription:
    """Content type and metadata of one object.

    Args:
        entity: the ledger's entity.
        legacy_key: the legacy row's key.
        original_name: the file's name for people; percent-encoded, since metadata is ASCII, and cut at 1,500 bytes.
        digest: SHA-256 of the body.
    """
    return ObjectDescription(
        content_type(original_name),
        {
            "sha256": digest.hex(),
            "entity": entity,
            "legacy-key": quote(legacy_key),
            "original-name": encoded_name(original_name),
        },
    )


def content_type(name: str) -> str:
    """MIME type by the name's extension; `application/octet-stream` when it says nothing."""
    _, dot, ending = name.strip().lower().rpartition(".")
    known = _TYPES.types_map[True].get(dot + ending) or _OFFICE.get(dot + ending)
    return known or "application/octet-stream"


def encoded_name(name: str) -> str:
    """A name percent-encoded as UTF-8; one that is too long is cut between characters."""
    encoded = quote(name, safe="")
    if len(encoded) <= _NAME_BYTES:
        return encoded
    kept, length = [], 0
    for character in name:
        part = quote(character, safe="")
        length += len(part)
        if length > _NAME_BYTES:
            break
        kept.append(part)
    return "".join(kept)
