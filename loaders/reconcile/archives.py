"""What the ledger says of each table's archive: a disposition `archive` is a claim that it proves, or does not (A4)."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg


@dataclass(frozen=True)
class ArchivedFile:
    """The newest verified file of a table.

    Attributes:
        rows: as they were counted when it was written.
        as_of: the snapshot it was read in, and until when it must be kept: as PostgreSQL prints them.
    """

    archive: str
    object_name: str
    rows: int
    as_of: str
    keep_until: str
    is_encrypted: bool


def read_archived_files(connection: psycopg.Connection, system: str) -> dict[str, ArchivedFile]:
    """The newest verified file by source table; a table without one is not there."""
    rows = connection.execute(
        """
        select distinct on (source_table)
            source_table, archive, object_name, row_count, as_of::text, keep_until::text, is_encrypted
        from migration.archive_object
        where system = %s and state = 'verified'
        order by source_table, as_of desc, archive desc
        """,
        (system,),
    ).fetchall()
    return {table: ArchivedFile(*values) for table, *values in rows}
