"""Notes and warnings for the user, and details for whoever set up Python's `logging`."""

from __future__ import annotations

import sys

from holdall.formats.escape import one_line


class Reporter:
    """Prints notes and warnings of one run on standard error, and keeps the warnings.

    A command that warned ends with exit status 1, with `quiet` too.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self.quiet = quiet
        self.warnings: list[str] = []

    def note(self, text: str) -> None:
        """Print a note."""
        if not self.quiet:
            print(one_line(text), file=sys.stderr)

    def warn(self, text: str) -> None:
        """Print a warning: the run did its work, and something needs attention."""
        self.warnings.append(text)
        self.note(f"warning: {text}")


def log_debug(module: str, text: str, *values: object) -> None:
    """Log what a module does, by its name, for `--verbose` or a program that uses Holdall.

    Where nothing has imported `logging`, nobody listens, and it is not imported for this.
    """
    if (logging := sys.modules.get("logging")) is not None:
        logging.getLogger(module).debug(text, *values)
