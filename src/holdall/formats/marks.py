"""Where an entry is in a document of somebody else's, and what is remembered of such a document.

    ("mcpServers", "git")                               # the keys of one
    {"made": [], "blank": [[["mcpServers"], ""]]}       # the marks, as the ledger keeps them

The editors of JSON, TOML and Markdown add and remove entries; `json_editor` has an example.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from holdall import dataclass

MAX_BYTES = 8 << 20
"""How large a document may be."""

Keys = tuple[str, ...]
"""The keys that lead from the whole document to a value."""

MISSING = object()
"""What `get` returns for a value that is not there."""


@dataclass(slots=True)
class Marks:
    """What Holdall did to a document other than adding entries.

    `made` are the objects and lists that it made; `blank` is what stood between the brackets of
    those that were empty. The document itself has the keys (); of one that Holdall made in a blank
    file, `blank` is the file's text.
    """

    made: set[Keys] = field(default_factory=set)
    blank: dict[Keys, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the marks as the ledger keeps them."""
        return {
            "made": [list(keys) for keys in sorted(self.made)],
            "blank": [[list(keys), text] for keys, text in sorted(self.blank.items())],
        }

    @classmethod
    def from_json(cls, table: Mapping[str, Any]) -> Marks:
        """Read what `to_json` wrote."""
        return cls(
            {_keys(keys) for keys in table["made"]},
            {_keys(keys): str(text) for keys, text in table["blank"]},
        )


def _keys(value: object) -> Keys:
    if isinstance(value, list) and all(isinstance(key, str) for key in value):
        return tuple(value)
    raise TypeError(f"{value!a:.80} is not a list of keys")
