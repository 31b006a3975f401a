"""The reading that `dtx files` sends right behind each put: whose answer is whose, and servers that lose it."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable
from hashlib import sha256

import pytest
from files_scripted_server import OK, a_server, whole

from loaders.files.options import Options
from loaders.files.store import AlreadyThereError, DirectStore, NotThereError, ObjectDescription, StoreFault
from loaders.files.wire import Access, Answer, Wire
from loaders.settings import Settings
from sandbox.servers.s3 import S3

DONE = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
REFUSED = b"HTTP/1.1 412 Precondition Failed\r\nContent-Length: 3\r\n\r\nno!"
OTHER = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nxyz"
ABSENT = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
SLOW_DOWN = b"HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\n\r\n"

DESCRIPTION = ObjectDescription("application/pdf", {})


@pytest.mark.parametrize(
    "pieces",
    [[DONE + OK], [DONE, OK], [DONE[:10], DONE[10:] + OK[:10], OK[10:]], [DONE + OK[:-1], OK[-1:]]],
    ids=["together", "apart", "cut in heads", "cut in the body"],
)
def test_two_requests_sent_at_once_have_their_two_answers_and_leave_the_connection_open(pieces: list[bytes]) -> None:
    with a_server([pieces, OK]) as (wire, _):
        first = wire.exchange(b"put", b"body", pipelined=b"get")
        assert (first.status, whole(first), whole(wire.pipelined(3))) == (200, b"", b"abc")
        assert wire.pipelined(3) is None
        assert whole(wire.exchange(b"next", expected=3)) == b"abc"


@pytest.mark.parametrize("first", [REFUSED, SLOW_DOWN, b"HTTP/1.1 200 OK\r\nConnection: close\r\n" + DONE[17:]])
def test_nothing_is_owed_by_a_server_that_refused_or_closes(first: bytes) -> None:
    with a_server([first + OTHER], [OK]) as (wire, _):
        assert wire.exchange(b"put", b"body", pipelined=b"get").status == int(first[9:12])
        assert wire.pipelined(3) is None
        assert whole(wire.exchange(b"next", expected=3)) == b"abc"


def test_an_answer_that_nobody_took_is_not_taken_for_the_next_request_s() -> None:
    with a_server([DONE + OTHER], [OK]) as (wire, _):
        wire.exchange(b"put", b"body", pipelined=b"get")
        assert whole(wire.exchange(b"next", expected=3)) == b"abc"


def test_f4_an_owed_answer_that_does_not_come_is_not_waited_for_longer_than_was_set() -> None:
    with a_server([DONE, b""]) as (wire, _):
        wire.exchange(b"put", b"body", pipelined=b"get")
        with pytest.raises(TimeoutError):
            wire.pipelined(3)


def store_at(url: str, bucket: str = "b", *, timeout_seconds: float = 5.0) -> DirectStore:
    options = Options(
        bucket=bucket,
        endpoint_url=url,
        storage_class="STANDARD",
        server_side_encryption=None,
        kms_key_id=None,
        client="direct",
        attempts=1,
        timeout_seconds=timeout_seconds,
        workers=1,
        files_per_second=None,
        bytes_per_second=None,
    )
    return DirectStore(options, lambda: Access("eu-west-1", "AKIATEST", "secret", None))


def url_of(wire: Wire) -> str:
    host, port = wire._place.address
    return f"http://{host}:{port}"


def put(store: DirectStore, key: str, body: bytes) -> None:
    store.put(key, body, sha256(body).digest(), DESCRIPTION)


def read(store: DirectStore, key: str, size: int) -> bytes:
    return b"".join(map(bytes, store.read(key, size)))


class LosingServer:
    """Keeps objects; what it finds behind a put on the same connection it treats as `lose` says.

    Attributes:
        pipelined: puts with something behind them so far.
    """

    def __init__(self, lose: Callable[[socket.socket], bool]) -> None:
        self._lose, self._objects = lose, dict[bytes, bytes]()
        self.pipelined = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = "http://{}:{}".format(*self._listener.getsockname())
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=[connection], daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection:
            received = b""
            while True:
                while b"\r\n\r\n" not in received:
                    more = connection.recv(1 << 16)
                    if not more:
                        return
                    received += more
                head, _, rest = received.partition(b"\r\n\r\n")
                method, path, _ = head.split(b" ", 2)
                announced = re.search(rb"content-length:(\d+)", head)
                length = int(announced[1]) if announced else 0
                body, received = rest[:length], rest[length:]
                if method == b"GET":
                    stored = self._objects[path]
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(stored) + stored)
                    continue
                self._objects[path] = body
                connection.sendall(DONE)
                if received:
                    self.pipelined += 1
                    received = b""
                    if not self._lose(connection):
                        return


def closes(_: socket.socket) -> bool:
    return False


def answers_too_soon(connection: socket.socket) -> bool:
    connection.sendall(ABSENT)
    return True


def stays_silent(_: socket.socket) -> bool:
    return True


@pytest.mark.parametrize("lose", [closes, answers_too_soon, stays_silent])
def test_f3_a_server_that_loses_what_is_pipelined_is_asked_again_and_after_three_times_one_by_one(
    lose: Callable[[socket.socket], bool],
) -> None:
    server = LosingServer(lose)
    try:
        store = store_at(server.url, timeout_seconds=0.2)
        for number in range(6):
            body = b"body %d" % number
            put(store, f"key/{number}", body)
            assert read(store, f"key/{number}", len(body)) == body
        assert server.pipelined == 3
    finally:
        server.close()


def test_objects_that_are_there_already_are_no_reason_to_stop_pipelining() -> None:
    with a_server([REFUSED], *[[OK, REFUSED]] * 3, [OK, DONE + OK]) as (wire, _):
        store = store_at(url_of(wire))
        for number in range(4):
            with pytest.raises(AlreadyThereError):
                put(store, f"key/{number}", b"abc")
            assert read(store, f"key/{number}", 3) == b"abc"
        put(store, "key/4", b"abc")
        assert read(store, "key/4", 3) == b"abc"


def test_f4_a_refusal_of_the_pipelined_reading_counts_as_one() -> None:
    with a_server([DONE + SLOW_DOWN]) as (wire, _):
        store = store_at(url_of(wire))
        put(store, "key", b"abc")
        with pytest.raises(StoreFault) as fault:
            read(store, "key", 3)
        assert fault.value.slow_down


def test_a_real_server_answers_what_is_pipelined_and_only_for_its_own_key(
    s3: S3, database: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = store_at(s3.endpoint_url, database.s3_bucket)
    monkeypatch.setattr(store._signer, "_access", lambda: Access(s3.region, s3.access_key, s3.secret_key, None))
    asked: list[bytes] = []
    exchange = Wire.exchange

    def counted(wire: Wire, head: bytes, *rest: bytes, **options: bytes | int) -> Answer:
        asked.append(head[:3])
        return exchange(wire, head, *rest, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Wire, "exchange", counted)
    bodies = {f"pipelined/{number}": bytes([number]) * (number * 70_000 + 1) for number in range(5)}
    for key, body in bodies.items():
        put(store, key, body)
        assert read(store, key, len(body)) == body
    assert asked == [b"PUT"] * 5
    put(store, "pipelined/last", b"abc")
    with pytest.raises(NotThereError):
        read(store, "pipelined/none", 3)
    assert read(store, "pipelined/0", 1) == bodies["pipelined/0"]
    assert asked[5:] == [b"PUT", b"GET", b"GET"]
