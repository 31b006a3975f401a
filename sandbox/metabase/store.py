"""What the stand-in remembers: JSON documents by kind and number, in one SQLite file, so that a restart keeps them."""

from __future__ import annotations

import json
import secrets
import sqlite3
import string
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

Document = dict[str, Any]

_ENTITY_ID_LETTERS = string.ascii_letters + string.digits + "_-"


def now() -> str:
    """The present time as Metabase writes it."""
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


def new_entity_id() -> str:
    """A random entity id: 21 letters, digits, underscores or hyphens."""
    return "".join(secrets.choice(_ENTITY_ID_LETTERS) for _ in range(21))


class Store:
    """Documents, each with an integer `id` that is never given out twice within its kind.

    One request at a time works on it: `transaction` holds a lock, keeps everything or nothing, and may be nested.
    """

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        self._depth = 0
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._connection.executescript(
            "pragma synchronous = off;"
            "create table if not exists document (kind text, id integer, body text, primary key (kind, id));"
            "create table if not exists number (kind text primary key, last integer);"
        )

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Hold the store; an exception undoes what was written in the outermost block."""
        with self._lock:
            if self._depth == 0:
                self._connection.execute("begin")
            self._depth += 1
            try:
                yield
            except BaseException:
                self._depth -= 1
                if self._depth == 0:
                    self._connection.execute("rollback")
                raise
            self._depth -= 1
            if self._depth == 0:
                self._connection.execute("commit")

    def next_id(self, kind: str) -> int:
        """The next number of a kind."""
        with self.transaction():
            row = self._connection.execute(
                "insert into number values (?, 1) on conflict (kind) do update set last = last + 1 returning last",
                [kind],
            ).fetchone()
            return int(row[0])

    def insert(self, kind: str, document: Document) -> Document:
        """Keep a new document under the next number; the answer carries its `id`."""
        with self.transaction():
            numbered = {**document, "id": self.next_id(kind)}
            self.put(kind, numbered)
            return numbered

    def put(self, kind: str, document: Document) -> None:
        """Keep a document under its own `id`."""
        with self.transaction():
            self._connection.execute(
                "insert or replace into document values (?, ?, ?)", [kind, document["id"], json.dumps(document)]
            )

    def find(self, kind: str, number: int) -> Document | None:
        """The document of that number, or None."""
        with self.transaction():
            row = self._connection.execute(
                "select body from document where kind = ? and id = ?", [kind, number]
            ).fetchone()
            return json.loads(row[0]) if row else None

    def all(self, kind: str, **equal: Any) -> list[Document]:
        """Documents of a kind in the order of their numbers, those whose named members equal the values given."""
        # SQLite looks into the JSON: half the time of a plan went into decoding documents that nobody asked for.
        conditions = "".join(f" and json_extract(body, '$.{name}') is ?" for name in equal)
        with self.transaction():
            rows = self._connection.execute(
                f"select body from document where kind = ?{conditions} order by id", [kind, *equal.values()]
            ).fetchall()
        return [json.loads(body) for (body,) in rows]

    def delete(self, kind: str, number: int) -> None:
        """Forget a document; harmless when there is none."""
        with self.transaction():
            self._connection.execute("delete from document where kind = ? and id = ?", [kind, number])
