"""Who changes something, where, and when: kept with every transaction."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from holdall import NamedTuple


class Signature(NamedTuple):
    """Who ran a command and where; `at` is UTC in ISO 8601. Without a name, `author` is None."""

    author: str | None
    host: str
    at: str

    @classmethod
    def now(cls) -> Signature:
        """Return who runs this program, here and now.

        The host is what HOLDALL_MACHINE says, else the name of this machine.
        """
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return cls(_user(), os.environ.get("HOLDALL_MACHINE") or os.uname().nodename, now)

    def to_json(self) -> dict[str, Any]:
        """Return the signature as the journal keeps it."""
        return self._asdict()

    @classmethod
    def from_json(cls, table: Mapping[str, Any]) -> Signature:
        """Read what `to_json` wrote."""
        return cls(table["author"], table["host"], table["at"])


def _user() -> str | None:
    """Return the user's name; None for one without a name, as in some containers."""
    for variable in ("LOGNAME", "USER"):
        if name := os.environ.get(variable):
            return name
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return None
