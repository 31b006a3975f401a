"""`migration.metabase_object`: what was applied last; it tells edits by hand from changes of the catalogue."""

from __future__ import annotations

import psycopg
from psycopg.rows import args_row
from psycopg.types.json import Jsonb

from loaders.database import fetch_value
from loaders.errors import RefusedError
from loaders.metabase.objects import Fields, Line

_LOCK = "dtx metabase apply"


class Ledger:
    """The lines of one Metabase; each write is its own transaction."""

    def __init__(self, connection: psycopg.Connection, metabase_url: str) -> None:
        """`connection` is the publisher's, in autocommit."""
        self._connection = connection
        self._url = metabase_url

    def lock(self) -> None:
        """Be the only one who applies, until the connection ends.

        Raises:
            RefusedError: another `dtx metabase apply` is at work.
        """
        if not fetch_value(self._connection, "select pg_try_advisory_lock(hashtextextended(%s, 0))", [_LOCK]):
            raise RefusedError("another dtx metabase apply is at work", hint="Wait for it, then run this again.")

    def lines(self, kind: str) -> dict[str, Line]:
        """The lines of one kind, by object key."""
        with self._connection.cursor(row_factory=args_row(Line)) as cursor:
            rows = cursor.execute(
                "select object_key, kind, metabase_id, entity_id, applied from migration.metabase_object "
                "where metabase_url = %s and kind = %s order by object_key",
                [self._url, kind],
            )
            return {line.object_key: line for line in rows}

    def begin(self, key: str, kind: str) -> None:
        """Remember that the object is about to be created: if this process ends now, the object is known as ours."""
        self._connection.execute(
            "insert into migration.metabase_object as line (metabase_url, object_key, kind) values (%s, %s, %s) "
            "on conflict (metabase_url, object_key) do update "
            "set metabase_id = null, entity_id = null, applied = null, applied_at = now()",
            [self._url, key, kind],
        )

    def record(self, key: str, kind: str, metabase_id: int | None, entity_id: str | None, applied: Fields) -> None:
        """Remember what was applied and read back."""
        self._connection.execute(
            "insert into migration.metabase_object as line "
            "(metabase_url, object_key, kind, metabase_id, entity_id, applied) values (%s, %s, %s, %s, %s, %s) "
            "on conflict (metabase_url, object_key) do update set metabase_id = excluded.metabase_id, "
            "entity_id = excluded.entity_id, applied = excluded.applied, applied_at = now()",
            [self._url, key, kind, metabase_id, entity_id, Jsonb(applied)],
        )

    def forget(self, key: str) -> None:
        """Remember it no longer."""
        self._connection.execute(
            "delete from migration.metabase_object where metabase_url = %s and object_key = %s", [self._url, key]
        )
