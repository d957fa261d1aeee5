"""A proxy in front of the tests' PostgreSQL server: it counts round trips, or goes silent."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress

import pytest

__all__ = ["Proxy"]

psycopg = pytest.importorskip("psycopg")


class Proxy:
    """Passes on what client and server say, until it is `silent`; it never closes by itself.

    `trips` counts the round trips: what a client said that it waits for the answer to, each of the
    two messages that begin a session too; `connections` those that were made.
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
                for pair in ((client, server, Questions()), (server, client, None)):
                    threading.Thread(target=self._pump, args=pair, daemon=True).start()

    def _pump(
        self, source: socket.socket, target: socket.socket, questions: Questions | None
    ) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if questions is not None:
                    self.trips += questions.count_in(data)
                if not self.silent.is_set():
                    target.sendall(data)
            target.shutdown(socket.SHUT_RDWR)


class Questions:
    """What a client says in PostgreSQL's protocol (version 3), as far as it ends in waiting.

    A message is its kind in a byte, its length in four with themselves, and what it says; the
    first ones have no kind. A client waits behind a query (`Q`), a Sync (`S`) and a Flush (`H`),
    unless that stands right behind a Sync, which had the answers sent already.
    """

    def __init__(self) -> None:
        self._said, self._last, self._is_begun = b"", b"", False

    def count_in(self, data: bytes) -> int:
        """Return how many of the messages that end in these bytes are waited for."""
        self._said += data
        found = 0
        while (kind := self._next()) is not None:
            found += kind in b"QS" or (kind == b"H" and self._last != b"S")
            self._last = kind
        return found

    def _next(self) -> bytes | None:
        """Take the next message; return its kind, None if it is not all there."""
        start = int(self._is_begun)
        end = start + int.from_bytes(self._said[start : start + 4])
        if len(self._said) < max(end, start + 4):
            return None
        message, self._said = self._said[:end], self._said[end:]
        if self._is_begun:
            return message[:1]
        self._is_begun = message[4:6] == b"\0\3"  # else it asks whether the server encrypts
        return b"Q"
