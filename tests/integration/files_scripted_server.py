"""A server that answers what a test wrote down, whatever it is asked: for the connection of `dtx files` to S3."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from loaders.files.wire import Answer, Place, Wire

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"


@contextmanager
def a_server(*connections: Sequence[bytes | list[bytes]]) -> Iterator[tuple[Wire, list[bytes]]]:
    """A server that gives each connection its answers, one each time it reads something, and then closes it.

    Args:
        connections: the answers of each; one in pieces is sent with a pause between them.
    """
    seen: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            for answers in connections:
                accepted, _ = listener.accept()
                with accepted:
                    for answer in answers:
                        seen.append(accepted.recv(1 << 16))
                        for piece in [answer] if isinstance(answer, bytes) else answer:
                            accepted.sendall(piece)
                            time.sleep(0.02)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield wire_to(listener.getsockname()), seen
        thread.join(timeout=5)


def wire_to(address: tuple[str, int], timeout_seconds: float = 1.0) -> Wire:
    """Connections to a server without TLS."""
    host, port = address
    return Wire(Place.of("b", "eu-central-1", f"http://{host}:{port}"), timeout_seconds)


def whole(answer: Answer | None) -> bytes:
    """The answer's body; there must be an answer."""
    assert answer is not None
    return b"".join(map(bytes, answer.body))
