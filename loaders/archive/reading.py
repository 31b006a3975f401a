"""Opens an archive by its manifest alone, for restoring and copying: neither the ledger nor DTX 1.0 need be there."""

from __future__ import annotations

from collections.abc import Callable

from pyrage.x25519 import Identity

from loaders.archive import manifest as manifests
from loaders.archive.manifest import MANIFEST, ArchivedTable, Manifest
from loaders.archive.sealing import open_sealed, read_identities
from loaders.archive.store import Store, open_store, whole_archives
from loaders.archive.verify import refuse_wrong_identity
from loaders.errors import ConfigurationError, LossError
from loaders.files.store import NotThereError
from loaders.settings import Settings


class ArchiveReader:
    """One whole archive."""

    def __init__(self, store: Store, manifest: Manifest, identities: tuple[Identity, ...]) -> None:
        self._store, self._identities = store, identities
        self.manifest = manifest

    def read(self, table: ArchivedTable, write: Callable[[bytes], object]) -> None:
        """Give a table's CSV to `write`, piece by piece; hold it against the manifest at the end.

        Raises:
            LossError: the file is missing or damaged; what was written of it must not be kept.
            ConfigurationError: the identity does not open it.
        """
        archive = self.manifest.archive
        try:
            chunks = self._store.read(archive, table.object_name)
            opened = open_sealed(chunks, self._identities, self.manifest.is_encrypted, write)
        except NotThereError:
            raise LossError(f"{archive}/{table.object_name} is missing", hint="Use another archive.") from None
        if opened.stored != table.contents.stored:
            raise LossError(
                f"{archive}/{table.object_name} is damaged: its stored bytes are not what the manifest says",
                hint="Run dtx archive verify; take the object from the storage's own versions, or use another archive.",
            )
        refuse_wrong_identity(opened, archive, table.object_name)
        if opened.contents != table.contents:
            raise LossError(
                f"{archive}/{table.object_name} does not hold what the manifest says", hint="Use another archive."
            )


def open_archive(settings: Settings, name: str | None) -> ArchiveReader:
    """Open an archive.

    Args:
        settings: where it lies, and the identity.
        name: which; the newest where it is not given.

    Raises:
        ConfigurationError: there is no such archive, or it is encrypted and there is no identity.
        LossError: its manifest is damaged.
    """
    store, identities = open_store(settings), read_identities(settings.archive_identity_file)
    manifests_there = {each: _manifest(store, each) for each in whole_archives(store) if name in (None, each)}
    if not manifests_there:
        raise ConfigurationError(
            f"there is no whole archive {name or ''} at {store.location}".replace("  ", " "),
            hint="Is DTX_ARCHIVE_URL right? dtx archive makes one.",
        )
    newest = max(manifests_there.values(), key=lambda manifest: manifest.as_of)
    if newest.is_encrypted and not identities:
        raise ConfigurationError(
            f"{newest.archive} is encrypted and DTX_ARCHIVE_IDENTITY_FILE is not set",
            hint="Set it to a file with the identity of one of the archive's recipients.",
        )
    return ArchiveReader(store, newest, identities)


def _manifest(store: Store, archive: str) -> Manifest:
    return manifests.parse(b"".join(store.read(archive, MANIFEST)), archive)
