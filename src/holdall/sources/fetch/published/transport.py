"""Where the files of a published collection come from: a folder, or a web server.

A web server is asked over one connection for each thread, which stays open. What it sends is
bounded in size and time; a redirect leads to `https://` only, and takes no credentials to another
host. Proxies come from the environment, credentials from the address or from `~/.netrc`.
"""

from __future__ import annotations

import base64
import os
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol
from urllib.parse import SplitResult, urljoin, urlsplit

from holdall import NamedTuple
from holdall.errors import InputError, NotFoundError, RefusedError, StorageError, UsageError
from holdall.sources.fetch.address import show_address

if TYPE_CHECKING:
    from http.client import HTTPConnection, HTTPResponse

CHUNK = 1 << 20
TIMEOUT = 30.0
_MAX_REDIRECTS = 5
_REDIRECTS = (301, 302, 303, 307, 308)
_LOGIN = (401, 403, 407)
_CREDENTIALS = "put the credentials for this host into ~/.netrc"
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Answer(NamedTuple):
    """What a server said of a small file: its bytes, None if they are those of `etag` still."""

    data: bytes | None
    etag: str | None = None


class Place(Protocol):
    """Where the files are. Names are relative, with `/`; each was checked before."""

    def ask(self, name: str, limit: int, etag: str | None = None) -> Answer:
        """Return a small file; raises NotFoundError where there is none."""

    def read(self, name: str) -> Iterator[bytes]:
        """Yield the bytes of a file in parts; raises NotFoundError where there is none."""

    def show(self, name: str) -> str:
        """Return how a file is called in an error."""

    def close(self) -> None:
        """Close what is open."""


def place_of(url: str) -> Place:
    """Return the place that a folder's path or an address of its top names."""
    return WebPlace(url) if url.startswith(("https://", "http://")) else FolderPlace(Path(url))


