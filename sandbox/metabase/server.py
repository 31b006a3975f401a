"""Serving the stand-in: in this process for tests, or as a process of its own for the sandbox."""

from __future__ import annotations

import contextlib
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from werkzeug.serving import WSGIRequestHandler, make_server

from sandbox.metabase import bootstrap, mail
from sandbox.metabase.application import Application, Exchange
from sandbox.metabase.faults import Fault
from sandbox.metabase.store import Document, Store
from sandbox.servers import process

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

PROGRAM = process.Program("sandbox.metabase")
STATE_FILE = "metabase.sqlite"
KEY_VARIABLE, PASSWORD_VARIABLE = "SANDBOX_METABASE_API_KEY", "SANDBOX_METABASE_PASSWORD"


class Quiet(WSGIRequestHandler):
    """Logs no request, since the application keeps them; closes a connection that a fault drops."""

    def connection_dropped(self, error: BaseException, environ: WSGIEnvironment | None = None) -> None:
        """Close the connection instead of waiting for its next request."""
        self.close_connection = True

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Keep silent."""


@dataclass(frozen=True)
class Metabase:
    """How to reach a Metabase: its address without /api, and a key of the group Administrators."""

    url: str
    api_key: str

    @property
    def port(self) -> int:
        """The port of the address."""
        return int(self.url.rsplit(":", 1)[1])


class LocalMetabase:
    """A stand-in in this process: what tests order from it and ask it. See the package's docstring."""

    def __init__(self, application: Application, url: str, api_key: str) -> None:
        self.application = application
        self.url = url
        self.api_key = api_key

    @property
    def store(self) -> Store:
        """Everything it remembers."""
        return self.application.store

    @property
    def exchanges(self) -> list[Exchange]:
        """Every request so far, in the order their answers went out."""
        return list(self.application.exchanges)

    @property
    def writes(self) -> list[Exchange]:
        """Requests that were to change something; running queries and translating ids change nothing."""
        harmless = ("card.query", "card.export", "dataset.query", "eid.translate", "session.create")
        return [each for each in self.exchanges if each.method != "GET" and each.endpoint not in harmless]

    @property
    def refusals(self) -> list[Exchange]:
        """Requests that were answered with an error, orders of `fail` included."""
        return [each for each in self.exchanges if each.status is not None and each.status >= 400]

    @property
    def mails(self) -> list[Document]:
        """What Metabase would have sent: `reason` and `recipients`."""
        return mail.sent(self.store)

    def forget(self) -> None:
        """Start the lists of requests anew."""
        self.application.exchanges.clear()

    def wait(self) -> None:
        """Wait until syncs are done, and requests whose clients have left."""
        self.application.wait()

    def fail(self, endpoint: str, status: int, *, times: int = 1, retry_after: int | None = None) -> None:
        """Answer the next requests of an endpoint with an error status and do nothing."""
        self._order(Fault(endpoint, times, status=status, retry_after=retry_after))

    def drop(self, endpoint: str, *, when: Literal["before", "after"] = "after", times: int = 1) -> None:
        """Break the connection of the next requests, before or after the work was done."""
        self._order(Fault(endpoint, times, drop=when))

    def delay(self, endpoint: str, seconds: float, *, times: int = 1) -> None:
        """Let the next requests wait before they are worked on."""
        self._order(Fault(endpoint, times, seconds=seconds))

    def _order(self, fault: Fault) -> None:
        assert fault.endpoint in self.application.contract.endpoints, fault.endpoint
        self.application.faults.order(fault)


def _application(folder: Path) -> Application:
    store = Store(folder / STATE_FILE)
    bootstrap.prepare(store)
    return Application(store)


@contextmanager
def serve_here(
    folder: Path, *, api_key: str | None = None, password: str = "sandbox", time_zone: str = "America/New_York"
) -> Iterator[LocalMetabase]:
    """Serve the stand-in whose state lies in `folder` from this process, on a free port.

    Args:
        folder: exists; one server at a time.
        api_key: of the administrators' key that is made; None leaves the instance as it is (fresh: not set up).
        password: of the administrator who is made with it.
        time_zone: the report time zone.
    """
    application = _application(folder)
    if api_key:
        bootstrap.set_up(application.store, password=password, api_key=api_key, time_zone=time_zone)
    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield LocalMetabase(application, f"http://127.0.0.1:{server.server_port}", api_key or "")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        application.wait()
        application.store.close()


def serve_forever(folder: Path, port: int, *, api_key: str, password: str, time_zone: str) -> None:
    """Serve the stand-in whose state lies in `folder` until the process ends."""
    application = _application(folder)
    bootstrap.set_up(application.store, password=password, api_key=api_key, time_zone=time_zone)
    with contextlib.closing(application.store):
        make_server("127.0.0.1", port, application, threaded=True, request_handler=Quiet).serve_forever()


def start(folder: Path, *, api_key: str, password: str, time_zone: str, port: int | None = None) -> Metabase:
    """Start the stand-in whose state lies in `folder`, as a process of its own.

    Args:
        folder: private to this server.
        api_key: handed to clients.
        password: the administrator's.
        time_zone: the report time zone.
        port: taken when free.

    Raises:
        ServiceError: the server does not start.
    """
    process.private_folder(folder, None)

    def is_ready(on_port: int) -> bool:
        request: Any = urllib.request.Request(
            f"http://127.0.0.1:{on_port}/api/user/current", headers={"X-API-KEY": api_key}
        )
        try:
            with urllib.request.urlopen(request, timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    chosen = process.start(
        PROGRAM,
        folder,
        lambda on_port: [sys.executable, "-m", PROGRAM.name, str(on_port), time_zone],
        is_ready,
        environment=lambda _: {KEY_VARIABLE: api_key, PASSWORD_VARIABLE: password},
        preferred_port=port,
    )
    return Metabase(f"http://127.0.0.1:{chosen}", api_key)


def stop(folder: Path) -> None:
    """Stop the stand-in in `folder`; harmless when none runs."""
    process.stop(folder, PROGRAM)
