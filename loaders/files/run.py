"""Works off the ledger's open files: claims ranges, hands them to the workers, records verdicts."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from loaders.console import Meter
from loaders.errors import ServiceError
from loaders.failpoints import failpoint
from loaders.files.crew import Crew
from loaders.files.ledger import RANGE, Ledger
from loaders.files.transfer import Key, PlannedFile, Verdict
from loaders.files.workers import tick

_RECORD_SECONDS = 2.0
_RENEW_SECONDS = 20.0
_CLAIM_AGAIN_SECONDS = 1.0
# X3 gives ten seconds; recording and the report take the rest.
_GRACE_SECONDS = 7.0
# One file that S3 refuses is that file's verdict; this many in a row are S3's.
_FAILURES_IN_A_ROW = 50


@dataclass
class Progress:
    """What this run did.

    Attributes:
        verified: files whose stored bytes were proven.
        rejected: files with a reason why not.
        proven_bytes: of the verified files.
        sent_files: files that were put; the others were there already.
        sent_bytes: bytes put.
        seconds: from the first claim to the last verdict.
        interrupted: somebody asked to stop before the list was done.
    """

    verified: int = 0
    rejected: int = 0
    proven_bytes: int = 0
    sent_files: int = 0
    sent_bytes: int = 0
    seconds: float = 0.0
    interrupted: bool = False

    def add(self, verdict: Verdict) -> None:
        """Count one verdict."""
        if verdict.reason_code is None:
            self.verified += 1
            self.proven_bytes += verdict.size or 0
        else:
            self.rejected += 1
        if verdict.sent:
            self.sent_files += 1
            self.sent_bytes += verdict.sent


class Run:
    """One run's share of the work; others may take theirs from the same ledger at the same time.

    Args:
        ledger: the ledger.
        crew: moves the files.
        stop: set once somebody asked to stop.
        meter: shows the progress.
    """

    def __init__(self, ledger: Ledger, crew: Crew, stop: threading.Event, meter: Meter) -> None:
        self._ledger, self._crew, self._stop, self._meter = ledger, crew, stop, meter
        self._held: dict[Key, PlannedFile] = {}
        self._given_up: list[PlannedFile] = []
        self._unrecorded: list[Verdict] = []
        self._failures = 0
        self._next_claim = 0.0
        self.progress = Progress()

    def work(self) -> Progress:
        """Go on until every listed file has a verdict, or somebody asks to stop.

        Raises:
            ServiceError: S3 failed for many files in a row.
        """
        started = time.monotonic()
        try:
            self._loop()
        finally:
            asked = self._stop.is_set()
            self._stop.set()  # whoever still tries again gives up
            self._wind_up()
            self.progress.seconds = time.monotonic() - started
        self.progress.interrupted = asked and self._ledger.is_open()
        return self.progress

    def _loop(self) -> None:
        recorded = renewed = time.monotonic()
        while not self._stop.is_set():
            if self._crew.is_hungry and time.monotonic() >= self._next_claim:
                self._claim()
            if not self._held:
                self._record()
                if not self._ledger.is_open():
                    return
                self._stop.wait(_CLAIM_AGAIN_SECONDS)  # files that other processes hold
                continue
            tick(self._crew.is_running_out)
            self._collect()
            if self._failures >= _FAILURES_IN_A_ROW:
                raise ServiceError(
                    f"S3 failed for {self._failures} files in a row",
                    hint="See whether S3 is up and these credentials may write there; then run the same command again.",
                )
            now = time.monotonic()
            if len(self._unrecorded) >= RANGE or now - recorded > _RECORD_SECONDS:
                self._record()
                recorded = now
            if now - renewed > _RENEW_SECONDS:
                self._ledger.renew(self._held.values())
                renewed = now

    def _claim(self) -> None:
        # The first may be empty for being at the list's end; the second then starts at its beginning.
        files = self._ledger.claim() or self._ledger.claim()
        self._held.update({file.key: file for file in files})
        self._crew.submit(files)
        if not files:
            self._next_claim = time.monotonic() + _CLAIM_AGAIN_SECONDS

    def _collect(self) -> None:
        finished = self._crew.finished()
        for file, verdict in finished:
            del self._held[file.key]
            if verdict is None:
                self._given_up.append(file)
                continue
            self._unrecorded.append(verdict)
            self.progress.add(verdict)
            self._failures = self._failures + 1 if verdict.reason_code == "file_failed" else 0
        self._meter.advance(len(finished), f"{self.progress.proven_bytes / 1e6:,.0f} MB")

    def _record(self) -> None:
        if self._unrecorded:
            failpoint("files.before_record")
            self._ledger.record(self._unrecorded)
            self._unrecorded.clear()
        self._ledger.release(self._given_up, untouched=False)
        self._given_up.clear()

    def _wind_up(self) -> None:
        """Leave the ledger as it is: verdicts recorded, everything else given back."""
        untouched = self._crew.withdraw()
        for file in untouched:
            del self._held[file.key]
        deadline = time.monotonic() + _GRACE_SECONDS
        while self._held and time.monotonic() < deadline:
            tick(self._crew.is_running_out)
            self._collect()
        self._record()
        self._ledger.release(untouched, untouched=True)
        self._ledger.release(list(self._held.values()), untouched=False)
