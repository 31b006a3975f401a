"""The WSGI application: contract, faults, credentials, handler, contract again; and what a test may ask afterwards."""

from __future__ import annotations

import json
import logging
import threading
import time
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request, Response

from sandbox.metabase import access, errors, handlers
from sandbox.metabase.contract import Endpoint, load_contract
from sandbox.metabase.errors import ApiError
from sandbox.metabase.faults import Fault, Faults
from sandbox.metabase.registry import Call, Plain
from sandbox.metabase.store import Store

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

log = logging.getLogger("sandbox.metabase")


@dataclass(frozen=True)
class Exchange:
    """One request and the status of its answer; None when the connection was dropped instead."""

    endpoint: str
    method: str
    path: str
    body: Any
    status: int | None
    error: Any = None


class Application:
    """A Metabase over one store."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.contract = load_contract()
        self.faults = Faults()
        self.exchanges: list[Exchange] = []
        self.broken: list[str] = []
        self._threads: list[threading.Thread] = []
        self._at_work = 0
        self._changed = threading.Condition()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request, or break its connection."""
        self._count(1)
        try:
            return self._answer(Request(environ))(environ, start_response)
        finally:
            self._count(-1)

    def wait(self) -> None:
        """Wait until no request is at work, not even for a client that has left, and no sync runs."""
        with self._changed:
            self._changed.wait_for(lambda: self._at_work == 0)
        while self._threads:
            self._threads.pop().join()

    def _count(self, difference: int) -> None:
        with self._changed:
            self._at_work += difference
            self._changed.notify_all()

    def _answer(self, request: Request) -> Response:
        endpoint: Endpoint | None = None
        fault: Fault | None = None
        body: Any = None
        try:
            endpoint, path = self.contract.match(request.method, request.path)
            fault = self.faults.take(endpoint.id)
            _meet(fault)
            body = _decode(endpoint, request)
            response = self._success(endpoint, path, body, request)
            problem = None
        except ApiError as error:
            response, problem = _failure(error), error.body
        except ConnectionError:
            self._note(request, endpoint, body, None, None)
            raise
        except Exception as error:
            self.broken.append(f"{request.method} {request.path}: {traceback.format_exc()}")
            log.exception("%s %s", request.method, request.path)
            problem = f"{type(error).__name__}"
            response = _failure(errors.assertion_failed(f"the stand-in itself failed: {problem}"))
        if fault and fault.drop == "after":
            self._note(request, endpoint, body, None, None)
            raise ConnectionAbortedError
        self._note(request, endpoint, body, response.status_code, problem)
        return response

    def _success(self, endpoint: Endpoint, path: dict[str, str], body: Any, request: Request) -> Response:
        with self.store.transaction():
            user, session = None, None
            if endpoint.auth != "none":
                user, session = access.identify(self.store, dict(request.headers), request.cookies)
            endpoint.check_path(path)
            query = endpoint.decode_query(request.args.items(multi=True))
            endpoint.check_body(body)
            if endpoint.auth == "admin" and user is not None:
                access.require_admin(self.store, user)
            call = Call(self.store, self._later, path, query, body, user, session)
            answer = handlers.HANDLERS[endpoint.id](call)
            if isinstance(answer, Plain):
                return Response(answer.body, answer.status, content_type=answer.content_type)
            if faults := endpoint.faults_of_answer(answer):
                self.broken.append(f"{endpoint.id}: the answer breaks the contract: {'; '.join(faults)}")
                raise errors.assertion_failed(self.broken[-1])
        return _json(endpoint.ok_status, answer)

    def _later(self, work: Callable[[], None]) -> None:
        def run() -> None:
            try:
                work()
            except Exception:
                self.broken.append(f"in the background: {traceback.format_exc()}")
                log.exception("in the background")

        thread = threading.Thread(target=run, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _note(self, request: Request, endpoint: Endpoint | None, body: Any, status: int | None, error: Any) -> None:
        name = endpoint.id if endpoint else ""
        self.exchanges.append(Exchange(name, request.method, request.full_path.rstrip("?"), body, status, error))


def _meet(fault: Fault | None) -> None:
    if fault is None:
        return
    time.sleep(fault.seconds)
    if fault.drop == "before":
        raise ConnectionAbortedError
    if fault.status:
        headers = {"Retry-After": str(fault.retry_after)} if fault.retry_after is not None else {}
        error = ApiError(fault.status, f"a fault on order: {fault.status}")
        error.headers = headers
        raise error


def _decode(endpoint: Endpoint, request: Request) -> Any:
    if request.mimetype == "application/x-www-form-urlencoded" and endpoint.takes_form:
        return request.form.to_dict()
    data = request.get_data()
    if not data:
        return None
    if request.mimetype != "application/json":
        raise errors.invalid({"_error": "the body is not application/json"})
    try:
        return json.loads(data)
    except ValueError:
        raise errors.invalid({"_error": "the body is not JSON"}) from None


def _failure(error: ApiError) -> Response:
    if isinstance(error.body, str):
        response = Response(error.body, error.status, content_type="text/plain; charset=utf-8")
    else:
        response = _json(error.status, error.body)
    response.headers.update(error.headers)
    return response


def _json(status: int, body: Any) -> Response:
    if status == 204:
        return Response(status=204)
    return Response(json.dumps(body, ensure_ascii=False), status, content_type="application/json; charset=utf-8")
