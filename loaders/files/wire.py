"""S3 on the wire for small objects: one PUT or GET, one connection a worker, signed with Signature Version 4.

Written out because the requests are most of the work of moving a small file, and a library does again what is done
already: hashes a body whose SHA-256 we hold, copies it, hands it to threads of its own (docs/files.md, How fast).
"""

from __future__ import annotations

import hmac
import os
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import botocore

_HEAD_BYTES = 16 << 10
# A body is taken in pieces that stay in the core's cache: whole it cost a tenth of the CPU of a file more.
_PIECE_BYTES = 128 << 10
_CONNECT_SECONDS = 10.0
_UNSIGNED = "UNSIGNED-PAYLOAD"
_GONE = (ConnectionError, ssl.SSLEOFError)


class Place(NamedTuple):
    """Where a bucket answers.

    Attributes:
        host: the Host header.
        address: to connect to: host and port.
        folder: what the path of every object begins with.
        tls: None for plain HTTP.
    """

    host: str
    address: tuple[str, int]
    folder: str
    tls: ssl.SSLContext | None

    @classmethod
    def of(cls, bucket: str, region: str, endpoint_url: str | None) -> Place:
        """Of AWS in a region, the bucket in the host's name, or of another server, the bucket in the path."""
        parts = urlsplit(endpoint_url or f"https://{bucket}.s3.{region}.amazonaws.com")
        encrypted = parts.scheme == "https"
        address = parts.hostname or "", parts.port or (443 if encrypted else 80)
        folder = f"{parts.path.rstrip('/')}/{bucket}/" if endpoint_url else "/"
        return cls(parts.netloc, address, folder, _tls() if encrypted else None)


class Access(NamedTuple):
    """The bucket's region, and the credentials of the moment."""

    region: str
    access_key: str
    secret_key: str
    token: str | None


class Answer(NamedTuple):
    """What the server said.

    Attributes:
        status: of HTTP.
        length: of the body in bytes; None when the server does not say.
        body: of a 200 that is as long as was expected, in pieces that hold until the next one; else nothing.
    """

    status: int
    length: int | None
    body: Iterator[memoryview]


class Signer:
    """AWS Signature Version 4 of a request whose body is not signed: its checksum is a header, which is.

    Args:
        access: asked for at each request, since credentials are renewed.
        clock: seconds since the epoch.
    """

    def __init__(self, access: Callable[[], Access], clock: Callable[[], float] = time.time) -> None:
        self._access, self._clock = access, clock
        self._latest = _Moment.of(access(), int(clock()))

    def head(
        self, method: str, path: str, headers: Mapping[str, str], length: int | None = None, query: str = ""
    ) -> bytes:
        """The whole head of a request.

        Args:
            method: of HTTP.
            path: of characters that no URL encodes: A-Z a-z 0-9 _ . - /.
            headers: lower-case name to value, `host` among them.
            length: of the body in bytes; None for a request without one.
            query: its parameters, encoded and in the order of their names.
        """
        now = self._now()
        signed = {**headers, "x-amz-content-sha256": _UNSIGNED, "x-amz-date": now.text}
        if now.access.token:
            signed["x-amz-security-token"] = now.access.token
        names = sorted(signed)
        lines = "".join([f"{name}:{signed[name]}\n" for name in names])
        listed = ";".join(names)
        request = f"{method}\n{path}\n{query}\n{lines}\n{listed}\n{_UNSIGNED}"
        statement = f"AWS4-HMAC-SHA256\n{now.text}\n{now.scope}\n{sha256(request.encode()).hexdigest()}"
        signature = hmac.digest(now.key, statement.encode(), "sha256").hex()
        credential = f"{now.access.access_key}/{now.scope}"
        authorization = f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={listed}, Signature={signature}"
        size = "" if length is None else f"content-length:{length}\n"
        target = f"{path}?{query}" if query else path
        text = f"{method} {target} HTTP/1.1\n{lines}{size}authorization:{authorization}\n\n"
        return text.replace("\n", "\r\n").encode()

    def _now(self) -> _Moment:
        access, second = self._access(), int(self._clock())
        latest = self._latest
        if latest.second != second or latest.access != access:
            self._latest = latest = _Moment.of(access, second)
        return latest


class _Moment(NamedTuple):
    """What all requests of one second, signed by the same credentials, have in common."""

    access: Access
    second: int
    text: str
    scope: str
    key: bytes

    @classmethod
    def of(cls, access: Access, second: int) -> _Moment:
        text = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(second))
        parts = text[:8], access.region, "s3", "aws4_request"
        key = f"AWS4{access.secret_key}".encode()
        for part in parts:
            key = hmac.digest(key, part.encode(), "sha256")
        return cls(access, second, text, "/".join(parts), key)


