"""What the plugin has of the command that runs: what it reports to, and connections.

Connecting takes longer than most questions, and the last connection to an SQLite file that closes
writes its log into it: a connection stays open for all hooks that one command calls. Outside of a
command, as in a program that uses the plugin, nothing is kept.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from holdall.formats import one_line
from holdall.reporter import Reporter

_REVEALING = r"(?i)postgres(?:ql)?://(?:[^/@:]*:[^/@]+@|.*[?&]password=.)"
_EVERY_STEPS = 2_000_000
_run = {"reporter": Reporter()}
_connections: ContextVar[tuple[dict[str, Any], ...]] = ContextVar("connections", default=())


def configure(reporter: Reporter) -> None:
    """Keep what this run reports to: the host gives it to the plugin once."""
    _run["reporter"] = reporter


def begin_command() -> None:
    """Keep connections from here on; a command that is run by another one has its own."""
    _connections.set((*_connections.get(), {}))


def end_command() -> None:
    """Close what the command kept."""
    *outer, own = _connections.get() or ({},)
    _connections.set(tuple(outer))
    _close_all(own)


def close_connections() -> None:
    """Close what the command kept so far, before a database's file is moved or replaced."""
    _close_all(kept_connections() or {})


def _close_all(kept: dict[str, Any]) -> None:
    while kept:
        kept.popitem()[1].close()


def kept_connections() -> dict[str, Any] | None:
    """Return the connected databases of the command, by URL; None outside of one."""
    return (_connections.get() or (None,))[-1]


def reporter() -> Reporter:
    """Return what this run reports to."""
    return _run["reporter"]


def warn_of_password(words: Iterable[str]) -> None:
    """Warn if the command's words, which all users of the machine may see, hold a password."""
    if any("://" in word and re.search(_REVEALING, word) for word in words):
        reporter().note(
            "everybody on this machine can see the password that --database has, as"
            " long as this runs; HOLDALL_DATABASE_URL, .holdall/config.toml and ~/.pgpass keep it"
            " to yourself"
        )


@contextmanager
def sign_of_life(connection: Any, what: str) -> Iterator[None]:
    """Show on a terminal how long an SQLite connection has been at work in the block."""
    can_tell = hasattr(connection, "set_progress_handler") and sys.stderr.isatty()
    if reporter().quiet or not can_tell:
        yield
        return
    start, what = time.monotonic(), one_line(what)

    def tick() -> int:
        print(f"\r{what}: {time.monotonic() - start:.0f} s", end="", file=sys.stderr, flush=True)
        return 0

    connection.set_progress_handler(tick, _EVERY_STEPS)
    try:
        yield
    finally:
        connection.set_progress_handler(None, 0)
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)
