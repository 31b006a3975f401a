"""The connection of `dtx files` to S3 when the server closes it, answers by half, or not at all; and over TLS."""

from __future__ import annotations

import socket
import ssl
import threading
import time

import pytest
from files_scripted_server import OK, a_server, whole, wire_to

from loaders.files.wire import Place, Wire


def test_requests_share_a_connection_and_one_closed_meanwhile_is_made_anew() -> None:
    with a_server([OK, OK], [OK]) as (wire, seen):
        bodies = [whole(wire.exchange(b"%d" % number, expected=3)) for number in range(2)]
        time.sleep(0.1)
        bodies.append(whole(wire.exchange(b"2", expected=3)))
    assert bodies == [b"abc"] * 3
    assert seen == [b"0", b"1", b"2"]


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcd",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 10_000 + b"\r\n",
    ],
    ids=["none", "cut", "longer", "cut head", "endless head"],
)
def test_f3_half_an_answer_is_none(answer: bytes) -> None:
    with a_server([answer]) as (wire, _), pytest.raises(OSError):
        whole(wire.exchange(b"request", expected=3))


def test_a_body_that_nobody_wants_to_the_end_ends_its_connection() -> None:
    with a_server([OK], [OK]) as (wire, _):
        next(wire.exchange(b"request", expected=3).body)
        assert whole(wire.exchange(b"next", expected=3)) == b"abc"


@pytest.mark.parametrize(
    ("answer", "status", "length"),
    [
        (b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nabcd", 200, 4),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", 200, None),
        (b"HTTP/1.1 503 Slow Down\r\nContent-Length: 3\r\n\r\nabc", 503, 3),
        (b"not HTTP at all\r\n\r\n", 0, None),
    ],
)
def test_an_answer_that_was_not_expected_ends_its_connection_and_its_body_is_not_read(
    answer: bytes, status: int, length: int | None
) -> None:
    with a_server([answer], [OK]) as (wire, _):
        refused = wire.exchange(b"request", expected=3)
        assert (refused.status, refused.length, whole(refused)) == (status, length, b"")
        assert whole(wire.exchange(b"next", expected=3)) == b"abc"


@pytest.mark.parametrize("body", [None, bytes(16 << 20)], ids=["it says nothing", "it takes nothing"])
def test_f4_a_silent_server_is_not_waited_for_longer_than_was_set(body: bytes | None) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        wire = wire_to(listener.getsockname(), 0.2)
        started = time.monotonic()
        with pytest.raises(TimeoutError):
            wire.exchange(b"request", body)
        assert time.monotonic() - started < 2


def test_f4_a_body_that_stops_in_the_middle_is_not_waited_for_longer_than_was_set() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            accepted, _ = listener.accept()
            with accepted:
                accepted.recv(1 << 16)
                accepted.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab")
                accepted.recv(1)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        answer = wire_to(listener.getsockname(), 0.2).exchange(b"request", expected=3)
        with pytest.raises(TimeoutError):
            whole(answer)
        thread.join(timeout=5)


def test_a_body_larger_than_the_buffers_arrives_whole() -> None:
    head, body = b"request", bytes(range(256)) * (32 << 10)
    received = bytearray()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            accepted, _ = listener.accept()
            with accepted:
                while len(received) < len(head) + len(body):
                    received.extend(accepted.recv(1 << 16))
                accepted.sendall(OK)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        answer = wire_to(listener.getsockname(), 5.0).exchange(head, body, expected=3)
        thread.join(timeout=5)
    assert whole(answer) == b"abc"
    assert received == head + body


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_f4_a_server_that_is_not_there_is_an_error_and_leaves_nothing_open(scheme: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        host, port = listener.getsockname()
    wire = Wire(Place.of("b", "eu-central-1", f"{scheme}://{host}:{port}"), 1.0)
    with pytest.raises(ConnectionRefusedError):
        wire.exchange(b"request")


def test_plain_http_behind_an_https_address_is_an_error_and_leaves_nothing_open() -> None:
    with a_server([b"HTTP/1.1 400 Bad Request\r\n\r\n"]) as (plain, _):
        address = plain._place.address
        wire = Wire(Place.of("b", "eu-central-1", f"https://{address[0]}:{address[1]}"), 1.0)
        with pytest.raises(ssl.SSLError):
            wire.exchange(b"request")