class FolderPlace:
    """A folder of this machine, or a share."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def ask(self, name: str, limit: int, etag: str | None = None) -> Answer:
        """Return a small file; there is no need for an ETag."""
        del etag
        with self._open(name) as file:
            data = file.read(limit + 1)
        if len(data) > limit:
            raise _too_large(self.show(name), limit)
        return Answer(data)

    def read(self, name: str) -> Iterator[bytes]:
        """Yield the bytes of a file in parts."""
        with self._open(name) as file:
            while chunk := file.read(CHUNK):
                yield chunk

    def show(self, name: str) -> str:
        """Return the path."""
        return str(self.folder / name)

    def close(self) -> None:
        """Nothing stays open."""

    def _open(self, name: str) -> IO[bytes]:
        path = self.folder / name
        try:
            file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            return os.fdopen(file, "rb")
        except FileNotFoundError:
            raise _missing_error(str(path)) from None
        except OSError as error:
            raise StorageError(
                f"cannot read {path}: {error.strerror}", hint="check its permissions"
            ) from error


class WebPlace:
    """A folder that a web server serves, at an address that ends in `/` or not.

    A name may be an address of its own.
    """

    def __init__(self, url: str) -> None:
        self._base = url.rstrip("/") + "/"
        self._local = threading.local()
        self._connections: set[HTTPConnection] = set()

    def ask(self, name: str, limit: int, etag: str | None = None) -> Answer:
        """Return a small file; with `etag` only if it is another one by now."""
        headers = {"Cache-Control": "no-cache"}
        if etag:
            headers["If-None-Match"] = etag
        response = self._get(name, headers)
        with response:
            if response.status == 304:
                response.read()
                return Answer(None, etag)
            data = response.read(limit + 1)
            if len(data) > limit:
                self._drop()
                raise _too_large(self.show(name), limit)
            return Answer(data, response.getheader("ETag"))

    def read(self, name: str) -> Iterator[bytes]:
        """Yield the bytes of a file in parts."""
        from http.client import HTTPException

        with self._get(name, {}) as response:
            try:
                while chunk := response.read(CHUNK):
                    yield chunk
            except (OSError, HTTPException) as error:
                self._drop()
                raise self._failure(name, error) from error

    def put(self, name: str, data: bytes) -> None:
        """Write a small file; see `put_file`."""
        headers = {"Content-Type": "application/json"}
        with self._send(urljoin(self._base, name), name, headers, data) as response:
            response.read(CHUNK)
        self._drop()
        text = f"{self.show(name)}: the server says {response.status} {response.reason!a}"
        if response.status in _LOGIN:
            raise RefusedError(text, hint=_CREDENTIALS)
        if not 200 <= response.status < 300:
            raise StorageError(text, hint="the server has to take files by PUT at this address")

    def show(self, name: str) -> str:
        """Return the address without credentials."""
        return show_address(urljoin(self._base, name))

    def close(self) -> None:
        """Close the connections of all threads."""
        while self._connections:
            self._connections.pop().close()

    def _get(self, name: str, headers: Mapping[str, str]) -> HTTPResponse:
        url = urljoin(self._base, name)
        for _ in range(_MAX_REDIRECTS):
            response = self._send(url, name, headers)
            if response.status not in _REDIRECTS:
                break
            target = urljoin(url, response.getheader("Location") or "")
            response.read(CHUNK)
            if not target.startswith("https://"):
                raise RefusedError(
                    f"{self.show(name)} leads to {show_address(target)!a}",
                    hint="ask who publishes it for an https:// address",
                )
            url = target
        if response.status in (200, 304):
            return response
        self._drop()
        if response.status in (404, 410):
            raise _missing_error(self.show(name))
        text = f"{self.show(name)}: the server says {response.status} {response.reason!a}"
        if response.status in _LOGIN:
            raise RefusedError(text, hint=_CREDENTIALS)
        raise StorageError(text, hint="try again later")

    def _send(
        self, url: str, name: str, headers: Mapping[str, str], data: bytes | None = None
    ) -> HTTPResponse:
        """Ask, or write `data`, over the connection that is open; once more if that was closed."""
        from http.client import HTTPException

        parts = urlsplit(url)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        sent = {**_credentials(parts), "User-Agent": "holdall", **headers}
        for is_last in (False, True):
            try:
                connection, proxied = self._connection(parts)
                target = _without_user(parts) if proxied else path
                method = "GET" if data is None else "PUT"
                connection.request(method, target, data, headers=sent)
                return connection.getresponse()
            except (OSError, HTTPException) as error:
                self._drop()
                if is_last:
                    raise self._failure(name, error) from error
        raise AssertionError

    def _connection(self, parts: SplitResult) -> tuple[HTTPConnection, bool]:
        """Return the connection to a host, and whether a proxy is given whole addresses."""
        key = (parts.scheme, parts.hostname, parts.port)
        known = getattr(self._local, "connection", None)
        if known is None or known[0] != key:
            self._drop()
            known = (key, *_connect(parts))
            self._local.connection = known
            self._connections.add(known[1])
        return known[1], known[2]

    def _drop(self) -> None:
        """Close the connection, of which nothing more can be expected."""
        known = getattr(self._local, "connection", None)
        self._local.connection = None
        if known is not None:
            known[1].close()
            self._connections.discard(known[1])

    def _failure(self, name: str, error: Exception) -> StorageError:
        return StorageError(
            f"cannot read {self.show(name)}: {error}",
            hint="check the address, the network, and HTTPS_PROXY",
        )


def put_file(url: str, name: str, data: bytes, *, seconds: float = 20.0) -> None:
    """Write a small file into what a web server has at an address, by PUT, within so many seconds.

    Raises RefusedError where the server wants credentials, StorageError where it does not take the
    file, or not in time. It is sent nowhere else.
    """
    place = WebPlace(url)
    failed: list[Exception] = []

    def send() -> None:
        try:
            place.put(name, data)
        except Exception as error:  # noqa: BLE001 - it is raised in the thread that waits
            failed.append(error)

    # In a thread of its own: the time is for all of it, looking up the name too.
    thread = threading.Thread(target=send, daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        text = f"{place.show(name)}: no answer in {seconds:g} seconds"
        raise StorageError(text, hint="check the address and the network")
    if failed:
        raise failed[0]


def refuse_plain_http(url: str) -> None:
    """Raise UsageError for `http://`, but on this machine: anybody on the way could change it."""
    parts = urlsplit(url)
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise UsageError(
            f"{show_address(url)!a}: http:// is read on this machine only", hint="use https://"
        )


def _connect(parts: SplitResult) -> tuple[HTTPConnection, bool]:
    from http.client import HTTPConnection, HTTPSConnection

    host, port = parts.hostname or "", parts.port
    proxy = _proxy_for(parts)
    make = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    if proxy is None:
        return make(host, port, timeout=TIMEOUT), False
    if make is HTTPConnection:
        return HTTPConnection(proxy.hostname or "", proxy.port, timeout=TIMEOUT), True
    connection = make(proxy.hostname or "", proxy.port, timeout=TIMEOUT)
    login = _basic(proxy.username, proxy.password)
    headers = {"Proxy-Authorization": login} if login else {}
    connection.set_tunnel(host, port or 443, headers)
    return connection, False


def _proxy_for(parts: SplitResult) -> SplitResult | None:
    if not any(name.lower().endswith("_proxy") for name in os.environ):
        return None
    from urllib.request import getproxies, proxy_bypass

    proxies = getproxies()
    found = proxies.get(parts.scheme) or proxies.get("all")
    if not found or proxy_bypass(parts.hostname or ""):
        return None
    return urlsplit(found if "://" in found else f"http://{found}")


def _credentials(parts: SplitResult) -> dict[str, str]:
    login = _basic(parts.username, parts.password)
    if login is None and parts.scheme == "https":
        login = _from_netrc(parts.hostname or "")
    return {"Authorization": login} if login else {}


def _from_netrc(host: str) -> str | None:
    file = os.environ.get("NETRC") or os.path.expanduser("~/.netrc")
    if not os.path.isfile(file):
        return None
    from netrc import NetrcParseError, netrc

    try:
        found = netrc(file).authenticators(host)
    except (OSError, NetrcParseError):
        return None
    return _basic(found[0], found[2]) if found else None


def _basic(user: str | None, password: str | None) -> str | None:
    if not user:
        return None
    from urllib.parse import unquote

    login = f"{unquote(user)}:{unquote(password or '')}"
    return "Basic " + base64.b64encode(login.encode()).decode()


def _without_user(parts: SplitResult) -> str:
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], fragment="").geturl()


def _missing_error(shown: str) -> NotFoundError:
    return NotFoundError(f"{shown} is not there", hint="check the address, or publish it again")


def _too_large(shown: str, limit: int) -> InputError:
    return InputError(f"{shown}: larger than {limit:,} bytes", hint="is it the right file?")
