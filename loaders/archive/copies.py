"""Copies for people, masked by a keyed hash or safe to open in a spreadsheet; never instead of the archive (A2, A3)."""

from __future__ import annotations

import hmac
import os
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote

from loaders.archive.catalogue import SourceTable, refuse_unclassified
from loaders.archive.csv_format import NULL, RecordReader, quoted, text_of
from loaders.archive.manifest import ArchivedColumn, ArchivedTable, Manifest
from loaders.archive.reading import ArchiveReader, open_archive
from loaders.console import meter
from loaders.errors import ConfigurationError, RefusedError, ServiceError
from loaders.settings import Settings

MASKED = b"[masked]"
_HASH_DIGITS = 32
# Values whose like can be told from nothing but the value are gone as a whole.
_WHOLLY = frozenset({"free_text", "payload"})
_NUMERIC = frozenset({"tinyint", "smallint", "mediumint", "int", "bigint", "decimal", "float", "double", "year"})
# What makes a spreadsheet take a cell for a formula, in ASCII and, the second four, in full width; and our own mark, so
# that it can be taken away again. https://owasp.org/www-community/attacks/CSV_Injection
_RISKY = tuple(character.encode() for character in "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20'")
_MARK = b"'"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"

Cell = Callable[[bytes], bytes]


@dataclass(frozen=True)
class Copy:
    """A copied table."""

    table: str
    path: Path
    rows: int
    size: int


def export(
    settings: Settings,
    catalogue: Mapping[str, SourceTable],
    to: Path,
    name: str | None,
    *,
    masked: bool,
    spreadsheet: bool,
) -> tuple[Manifest, list[Copy]]:
    """Copy every table of an archive into a new folder of CSV files.

    Args:
        settings: where the archive lies, its identity, and the key of the hashes.
        catalogue: what each column can tell of a person.
        to: the folder; must not be there yet.
        name: which archive; the newest where it is not given.
        masked: replace what can tell of a person.
        spreadsheet: neutralise what a spreadsheet would take for a formula.

    Raises:
        ConfigurationError: no kind of copy was asked for, the key is missing, or see `open_archive`.
        RefusedError: the folder is there, or a column has no privacy class.
        LossError: a file of the archive is damaged; no folder is left.
    """
    if not (masked or spreadsheet):
        raise ConfigurationError("neither --masked nor --spreadsheet was asked for", hint="Give one of them, or both.")
    if to.exists():
        raise RefusedError(f"{to} is there already; it was not overwritten", hint="Give a new folder.")
    archive = open_archive(settings, name)
    tables = archive.manifest.tables
    if masked:
        refuse_unclassified(catalogue, ((table.table, column.name) for table in tables for column in table.columns))
    key = _key(settings) if masked else b""
    unfinished = to.with_name(to.name + ".partial")
    try:
        unfinished.mkdir(mode=0o700, parents=True)
        try:
            with meter("copying", archive.manifest.rows, "rows") as progress:
                copies = []
                for table in tables:
                    cells = [
                        mask(key, catalogue[table.table].privacy[column.name], column) if masked else _same
                        for column in table.columns
                    ]
                    name = quote(table.table, safe="") + ".csv"
                    size = _copy(archive, table, unfinished / name, _Writer(table.columns, cells, spreadsheet))
                    copies.append(Copy(table.table, to / name, table.contents.records, size))
                    progress.advance(table.contents.records, table.table)
            unfinished.rename(to)
        except BaseException:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise
    except FileExistsError:
        raise RefusedError(
            f"{unfinished} is there already", hint="A copy that was killed left it: delete it."
        ) from None
    except OSError as error:
        raise ServiceError(f"cannot write {to} ({os.strerror(error.errno or 0)})", hint="Is there room?") from None
    return archive.manifest, copies


def _key(settings: Settings) -> bytes:
    if settings.archive_mask_key is None:
        raise ConfigurationError(
            "DTX_ARCHIVE_MASK_KEY is not set", hint="Set it to at least 32 random characters, and keep it secret."
        )
    return settings.archive_mask_key.get_secret_value().encode()


def _copy(archive: ArchiveReader, table: ArchivedTable, path: Path, writer: _Writer) -> int:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        archive.read(table, lambda piece: file.write(writer.convert(piece)))
        return file.tell()


def mask(key: bytes, privacy: str, column: ArchivedColumn) -> Cell:
    """How a column's values are masked; NULL and the empty text stay what they are.

    Equal values of one class get one hash whatever their table and column, so that masked copies can be joined; e-mail
    addresses count as equal without regard to case and outer white space.

    Args:
        key: of the HMAC.
        privacy: the column's class.
        column: the column.
    """
    if privacy in _WHOLLY:
        return lambda value: MASKED if value else value
    if privacy == "none":
        # The class says what belongs there; nobody kept an address from being typed into it.
        return _mask_addresses if column.character_set else _same

    @lru_cache(maxsize=1 << 16)
    def hashed(value: bytes) -> bytes:
        normal = value.strip().lower() if privacy == "email" else value
        return hmac.digest(key, privacy.encode() + b":" + normal, "sha256").hex()[:_HASH_DIGITS].encode()

    return lambda value: hashed(value) if value else value


def neutral(value: bytes) -> bytes:
    """A text that no spreadsheet takes for a formula; take one leading ' away to have the value again."""
    return _MARK + value if value.startswith(_RISKY) else value


def _same(value: bytes) -> bytes:
    return value


def _mask_addresses(value: bytes) -> bytes:
    return MASKED if b"@" in value else value


class _Writer:
    """Turns pieces of an archived file into pieces of a copy."""

    def __init__(self, columns: Sequence[ArchivedColumn], cells: Sequence[Cell], spreadsheet: bool) -> None:
        self._reader, self._spreadsheet, self._is_header = RecordReader(), spreadsheet, True
        self._columns = [
            (cell, column.mysql_type.partition("(")[0].split(" ")[0] in _NUMERIC and cell is _same)
            for cell, column in zip(cells, columns, strict=True)
        ]

    def convert(self, piece: bytes) -> bytes:
        """What the records that end in this piece become."""
        return b"".join(map(self._record, self._reader.add(piece)))

    def _record(self, fields: list[bytes]) -> bytes:
        if self._is_header:
            self._is_header = False
            start = _BYTE_ORDER_MARK if self._spreadsheet else b""
            return start + self._joined(self._text(text_of(field) or b"") for field in fields)
        return self._joined(
            self._field(field, cell, is_number) for field, (cell, is_number) in zip(fields, self._columns, strict=True)
        )

    def _field(self, field: bytes, cell: Cell, is_number: bool) -> bytes:
        if cell is _same and not self._spreadsheet:
            return field
        value = text_of(field)
        if value is None:
            return b"" if self._spreadsheet else NULL
        if is_number:
            return value
        return self._text(cell(value))

    def _text(self, value: bytes) -> bytes:
        return quoted(neutral(value) if self._spreadsheet else value)

    def _joined(self, fields: Iterable[bytes]) -> bytes:
        return b",".join(fields) + (b"\r\n" if self._spreadsheet else b"\n")
