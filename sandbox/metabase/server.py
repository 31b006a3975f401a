"""Serving the stand-in: in this process for tests, or as a process of its own for the sandbox."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from werkzeug.serving import WSGIRequestHandler, make_server

from sandbox.metabase import bootstrap, mail
from sandbox.metabase.application import Application, Exchange
from sandbox.metabase.faults import Fault
from sandbox.metabase.store import Document, Store
from sandbox.servers.metabase import STATE_FILE

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


class Quiet(WSGIRequestHandler):
    """Logs no request, since the application keeps them; closes a connection that a fault drops."""

    def connection_dropped(self, error: BaseException, environ: WSGIEnvironment | None = None) -> None:
        """Close the connection instead of waiting for its next request."""
        self.close_connection = True

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Keep silent."""


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
