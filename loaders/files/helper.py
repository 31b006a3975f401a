"""A worker process of `dtx files`: takes claimed files from its parent, moves them, and tells it the verdicts.

It knows nothing of the ledger; its credentials come from the parent, with the files. It ends when its parent does,
however that died: the pipe between them is broken then.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
import traceback
from multiprocessing.connection import Connection
from typing import Any

from loaders.files.connection import S3
from loaders.files.limiter import Limiter
from loaders.files.options import Options
from loaders.files.transfer import Key, PlannedFile, Told, Transfer, Verdict
from loaders.files.wire import Access
from loaders.files.workers import Workers, tick


class Helper:
    """One end of the pipe; what comes is read and what is done is sent by a thread each, so that neither waits.

    Args:
        parent: the pipe.
        root: descriptor of the EFS root.
    """

    def __init__(self, parent: Connection, root: int) -> None:
        self._parent, self._sending = parent, threading.Lock()
        self._stop = threading.Event()
        options: Options
        options, self._access = parent.recv()
        limiter = Limiter(options.files_per_second, options.bytes_per_second, self._stop)
        s3 = S3(options, lambda: self._access)
        move = Transfer(options, root=root, s3=s3, limiter=limiter, stop=self._stop)
        self._threads: Workers[PlannedFile, Verdict | None] = Workers(options.workers, move)

    def receive(self) -> None:
        """Take files until told to stop, and then wait for the parent's end, which is an EOFError."""
        while True:
            message: tuple[list[tuple[Any, ...]], Access] | None = self._parent.recv()
            if message is None:
                self._stop.set()
                self._send([], [file.key for file in self._threads.withdraw()])
            else:
                files, self._access = message
                self._threads.submit(map(PlannedFile._make, files))

    def send(self) -> None:
        """Tell verdicts as they come; an error of a worker ends the process."""
        try:
            while True:
                tick(self._threads.is_running_out)
                if finished := self._threads.finished():
                    self._send([(file.key, verdict and verdict[1:]) for file, verdict in finished], None)
        except BrokenPipeError:
            os._exit(0)
        except BaseException:  # noqa: BLE001 - reported; the parent takes the files back
            traceback.print_exc()
            os._exit(1)

    def _send(self, finished: list[Told], untouched: list[Key] | None) -> None:
        with self._sending:
            self._parent.send((finished, untouched))


def main(pipe: int, root: int) -> None:
    """Work for the parent at the other end of the pipe.

    Args:
        pipe: descriptor.
        root: descriptor of the EFS root.
    """
    # Whoever stops everything at once stops the parent too; what it means here, the parent says.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    gc.freeze()
    try:
        helper = Helper(Connection(pipe), root)
        threading.Thread(target=helper.send, daemon=True).start()
        helper.receive()
    except (EOFError, BrokenPipeError, ConnectionResetError):
        os._exit(0)  # threads in the middle of a request are not waited for


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
