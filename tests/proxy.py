"""A proxy in front of the tests' PostgreSQL server: it counts round trips, or goes silent."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress

import psycopg
import pytest

__all__ = ["Proxy"]


class Proxy:
    """Passes on what client and server say, until it is `silent`; it never closes by itself.

    `trips` counts the round trips: how often a client said something after the server did, or at
    first; `connections` those that were made.
    """

    def __init__(self, server: str) -> None:
        given = psycopg.conninfo.conninfo_to_dict(server)
        self._path = f"{given['host']}/.s.PGSQL.{given.get('port') or 5432}"
        if not str(given["host"]).startswith("/"):
            pytest.skip("the tests' server has no socket in the file system")
        self.silent = threading.Event()
        self.trips = self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = [self._listener]
        self._asked: dict[int, bool] = {}
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def url(self, url: str, query: str = "connect_timeout=2") -> str:
        """Return a database's URL through the proxy."""
        name = url.partition("://")[2].split("/")[1].partition("?")[0]
        return f"postgresql://postgres@127.0.0.1:{self.port}/{name}?{query}"

    def cut(self) -> None:
        """End the connections that there are, as a server does that is stopped."""
        for one in self._open[1:]:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close every end."""
        for one in self._open:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(self._path)
                self._open += [client, server]
                self.connections += 1
                for pair in ((client, server), (server, client)):
                    threading.Thread(target=self._pump, args=(*pair, client), daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                is_question = source is client
                if is_question and not self._asked.get(id(client)):
                    self.trips += 1
                self._asked[id(client)] = is_question
                if not self.silent.is_set():
                    target.sendall(data)
            target.shutdown(socket.SHUT_RDWR)
