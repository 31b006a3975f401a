"""A look at every file that has no verified object yet: is it there, can it be taken, how many bytes."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass, field

import psycopg

from loaders.console import Meter
from loaders.files.source import FileFault, open_source
from loaders.files.workers import Workers

_PAGE = 5_000
_TICK_SECONDS = 0.02
READY = "ready"

_WITHOUT_OBJECT = """
select i.source_path from files_input i
where not exists (
    select from migration.file_transfer t
    where (t.entity, t.legacy_key) = (i.entity, i.legacy_key) and t.state = 'verified'
)
"""


@dataclass
class Survey:
    """Files and bytes by outcome: `ready` to be transferred, or a reason code."""

    files: Counter[str] = field(default_factory=Counter)
    bytes: Counter[str] = field(default_factory=Counter)


def survey(connection: psycopg.Connection, root: int, workers: int, stop: threading.Event, meter: Meter) -> Survey:
    """Open every such file; reads nothing of it and writes nothing.

    Args:
        connection: in a transaction, with `files_input` in its session.
        root: descriptor of the EFS root.
        workers: how many threads.
        stop: set once somebody asked to stop.
        meter: shows the progress.
    """

    def look(path: str) -> tuple[str, int]:
        try:
            with open_source(root, path) as source:
                return READY, source.size
        except FileFault as fault:
            return fault.reason_code, 0

    seen = Survey()
    threads: Workers[str, tuple[str, int]] = Workers(workers, look)
    with connection.cursor("files_survey") as cursor:
        cursor.execute(_WITHOUT_OBJECT)
        while (page := cursor.fetchmany(_PAGE)) and not stop.is_set():
            threads.submit(path for (path,) in page)
            waiting = len(page)
            while waiting and not stop.is_set():
                time.sleep(_TICK_SECONDS)
                finished = threads.finished()
                waiting -= len(finished)
                meter.advance(len(finished))
                for _, (outcome, size) in finished:
                    seen.files[outcome] += 1
                    seen.bytes[outcome] += size
    threads.withdraw()
    return seen
