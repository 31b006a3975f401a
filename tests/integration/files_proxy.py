"""An HTTP relay in front of the S3 server that breaks what a rule says: faults that a server won't give by itself."""

from __future__ import annotations

import http.client
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

SLOW_DOWN = (
    b"<?xml version='1.0'?><Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
)
_HOP_BY_HOP = {"connection", "transfer-encoding", "content-length", "keep-alive", "date", "server"}
_CHECKSUMS = ("x-amz-checksum", "x-amz-content-sha256", "content-md5", "x-amz-sdk-checksum", "x-amz-trailer")


@dataclass
class Request:
    """What a rule sees: `count` is this method and path's number, from 1."""

    method: str
    path: str
    count: int
    body: bytes


@dataclass
class Proxy:
    """The relay: `rule` names the fault of a request or None; `seen` has every request."""

    target: str
    rule: Callable[[Request], str | None] = lambda _: None
    url: str = ""
    seen: list[Request] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def bytes_put(self) -> int:
        return sum(len(request.body) for request in self.seen if request.method == "PUT")

    def note(self, method: str, path: str, body: bytes) -> Request:
        with self.lock:
            count = 1 + sum((one.method, one.path) == (method, path) for one in self.seen)
            self.seen.append(Request(method, path, count, body))
            return self.seen[-1]


@contextmanager
def fault_proxy(target: str, tls: ssl.SSLContext | None = None) -> Iterator[Proxy]:
    """A relay to `target` on a free port of loopback, itself behind TLS where a context is given."""
    proxy = Proxy(target)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            path = urlsplit(self.path)
            if self.command == "PUT" and proxy.rule(Request("PUT?", path.path, 0, b"")) == "cut_request":
                self.rfile.read(length // 2)
                self.close_connection = True
                return
            request = proxy.note(self.command, path.path, self.rfile.read(length))
            fault = proxy.rule(request)
            if fault == "slow_down":
                self.answer(503, {"Content-Type": "application/xml"}, SLOW_DOWN)
            elif fault == "refuse":
                self.answer(500, {}, b"")
            elif fault == "hang":
                proxy.released.wait(60)
                self.close_connection = True
            else:
                self.relay(request.body, fault)

        def relay(self, body: bytes, fault: str | None) -> None:
            headers = {name: value for name, value in self.headers.items() if name.lower() != "expect"}
            if fault in ("flip_request", "flip_request_unnoticed"):
                body = flipped(body)
            if fault == "flip_request_unnoticed":
                headers = {name: value for name, value in headers.items() if not name.lower().startswith(_CHECKSUMS)}
            upstream = http.client.HTTPConnection(urlsplit(proxy.target).netloc, timeout=30)
            upstream.request(self.command, self.path, body=body, headers=headers)
            response = upstream.getresponse()
            answer = response.read()
            upstream.close()
            if fault == "lose_reply":
                self.close_connection = True
                return
            if fault == "flip_reply":
                answer = flipped(answer)
            kept = {name: value for name, value in response.getheaders() if name.lower() not in _HOP_BY_HOP}
            length = response.getheader("Content-Length") if self.command == "HEAD" else None
            self.answer(response.status, kept, answer, cut=fault == "cut_reply", length=length)

        def answer(
            self, status: int, headers: dict[str, str], body: bytes, cut: bool = False, length: str | None = None
        ) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", length or str(len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) // 2] if cut else body)
            self.close_connection = self.close_connection or cut

        do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = handle_one

        def log_message(self, *_arguments: Any) -> None: ...

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_arguments: Any) -> None: ...  # a client that went away is part of the test

    server = Server(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    proxy.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.released.set()
        server.shutdown()
        server.server_close()
        thread.join()


def flipped(body: bytes) -> bytes:
    """The same with one bit changed in its middle."""
    if not body:
        return body
    middle = len(body) // 2
    return body[:middle] + bytes([body[middle] ^ 1]) + body[middle + 1 :]
