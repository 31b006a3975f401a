"""The manifest: what an archive holds, and what each file of it was proven to be. Written last (reliability A4)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from loaders.archive.csv_format import BYTES_PREFIX
from loaders.archive.sealing import Contents
from loaders.errors import LossError

MANIFEST = "manifest.json"
_SCHEMA = "dtx.archive.manifest/1"
_FORMAT: Mapping[str, Any] = {
    "fields_terminated_by": ",",
    "optionally_enclosed_by": '"',
    "escaped_by": "",
    "lines_terminated_by": "\n",
    "null": "NULL",
    "header_records": 1,
    "character_set": "utf8mb4",
    "bytes_prefix": BYTES_PREFIX,
    "time_zone": "+00:00",
    "compression": "zstd",
}


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ArchivedColumn(_Record):
    """A column; `encoding` is text, or hex: digits of its stored bytes after the prefix."""

    name: str
    mysql_type: str
    character_set: str | None
    encoding: Literal["text", "hex"]


class ArchivedTable(_Record):
    """A table's file.

    Attributes:
        object_name: the file's name in the archive.
        create_statement: what SHOW CREATE TABLE said.
        mysql_checksum: what CHECKSUM TABLE said in the same snapshot.
        contents: rows, sizes and SHA-256 of the CSV, compressed, and stored.
    """

    table: str
    object_name: str
    columns: tuple[ArchivedColumn, ...]
    create_statement: str
    mysql_checksum: int
    contents: Contents


class Manifest(_Record):
    """An archive.

    Attributes:
        archive: its name; the folder, or the last part of the prefix, that holds its files.
        as_of: the one snapshot that all tables were read in.
        keep_until: it must not be deleted before.
        server: version and character sets of the legacy server.
        recipients: age public keys that it was encrypted to; empty when it was not encrypted.
    """

    archive: str
    system: str
    database: str
    as_of: datetime
    keep_until: date
    code_version: str
    server: dict[str, str]
    recipients: tuple[str, ...]
    tables: tuple[ArchivedTable, ...]

    @property
    def is_encrypted(self) -> bool:
        """Whether its files have to be decrypted."""
        return bool(self.recipients)

    @property
    def rows(self) -> int:
        """Of all tables."""
        return sum(table.contents.records for table in self.tables)

    @property
    def plain_bytes(self) -> int:
        """Of all tables."""
        return sum(table.contents.plain.size for table in self.tables)


def render(manifest: Manifest) -> bytes:
    """The manifest as it is stored."""
    document = {
        "schema": _SCHEMA,
        "format": {**_FORMAT, "encryption": "age" if manifest.is_encrypted else None},
        **manifest.model_dump(mode="json"),
    }
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()


def parse(data: bytes, archive: str) -> Manifest:
    """A stored manifest.

    Raises:
        LossError: it is none, or speaks of another archive.
    """
    try:
        document = json.loads(data)
        if document.pop("schema") != _SCHEMA:
            raise ValueError
        document.pop("format")
        manifest = Manifest.model_validate(document)
        if manifest.archive != archive:
            raise ValueError
    except (ValueError, KeyError, TypeError, AttributeError, ValidationError):
        raise LossError(
            f"{archive}/{MANIFEST} is no manifest of this archive",
            hint="It was damaged or exchanged: restore it from the storage's own versions, or use another archive.",
        ) from None
    return manifest
