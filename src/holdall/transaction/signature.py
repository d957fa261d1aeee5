"""Who changes something, where, and when: kept with every transaction."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple


class Signature(NamedTuple):
    """Who ran a command and where; `at` is UTC in ISO 8601. Without a name, `author` is None."""

    author: str | None
    host: str
    at: str

    @classmethod
    def now(cls) -> Signature:
        """Return who runs this program, here and now."""
        import getpass

        try:
            author: str | None = getpass.getuser()
        except (KeyError, OSError):
            author = None  # a user without a name, as in some containers
        return cls(author, os.uname().nodename, datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))

    def to_json(self) -> dict[str, Any]:
        """Return the signature as the journal keeps it."""
        return self._asdict()

    @classmethod
    def from_json(cls, table: Mapping[str, Any]) -> Signature:
        """Read what `to_json` wrote."""
        return cls(table["author"], table["host"], table["at"])
