"""Reads every stored file of every archive back and holds it against the ledger (reliability A4)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from pyrage.x25519 import Identity

from loaders.archive.ledger import RecordedFile, open_ledger
from loaders.archive.manifest import MANIFEST
from loaders.archive.sealing import Opened, open_sealed, read_identities
from loaders.archive.store import Store, open_store, whole_archives
from loaders.console import Meter, meter
from loaders.errors import ConfigurationError
from loaders.files.store import NotThereError
from loaders.settings import Settings


@dataclass(frozen=True)
class Verdict:
    """What one file turned out to be; `finding` is None when it is what it was."""

    archive: str
    object_name: str
    stored_bytes: int
    rows: int | None
    is_opened: bool
    finding: str | None


@dataclass
class Findings:
    """What verify saw.

    Attributes:
        files: every file that the ledger knows and that must still be there.
        not_recorded: files that lie in a recorded archive and are none of its own, as archive/name.
        unrecorded: whole archives that the ledger does not know.
        unfinished: names that are no whole archive: what killed runs left.
        is_opened: whether there was an identity to decrypt with, or nothing to decrypt.
    """

    location: str
    files: list[Verdict] = field(default_factory=list)
    not_recorded: list[str] = field(default_factory=list)
    unrecorded: list[str] = field(default_factory=list)
    unfinished: list[str] = field(default_factory=list)
    is_opened: bool = True

    @property
    def clean(self) -> bool:
        """Every file is there and what it was, and there was at least one (reliability R6)."""
        return bool(self.files) and not self.not_recorded and all(file.finding is None for file in self.files)


def verify(settings: Settings, today: date | None = None) -> Findings:
    """Read every file of the archives whose retention has not ended.

    Args:
        settings: the settings; without an identity only the stored bytes are checked.
        today: the day that retention is measured by; now where it is not given.

    Raises:
        ConfigurationError: the identity opens none of what is there.
        ServiceError: the ledger or the storage failed.
    """
    store, identities = open_store(settings), read_identities(settings.archive_identity_file)
    day = today or datetime.now(UTC).date()
    found = Findings(store.location)
    with open_ledger(settings) as ledger:
        recorded = ledger.recorded(store.location)
        due = [file for file in recorded if file.keep_until >= day]
        with meter("reading archives back", sum(file.stored_bytes for file in due), "bytes") as progress:
            for file in due:
                verdict = _judge(store, file, identities, progress)
                ledger.looked_at(file, verdict.finding, is_opened=verdict.is_opened and verdict.finding is None)
                found.files.append(verdict)
    found.is_opened = all(file.is_opened for file in found.files)
    known = {file.archive for file in recorded}
    listing, whole = store.listing(), set(whole_archives(store))
    found.not_recorded = [
        f"{archive}/{name}"
        for archive in sorted(known & listing.keys())
        for name in sorted(listing[archive] - {file.object_name for file in recorded if file.archive == archive})
    ]
    found.unrecorded = sorted(whole - known)
    found.unfinished = sorted(listing.keys() - whole - known)
    return found


def _judge(store: Store, file: RecordedFile, identities: tuple[Identity, ...], progress: Meter) -> Verdict:
    def chunks() -> Iterator[bytes]:
        for chunk in store.read(file.archive, file.object_name):
            progress.advance(len(chunk), file.object_name)
            yield chunk

    is_manifest = file.object_name == MANIFEST
    try:
        # A manifest's bytes are all that there is to it: without a key they are hashed and nothing more.
        opened = open_sealed(chunks(), () if is_manifest else identities, is_manifest or file.is_encrypted, _nowhere)
    except NotThereError:
        opened = None
    return Verdict(
        archive=file.archive,
        object_name=file.object_name,
        stored_bytes=file.stored_bytes,
        rows=file.row_count,
        is_opened=is_manifest or (opened is not None and opened.contents is not None),
        finding="missing" if opened is None else _finding(file, opened),
    )


def _finding(file: RecordedFile, opened: Opened) -> str | None:
    if opened.stored != file.stored:
        return "stored_bytes_differ"
    refuse_wrong_identity(opened, file.archive, file.object_name)
    if opened.fault:
        return "content_unreadable"
    if opened.contents is None:
        return None
    if opened.contents.records != file.row_count:
        return "row_count_differs"
    return None if opened.contents == file.contents else "content_differs"


def refuse_wrong_identity(opened: Opened, archive: str, object_name: str) -> None:
    """Tell a wrong key from a damaged file: the stored bytes are known to be right.

    Raises:
        ConfigurationError: the file cannot be decrypted with the identity.
    """
    if opened.fault == "cannot be decrypted":
        raise ConfigurationError(
            f"{archive}/{object_name} is undamaged, and no key of DTX_ARCHIVE_IDENTITY_FILE opens it",
            hint="Use the identity of one of the archive's recipients; the manifest lists their public keys.",
        )


def _nowhere(_: bytes) -> None:
    return
