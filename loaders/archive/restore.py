"""Restores an archive into an empty MySQL database and proves that it is what was archived (reliability A1)."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

import pymysql

from loaders.archive import csv_format
from loaders.archive.manifest import ArchivedTable, Manifest
from loaders.archive.reading import ArchiveReader, open_archive
from loaders.archive.sealing import Hasher
from loaders.archive.source import blocks, checksum, server_facts
from loaders.console import meter
from loaders.errors import ConfigurationError, RefusedError, ServiceError
from loaders.settings import Settings
from loaders.singer.tap_mysql.catalogue import read_tables
from loaders.singer.tap_mysql.config import TapConfig
from loaders.singer.tap_mysql.source import Connection, connect, query

# What DTX 1.0's server let in must get in again: zero dates, a 0 as key; and in no other zone than it was read in.
_SESSION = (
    "set session sql_mode = 'NO_AUTO_VALUE_ON_ZERO'",
    "set session time_zone = '+00:00'",
    "set session foreign_key_checks = 0",
    "set session net_read_timeout = 3600",
)
_GENERATED = """
select column_name from information_schema.columns
where table_schema = database() and table_name = %s and generation_expression <> ''
"""


@dataclass(frozen=True)
class RestoredTable:
    """A restored table beside what was archived.

    Attributes:
        same_checksum: None where CHECKSUM TABLE cannot be compared, since the server is another version.
        same_rendering: whether the restored table, read as `dtx archive` reads, is the archived file again.
    """

    table: str
    archived_rows: int
    restored_rows: int
    same_checksum: bool | None
    same_rendering: bool

    @property
    def clean(self) -> bool:
        """Nothing differs."""
        return self.archived_rows == self.restored_rows and self.same_checksum is not False and self.same_rendering


def restore(settings: Settings, into: str, name: str | None) -> tuple[Manifest, list[RestoredTable]]:
    """Restore every table of an archive.

    Args:
        settings: where the archive lies, its identity, and the password of the account that writes.
        into: mysql://user@host:port/database; the database must be there and empty.
        name: which archive; the newest where it is not given.

    Raises:
        ConfigurationError: the URL, the identity or the server's settings will not do.
        RefusedError: the database is not empty, or is DTX 1.0's own.
        LossError: a file of the archive is damaged.
        ServiceError: the server failed.
    """
    config = _config(settings, into)
    archive = open_archive(settings, name)
    with _naming_errors(f"{config.host}:{config.port}/{config.database}"), closing(_connect(config)) as connection:
        _refuse_unfit(connection, config)
        is_same_version = server_facts(connection)["version"] == archive.manifest.server["version"]
        with meter("restoring", archive.manifest.rows, "rows") as progress:
            for table in archive.manifest.tables:
                query(connection, table.create_statement)
                _load(connection, archive, table)
                progress.advance(table.contents.records, table.table)
        return archive.manifest, _compare(connection, config, archive.manifest, is_same_version)


def _config(settings: Settings, into: str) -> TapConfig:
    parts = urlsplit(into)
    try:
        port = parts.port or 3306
    except ValueError:
        port = 0
    database = unquote(parts.path.removeprefix("/"))
    if parts.scheme != "mysql" or not (parts.hostname and parts.username and database and port) or "/" in database:
        raise ConfigurationError("--into is no mysql://user@host:port/database", hint="Correct it.")
    if parts.password is not None:
        raise ConfigurationError(
            "--into holds a password, which every user of this machine can read there",
            hint="Put it into DTX_ARCHIVE_RESTORE_PASSWORD.",
        )
    if settings.archive_restore_password is None:
        raise ConfigurationError("DTX_ARCHIVE_RESTORE_PASSWORD is not set", hint="Set it for the user of --into.")
    if (parts.hostname, port, database) == (settings.source_host, settings.source_port, settings.source_database):
        raise RefusedError("--into is DTX 1.0's own database", hint="Restore into an empty database elsewhere.")
    return TapConfig(
        host=parts.hostname,
        port=port,
        user=unquote(parts.username),
        password=settings.archive_restore_password,
        database=database,
    )


@contextmanager
def _naming_errors(where: str) -> Iterator[None]:
    """Keep the number alone of pymysql's errors: their text may hold row values (reliability X1)."""
    try:
        yield
    except pymysql.MySQLError as error:
        number = error.args[0] if error.args and isinstance(error.args[0], int) else type(error).__name__
        raise ServiceError(
            f"the MySQL server to restore into failed at {where} (MySQL error {number})",
            hint="Is it up, is the database there, and are --into's user and DTX_ARCHIVE_RESTORE_PASSWORD right?",
        ) from None


