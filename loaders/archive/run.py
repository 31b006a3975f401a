"""One archive: all tables of one snapshot or none; written, read back, listed in a manifest, recorded (A1, A4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from pyrage.x25519 import Recipient

from loaders.archive import manifest as manifests
from loaders.archive.catalogue import SourceTable, refuse_unclassified
from loaders.archive.csv_format import header
from loaders.archive.ledger import ArchiveLedger, RecordedFile, open_ledger
from loaders.archive.manifest import MANIFEST, ArchivedTable, Manifest
from loaders.archive.sealing import Contents, Digest, Hasher, digest_of, parse_recipients, seal
from loaders.archive.source import Source, described, open_source
from loaders.archive.store import Store, open_store, whole_archives
from loaders.console import Meter, meter
from loaders.errors import LossError, RefusedError
from loaders.failpoints import failpoint
from loaders.files.store import NotThereError
from loaders.ledger.code_version import code_version
from loaders.settings import Settings


@dataclass
class Outcome:
    """What `dtx archive` did.

    Attributes:
        manifest: the archive that holds the source as it is now.
        is_new: it was written by this run; else the source had not changed since it was.
        unfinished: names in the place that are no whole archive: what killed runs left.
    """

    location: str
    manifest: Manifest
    is_new: bool
    unfinished: list[str] = field(default_factory=list)


def archive(settings: Settings, catalogue: Mapping[str, SourceTable], *, allow_unencrypted: bool) -> Outcome:
    """Archive every table of the catalogue, unless the last archive holds exactly what is there now.

    Args:
        settings: the settings.
        catalogue: the tables, and what their columns can tell of a person.
        allow_unencrypted: write although nobody's key is set.

    Raises:
        ConfigurationError: a setting is missing or wrong.
        RefusedError: there is no recipient, a column has no privacy class, a table cannot take part in the snapshot, or
            somebody else is writing.
        LossError: a table is gone, a value could not be read, or what was stored is not what was sent.
        ServiceError: a server or the storage failed.
    """
    recipients = parse_recipients(settings.archive_recipients)
    if not recipients and not allow_unencrypted:
        raise RefusedError(
            "DTX_ARCHIVE_RECIPIENTS names nobody: the archive would leave this machine unencrypted",
            hint="Set it to an age public key, or add --allow-unencrypted if the storage is safe by itself.",
        )
    store = open_store(settings)
    with open_ledger(settings) as ledger:
        ledger.lock()
        report: dict[str, Any] = {}
        with ledger.run(report) as run_id, open_source(settings, catalogue) as source:
            refuse_unclassified(
                catalogue, ((name, column.name) for name, table in source.tables.items() for column in table.columns)
            )
            run = _Run(settings, source, store, recipients, catalogue)
            rows = {name: source.count(name) for name in source.tables}
            last = _last_archive(ledger, store)
            if last is not None and run.is_unchanged(last, rows):
                outcome = Outcome(store.location, last, is_new=False)
            else:
                outcome = Outcome(store.location, run.write(ledger, run_id, rows), is_new=True)
            report |= {"archive": outcome.manifest.archive, "written": outcome.is_new}
        outcome.unfinished = sorted(store.listing().keys() - whole_archives(store))
    return outcome


def _last_archive(ledger: ArchiveLedger, store: Store) -> Manifest | None:
    """The newest archive whose files are all there as the ledger knows them; their bytes are verify's business."""
    newest: dict[str, list[RecordedFile]] = {}
    for file in ledger.recorded(store.location):
        newest.setdefault(file.archive, []).append(file)
    if not newest:
        return None
    name, files = list(newest.items())[-1]
    if any(file.state != "verified" for file in files):
        return None
    if {file.object_name for file in files} - store.listing().get(name, set()):
        return None
    try:
        rendered = b"".join(store.read(name, MANIFEST))
    except NotThereError:
        return None
    if digest_of(rendered) != next(file.stored for file in files if file.object_name == MANIFEST):
        return None
    return manifests.parse(rendered, name)


