"""A TCP relay that loses the server's answer to COMMIT, once (reliability P2)."""

from __future__ import annotations

import contextlib
import socket
import threading


class CommitEater:
    """Listens on a free port and relays to a server; after `arm()` it cuts the connection that commits next.

    The server gets the COMMIT and does it; the client sees a broken connection. TLS is refused by PostgreSQL servers
    without it, so the query text is readable.
    """

    def __init__(self, host: str, port: int) -> None:
        self._server = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.eaten = 0
        self._armed = False
        self._delivers = True
        threading.Thread(target=self._accept, daemon=True).start()

    def arm(self, *, delivers: bool) -> None:
        """Cut at the next COMMIT; `delivers`: the server still gets it."""
        self._armed, self._delivers = True, delivers

    def close(self) -> None:
        """Accept no more connections."""
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._relay, args=(client,), daemon=True).start()

    def _relay(self, client: socket.socket) -> None:
        with client, socket.create_connection(self._server) as server:
            downwards = threading.Thread(target=self._downwards, args=(client, server), daemon=True)
            downwards.start()
            with contextlib.suppress(OSError):
                self._upwards(client, server)
            downwards.join()

    def _upwards(self, client: socket.socket, server: socket.socket) -> None:
        while data := client.recv(65536):
            if self._armed and b"COMMIT" in data:
                self._armed = False
                self.eaten += 1
                # From here on nothing reaches the client any more.
                client.shutdown(socket.SHUT_RDWR)
                if self._delivers:
                    server.sendall(data)
                break
            server.sendall(data)
        server.shutdown(socket.SHUT_WR)

    def _downwards(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := server.recv(65536):
                client.sendall(data)
            client.shutdown(socket.SHUT_WR)