def _connect(config: TapConfig) -> Connection:
    connection: Connection = pymysql.connect(
        host=config.host,
        port=config.port,
        user=config.user,
        password=config.password.get_secret_value(),
        database=config.database,
        charset="utf8mb4",
        connect_timeout=10,
        autocommit=True,
        local_infile=True,
    )
    for statement in _SESSION:
        query(connection, statement)
    return connection


def _refuse_unfit(connection: Connection, config: TapConfig) -> None:
    where = f"{config.host}:{config.port}/{config.database}"
    tables = query(connection, "select count(*) from information_schema.tables where table_schema = database()")[0][0]
    if tables:
        raise RefusedError(
            f"{where} is not empty: it holds {tables} tables",
            hint="Restore into a new database; a restore that failed half-way leaves one to be dropped.",
        )
    if not query(connection, "select @@global.local_infile")[0][0]:
        raise ConfigurationError(
            f"the server at {where} refuses LOAD DATA LOCAL",
            hint="Have its administrator run: set global local_infile = 1",
        )


def _load(connection: Connection, archive: ArchiveReader, table: ArchivedTable) -> None:
    """Load a table through a pipe: its rows never lie on a disk in the clear."""
    generated = frozenset(name for (name,) in query(connection, _GENERATED, (table.table,)))
    columns = [(column.name, column.encoding == "hex") for column in table.columns]
    reading, writing = os.pipe()
    failures: list[BaseException] = []

    def feed() -> None:
        try:
            with os.fdopen(writing, "wb") as pipe:
                archive.read(table, pipe.write)
        except BaseException as error:  # noqa: BLE001 - raised again by the main thread
            failures.append(error)

    feeder = threading.Thread(target=feed, daemon=True)
    feeder.start()
    server_failure: pymysql.MySQLError | None = None
    try:
        with connection.cursor() as cursor:
            statement = csv_format.load_statement(table.table, columns, generated, f"/dev/fd/{reading}")
            # No arguments: a % in a column's name is not pymysql's to replace.
            cursor.execute(statement)
    except pymysql.MySQLError as error:
        server_failure = error
    finally:
        # Whoever still writes gets a broken pipe.
        os.close(reading)
        feeder.join()
    failure = next((each for each in failures if not isinstance(each, BrokenPipeError)), None)
    if failure is not None:
        raise failure
    if server_failure is not None:
        raise server_failure
    if failures:
        raise ServiceError(f"{table.table}: the server stopped reading", hint="Its error log says why.")


def _compare(
    connection: Connection, config: TapConfig, manifest: Manifest, is_same_version: bool
) -> list[RestoredTable]:
    bytes_columns = frozenset(
        f"{table.table}.{column.name}"
        for table in manifest.tables
        for column in table.columns
        if column.encoding == "hex"
    )
    restored = []
    with (
        closing(connect(config.model_copy(update={"bytes_columns": bytes_columns}))) as reader,
        meter("comparing", manifest.rows, "rows") as progress,
    ):
        tables = read_tables(reader, config.model_copy(update={"bytes_columns": bytes_columns}))
        for archived in manifest.tables:
            name = archived.table
            columns = csv_format.archived_columns(tables[name])
            hasher, rows = Hasher(), 0
            hasher.update(csv_format.header([column.name for column in columns]))
            for block, count in blocks(reader, name, columns):
                hasher.update(block)
                rows += count
                progress.advance(count, name)
            restored.append(
                RestoredTable(
                    table=name,
                    archived_rows=archived.contents.records,
                    restored_rows=rows,
                    same_checksum=checksum(connection, name) == archived.mysql_checksum if is_same_version else None,
                    same_rendering=hasher.digest() == archived.contents.plain,
                )
            )
    return restored