class Wire:
    """Connections to one bucket's server, one a thread.

    Args:
        place: the server.
        timeout_seconds: for each wait, and after it no further wait begins: a request takes twice as long at most.
    """

    def __init__(self, place: Place, timeout_seconds: float) -> None:
        self._place, self._timeout = place, timeout_seconds
        self._of_thread = threading.local()

    def exchange(self, head: bytes, body: bytes = b"", expected: int = 0, pipelined: bytes = b"") -> Answer:
        """Send a request and take the answer; a connection that the server closed meanwhile is made anew, once.

        The thread's next request is for after the answer's body.

        Args:
            head: of the request.
            body: of the request.
            expected: how long the body of a 200 must be to be read.
            pipelined: head of a second request, which is sent at once; nothing can be `expected` of the first one then.

        Raises:
            OSError: no connection, no whole answer, or none in time.
        """
        connection: Connection | None = getattr(self._of_thread, "connection", None)
        deadline = time.monotonic() + self._timeout
        request = [part for part in (head, body, pipelined) if part]
        if connection is not None and connection.is_open:
            with suppress(*_GONE):
                return connection.exchange(request, expected, deadline, bool(pipelined))
        self._of_thread.connection = connection = Connection(_connected(self._place, self._timeout))
        return connection.exchange(request, expected, deadline, bool(pipelined))

    def pipelined(self, expected: int) -> Answer | None:
        """The answer to the request that this thread pipelined behind its last one.

        Args:
            expected: how long the body of a 200 must be to be read.

        Returns:
            None when none will come: the first request was refused, or the server closes after its answer.

        Raises:
            OSError: no whole answer, or none in time.
        """
        connection: Connection | None = getattr(self._of_thread, "connection", None)
        if connection is None or not connection.owes_answer:
            return None
        return connection.exchange((), expected, time.monotonic() + self._timeout)


class Connection:
    """One connection; whatever but an expected 200, read to its end, closes it: no answer is taken for another's.

    Attributes:
        is_open: it can take a request.
        owes_answer: to a pipelined request; until that was read it takes no other one.
    """

    def __init__(self, connected: socket.socket) -> None:
        self._socket, self.is_open, self.owes_answer = connected, True, False
        # The kernel wakes the thread for a whole piece, or at the timeout.
        self._flags = 0 if isinstance(connected, ssl.SSLSocket) else socket.MSG_WAITALL
        self._piece = memoryview(bytearray(_PIECE_BYTES))
        self._begun = b""  # of the pipelined request's answer

    def __del__(self) -> None:
        self._socket.close()  # its thread ended

    def exchange(self, request: Sequence[bytes], expected: int, deadline: float, is_pipelined: bool = False) -> Answer:
        """See `Wire`; without a request, take the answer that is owed."""
        self.is_open = self.owes_answer = False
        try:
            if request:
                # A server that refuses need not read the body: its answer then lies behind a broken pipe.
                with suppress(*_GONE):
                    self._send(request)
            status, head, begun = self._head(deadline)
            said = _field(head, b"content-length")
            length = int(said) if said.isdigit() else None
            wanted = status == 200 and length == expected
            if is_pipelined:
                self._begun = begun
            elif wanted and len(begun) > expected:
                raise ConnectionResetError("the answer's body is longer than announced")
        except BlockingIOError:
            self._end(stays=False)
            raise TimeoutError from None
        except BaseException:
            self._end(stays=False)
            raise
        stays = wanted and _field(head, b"connection") != b"close"
        if wanted and expected:
            return Answer(status, length, self._body(begun, expected, deadline, stays))
        self._end(stays)
        if is_pipelined:
            self.is_open, self.owes_answer = False, stays
        return Answer(status, length, iter(()))

    def _send(self, request: Sequence[bytes]) -> None:
        if isinstance(self._socket, ssl.SSLSocket):
            self._socket.sendall(b"".join(request))
        elif self._socket.sendmsg(request) < sum(map(len, request)):
            raise BrokenPipeError  # the kernel sends all of it, unless the server closes or the time is over

    def _head(self, deadline: float) -> tuple[int, bytes, bytes]:
        received, self._begun = self._begun, b""
        while (end := received.find(b"\r\n\r\n")) < 0:
            _check_time(deadline)
            piece = self._socket.recv(_HEAD_BYTES)
            received += piece
            if not piece or len(received) > 2 * _HEAD_BYTES:
                raise ConnectionResetError("no answer, or no end of its head")
        status = received[9:12]
        return int(status) if status.isdigit() else 0, received[: end + 2].lower(), received[end + 4 :]

    def _body(self, begun: bytes, size: int, deadline: float, stays: bool) -> Iterator[memoryview]:
        at_end = False
        try:
            yield memoryview(begun)
            left = size - len(begun)
            while left:
                _check_time(deadline)
                got = self._socket.recv_into(self._piece, min(left, _PIECE_BYTES), self._flags)
                if not got:
                    raise ConnectionResetError("the answer's body ends too early")
                left -= got
                yield self._piece[:got]
            at_end = True
        except BlockingIOError:
            raise TimeoutError from None
        finally:
            self._end(stays and at_end)

    def _end(self, stays: bool) -> None:
        self.is_open = stays
        if not stays:
            self._socket.close()


def _field(head: bytes, name: bytes) -> bytes:
    """A field of a head in lower case; nothing when it is not there."""
    _, _, rest = head.partition(b"\r\n" + name + b":")
    return rest.partition(b"\r\n")[0].strip()


def _connected(place: Place, timeout_seconds: float) -> socket.socket:
    plain = socket.create_connection(place.address, min(_CONNECT_SECONDS, timeout_seconds))
    try:
        plain.settimeout(timeout_seconds)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if place.tls:
            return place.tls.wrap_socket(plain, server_hostname=place.address[0])
        # The kernel keeps the time, at the cost of nothing; Python would ask before each call whether it may be made.
        wait = struct.pack("ll", *divmod(int(timeout_seconds * 1e6), 1_000_000))
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, wait)
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, wait)
        plain.settimeout(None)
        return plain
    except BaseException:
        plain.close()
        raise


def _check_time(deadline: float) -> None:
    if time.monotonic() > deadline:
        raise TimeoutError


def _tls() -> ssl.SSLContext:
    """The authorities that boto3 trusts."""
    return ssl.create_default_context(
        cafile=os.environ.get("AWS_CA_BUNDLE") or str(Path(botocore.__file__).with_name("cacert.pem"))
    )
