"""What the command prints: results on standard output, everything else on standard error.

Names and messages come from other people's files, so whatever could move the cursor, colour the
terminal or hide text is escaped.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Output", "escaped"]

_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)


def escaped(text: str) -> str:
    """Return `text` with control, bidi, invisible and surrogate characters written as escapes.

    Ends of lines and tabs stay.
    """
    return _UNPRINTABLE.sub(lambda m: m[0].encode("unicode_escape", "surrogatepass").decode(), text)


def _one_line(text: str) -> str:
    # A name with an end of line in it must not look like a line of ours.
    return escaped(text).replace("\n", "\\n")


@dataclass(frozen=True, slots=True)
class Output:
    """Prints results, notes and JSON. With `json`, only `data` reaches standard output."""

    json: bool = False
    quiet: bool = False
    verbose: bool = False

    def line(self, text: str = "") -> None:
        """Print one line of a result for people; nothing with `--json` or `--quiet`."""
        if not self.json and not self.quiet:
            print(_one_line(text))

    def note(self, text: str) -> None:
        """Tell people something besides the result."""
        if not self.quiet:
            print(_one_line(text), file=sys.stderr)

    def detail(self, text: str) -> None:
        """Tell people something that only `--verbose` asks for."""
        if self.verbose:
            self.note(text)

    def data(self, value: Any) -> None:
        """Print the result for programs, if they asked for it."""
        if self.json:
            print(json.dumps(value, indent=2))

    def table(self, rows: Iterable[Sequence[str]]) -> None:
        """Print rows with aligned columns."""
        cells = [[escaped(cell) for cell in row] for row in rows]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        for row in cells:
            self.line("  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip())
