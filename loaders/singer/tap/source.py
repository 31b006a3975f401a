"""What a tap must know of its kind of server; the rest is the same for all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from loaders.singer.tap.plan import StreamPlan
from loaders.singer.tap.table import Column, Table

ColumnT = TypeVar("ColumnT", bound=Column)
_ColumnT_contra = TypeVar("_ColumnT_contra", bound=Column, contravariant=True)


class Session(Protocol[_ColumnT_contra]):
    """A connection to the source, in a snapshot; reads one stream at a time."""

    def highest_key(self, stream: StreamPlan[_ColumnT_contra]) -> str | None:
        """The highest value of the stream's replication key, as the server prints it; None in an empty table."""

    def read_rows(self, stream: StreamPlan[_ColumnT_contra]) -> Iterator[tuple[bytes, int]]:
        """Yield the stream's rows as CSV of `loaders.singer.messages`, in blocks of about 1 MiB, with their row counts.

        Raises:
            MigrationError: the server failed, or a value would have been lost.
        """


@dataclass(frozen=True)
class Opened(Generic[ColumnT]):
    """Sessions that all see the source as of the same moment.

    Attributes:
        sessions: at least one.
        as_of: the server's time at which the snapshot was taken.
        warnings: what the operator must know of the snapshot.
    """

    sessions: Sequence[Session[ColumnT]]
    as_of: datetime
    warnings: tuple[str, ...] = ()


class Source(Protocol[ColumnT]):
    """A server that a tap reads from."""

    @property
    def database(self) -> str:
        """The database's name."""

    def read_tables(self) -> Mapping[str, Table[ColumnT]]:
        """The tables that are there.

        Raises:
            MigrationError: the server is out of reach, or is not as it is configured.
        """

    def open(self, streams: Sequence[StreamPlan[ColumnT]]) -> AbstractContextManager[Opened[ColumnT]]:
        """Open a snapshot of the streams' tables; it is closed at the end.

        Raises:
            MigrationError: the server is out of reach.
        """