class _Run:
    def __init__(
        self,
        settings: Settings,
        source: Source,
        store: Store,
        recipients: tuple[Recipient, ...],
        catalogue: Mapping[str, SourceTable],
    ) -> None:
        self._settings, self._source, self._store, self._recipients = settings, source, store, recipients
        (self._system,) = {table.system for table in catalogue.values()}

    def is_unchanged(self, last: Manifest, rows: Mapping[str, int]) -> bool:
        """Whether an archive made now would hold the same: definitions, counts, and the SHA-256 of each table's CSV."""
        source = self._source
        if (
            last.recipients != tuple(map(str, self._recipients))
            or last.database != self._settings.source_database
            or {table.table: table.contents.records for table in last.tables} != rows
            or {table.table: table.create_statement for table in last.tables}
            != {name: source.create_statement(name) for name in rows}
            or {table.table: table.columns for table in last.tables}
            != {name: described(source.columns[name]) for name in rows}
        ):
            return False
        with meter("comparing with the last archive", sum(rows.values()), "rows") as progress:
            # The smallest first: a difference is found sooner.
            by_size = sorted(last.tables, key=lambda table: table.contents.plain.size)
            return all(self._plain_digest(table.table, progress) == table.contents.plain for table in by_size)

    def _plain_digest(self, table: str, progress: Meter) -> Digest:
        hasher = Hasher()
        hasher.update(self._header(table))
        for block, count in self._source.blocks(table):
            hasher.update(block)
            progress.advance(count, table)
        return hasher.digest()

    def write(self, ledger: ArchiveLedger, run_id: int, rows: Mapping[str, int]) -> Manifest:
        """Write all tables, then the manifest, then the ledger's rows."""
        source, settings = self._source, self._settings
        name = f"{quote(settings.source_database, safe='')}-{source.as_of:%Y%m%dT%H%M%SZ}-run{run_id}"
        with meter("archiving", sum(rows.values()), "rows") as progress:
            tables = tuple(self._write_table(name, table, rows[table], progress) for table in rows)
        manifest = Manifest(
            archive=name,
            system=self._system,
            database=settings.source_database,
            as_of=source.as_of,
            keep_until=(source.as_of + timedelta(days=settings.archive_retention_days)).date(),
            code_version=code_version(),
            server=source.server,
            recipients=tuple(map(str, self._recipients)),
            tables=tables,
        )
        rendered = manifests.render(manifest)
        failpoint("archive.tables_written")
        with self._store.writing(name, MANIFEST) as sink:
            sink.write(rendered)
        self._read_back(name, MANIFEST, digest_of(rendered))
        failpoint("archive.manifest_written")
        self._store.finish(name)
        failpoint("archive.finished")
        ledger.record(run_id, self._store.location, manifest, digest_of(rendered))
        return manifest

    def _write_table(self, archive_name: str, table: str, rows: int, progress: Meter) -> ArchivedTable:
        source = self._source
        object_name = quote(table, safe="") + ".csv.zst" + (".age" if self._recipients else "")

        def shown() -> Any:
            for block, count in source.blocks(table):
                yield block, count
                progress.advance(count, table)
                failpoint("archive.block_written")

        with self._store.writing(archive_name, object_name) as sink:
            contents: Contents = seal(self._header(table), shown(), self._recipients, sink)
        if contents.records != rows:
            raise LossError(
                f"{table}: the server counts {rows:,} rows and {contents.records:,} were archived",
                hint="Run it again; if it stays so, the table is damaged.",
            )
        self._read_back(archive_name, object_name, contents.stored)
        failpoint("archive.table_written")
        return ArchivedTable(
            table=table,
            object_name=object_name,
            columns=described(source.columns[table]),
            create_statement=source.create_statement(table),
            mysql_checksum=source.checksum(table),
            contents=contents,
        )

    def _header(self, table: str) -> bytes:
        return header([column.name for column in self._source.columns[table]])

    def _read_back(self, archive_name: str, object_name: str, expected: Digest) -> None:
        hasher = Hasher()
        for chunk in self._store.written(archive_name, object_name):
            hasher.update(chunk)
        if hasher.digest() != expected:
            raise LossError(
                f"{archive_name}/{object_name}: what is stored is not what was sent",
                hint="Something lies under that name, or the storage is failing; nothing was recorded. Run it again.",
            )
