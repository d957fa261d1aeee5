"""What the command prints: results on standard output, everything else on standard error.

Names and messages come from other people's files, so whatever could move the cursor, colour the
terminal or hide text is escaped.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

__all__ = ["Output", "escaped", "one_line"]

# Controls, marks and controls of direction, what has no width or no look, all else that Unicode
# calls a control of format, halves of surrogates. An end of a line may stay before an indented
# line, as in the lists of our own errors.
_UNPRINTABLE = (
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff"
    "\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd\U00013430-\U0001343f"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]|\n(?!  )"
)


def escaped(text: str) -> str:
    """Return `text` with all that could move the cursor or hide text written as escapes.

    Tabs stay, and ends of lines before lines that begin with two blanks.
    """
    if text.isascii() and text.isprintable():
        return text
    return re.sub(
        _UNPRINTABLE, lambda m: m[0].encode("unicode_escape", "surrogatepass").decode(), text
    )


def one_line(text: str) -> str:
    """Return `text` escaped, its ends of lines too: a name must not look like a line of ours."""
    return escaped(text).replace("\n", "\\n")


def _print(text: str) -> None:
    """Print on standard output, whatever characters it takes."""
    try:
        print(text)
    except UnicodeEncodeError as error:
        print(text.encode(error.encoding, "backslashreplace").decode(error.encoding))


class Output(NamedTuple):
    """Prints results, notes and JSON. With `json`, only `data` reaches standard output."""

    json: bool = False
    quiet: bool = False
    verbose: bool = False

    def line(self, text: str = "") -> None:
        """Print one line of a result for people; nothing with `--json` or `--quiet`."""
        if not self.json and not self.quiet:
            _print(one_line(text))

    def note(self, text: str) -> None:
        """Tell people something besides the result."""
        if not self.quiet:
            print(one_line(text), file=sys.stderr)

    def detail(self, text: str) -> None:
        """Tell people something that only `--verbose` asks for."""
        if self.verbose:
            self.note(text)

    def data(self, value: Any) -> None:
        """Print the result for programs, if they asked for it."""
        if self.json:
            # The one control character that JSON lets stand as it is.
            print(json.dumps(value, indent=2).replace("\x7f", "\\u007f"))

    def table(self, rows: Iterable[Sequence[str]]) -> None:
        """Print rows with aligned columns for people; nothing with `--json` or `--quiet`."""
        if self.json or self.quiet:
            return
        cells = [[one_line(cell) for cell in row] for row in rows]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        for row in cells:
            _print("  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip())
