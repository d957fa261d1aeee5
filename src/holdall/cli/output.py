"""What the command prints: results on standard output, everything else on standard error.

Names and messages come from other people's files, so whatever could move the cursor, colour the
terminal or hide text is escaped.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from holdall.formats.escape import one_line


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
