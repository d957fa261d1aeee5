"""What the command prints: results on standard output, everything else on standard error.

Names and messages come from others' files, so whatever could move the cursor, colour the
terminal or hide text is escaped.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, redirect_stdout
from functools import cached_property
from typing import Any, TextIO

from holdall.formats.escape import one_line
from holdall.reporter import Reporter

STYLES = {"bold": 1, "dim": 2, "red": 31, "green": 32, "yellow": 33, "cyan": 36}
"""The escape sequences of the colours that `Output.style` knows."""

_OF_DIFFS = {"+": "green", "-": "red", "@": "cyan"}
MOST_LINES = 30
"""How many lines of one kind a terminal shows."""

SCHEMA_VERSION = 1
"""What every document of `--json` has: it grows when a key goes or changes its meaning."""


def _print(text: str, stream: TextIO | None) -> None:
    """Print on standard output, whatever characters it takes."""
    try:
        print(text, file=stream)
    except UnicodeEncodeError as error:
        known = text.encode(error.encoding, "backslashreplace").decode(error.encoding)
        print(known, file=stream)


class Output(Reporter):
    """Prints results, notes and JSON. With `json`, only `data` reaches standard output.

    `stream` is the output stream; None means the current `sys.stdout`.
    """

    def __init__(
        self,
        *,
        json: bool = False,
        quiet: bool = False,
        verbose: bool = False,
        stream: TextIO | None = None,
    ) -> None:
        super().__init__(quiet=quiet)
        self.json, self.verbose, self.stream = json, verbose, stream

    @contextmanager
    def own_stdout(self) -> Iterator[None]:
        """With `json`, send to standard error whatever else is printed during the block."""
        with redirect_stdout(sys.stderr) if self.json else nullcontext():
            yield

    def line(self, text: str = "", *, style: str = "", of: int | None = None) -> None:
        """Print one line of a result as text; nothing with `--json` or `--quiet`.

        Its first `of` characters, all if that is None, are in a style.
        """
        if self.json or self.quiet:
            return
        text = one_line(text)
        if style:
            text = self.style(text[:of], style) + ("" if of is None else text[of:])
        _print(text, self.stream)

    def diff(self, lines: Iterable[str]) -> None:
        """Print the lines of a unified diff, coloured as git does."""
        for line in lines:
            head = line[:3] in ("---", "+++")
            self.line(line, style="bold" if head else _OF_DIFFS.get(line[:1], ""))

    def shorten(self, lines: Sequence[str]) -> list[str]:
        """Return lines as a terminal shows them: of very many the first, and how many are left."""
        if self.verbose or not self.is_terminal or len(lines) <= MOST_LINES:
            return list(lines)
        left = len(lines) - MOST_LINES
        return [*lines[:MOST_LINES], f"... and {left} more; --verbose shows all"]

    def write(self, text: str) -> None:
        """Print text of our own as it is, colours too; nothing with `--json` or `--quiet`."""
        if not self.json and not self.quiet:
            _print(text.removesuffix("\n"), self.stream)

    @property
    def is_terminal(self) -> bool:
        """Whether somebody reads the results as they come, so that they may be wide or short."""
        from holdall.cli.colour import wants_colour

        stream = self.stream or sys.stdout
        return not self.json and (stream.isatty() or wants_colour(stream))

    def style(self, text: str, style: str) -> str:
        """Return text of ours in a colour, if colours are wanted: `red`, `green`, ... or `bold`."""
        return f"\x1b[{STYLES[style]}m{text}\x1b[0m" if self._is_coloured else text

    @cached_property
    def _is_coloured(self) -> bool:
        from holdall.cli.colour import wants_colour

        return not self.json and wants_colour(self.stream or sys.stdout)

    def detail(self, text: str) -> None:
        """Print a note if `--verbose` is given."""
        if self.verbose:
            self.note(text)

    def data(self, value: Mapping[str, Any], *, is_ours: bool = True) -> None:
        """Print the result for programs, if they asked for it.

        It has `schema_version`, unless it has the form of another program's.
        """
        if self.json:
            value = {"schema_version": SCHEMA_VERSION, **value} if is_ours else value
            # The one control character that JSON lets stand as it is.
            text = json.dumps(value, indent=2).replace("\x7f", "\\u007f")
            print(text, file=self.stream)

    def table(self, rows: Iterable[Sequence[str]]) -> None:
        """Print rows with aligned columns; nothing with `--json` or `--quiet`."""
        if self.json or self.quiet:
            return
        cells = [[one_line(cell) for cell in row] for row in rows]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        for row in cells:
            _print(
                "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip(),
                self.stream,
            )
