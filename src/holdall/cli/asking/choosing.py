"""Let a user on a terminal choose: in a list where `questionary` is installed, else by numbers."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from holdall import NamedTuple
from holdall.errors import UsageError
from holdall.formats.escape import one_line

if TYPE_CHECKING:
    from holdall.artifacts.ids import ArtifactId
    from holdall.cli.output import Output

_RANGE = re.compile(r"(\d{1,6})(?:-(\d{1,6}))?")
_ALL = "all"
_WIDEST = 100
_QUESTION = "Which ones?"


class Row(NamedTuple):
    """What can be chosen: its id, what it is, and some of what it lets an agent run."""

    id: ArtifactId
    about: str = ""
    effects: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The row as a line of a terminal."""
        return one_line(f"{self.id}: {self.about}" if self.about else str(self.id))[:_WIDEST]


def can_ask(out: Output) -> bool:
    """Whether somebody is there to answer."""
    return not (out.json or out.quiet) and sys.stdin.isatty() and sys.stderr.isatty()


def confirm(question: str) -> bool:
    """Ask a user on the terminal; only `y` and `yes` are a yes."""
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def choose_from(rows: Sequence[Row], hint: str) -> list[ArtifactId]:
    """Return what the user chooses.

    Raises UsageError with the hint if that is nothing, KeyboardInterrupt for Ctrl-C.
    """
    chosen = _pick(rows) if os.environ.get("TERM", "dumb") != "dumb" else None
    if chosen is None:
        chosen = _by_number(rows, hint)
    if not chosen:
        raise UsageError("nothing was chosen", hint=hint)
    return chosen


def _pick(rows: Sequence[Row]) -> list[ArtifactId] | None:
    """Let them be marked in a list; None where that is not installed (`holdall[tui]`)."""
    try:
        import questionary
        from prompt_toolkit.output import create_output
    except ModuleNotFoundError:
        return None
    choices = [
        questionary.Choice(row.title, row.id, description=one_line("; ".join(row.effects)) or None)
        for row in rows
    ]
    question = questionary.checkbox(
        _QUESTION,
        choices,
        instruction="(space marks, letters search, enter ends, Ctrl-C leaves)",
        use_jk_keys=False,
        use_search_filter=True,
        output=create_output(sys.stderr),
    )
    return list(question.unsafe_ask())


def _by_number(rows: Sequence[Row], hint: str) -> list[ArtifactId]:
    for number, row in enumerate(rows, 1):
        print(f"{number:3}  {row.title}", file=sys.stderr)
        for effect in row.effects:
            print(one_line(f"       {effect}"), file=sys.stderr)
    while True:
        print(f"{_QUESTION} (as in 1 3-5, or all) ", end="", file=sys.stderr, flush=True)
        answer = sys.stdin.readline()
        if not answer.strip():
            raise UsageError("nothing was chosen", hint=hint)
        if answer.strip().lower() == _ALL:
            return [row.id for row in rows]
        chosen = parse_choice(answer, len(rows))
        if chosen is not None:
            return [rows[number - 1].id for number in chosen]
        print(f"write numbers from 1 to {len(rows)}, or all", file=sys.stderr)


def parse_choice(answer: str, count: int) -> list[int] | None:
    """Read numbers and ranges between blanks or commas; None for what is no such answer."""
    chosen: list[int] = []
    for word in answer.replace(",", " ").split():
        found = _RANGE.fullmatch(word)
        if found is None:
            return None
        first, last = int(found[1]), int(found[2] or found[1])
        if not 1 <= first <= last <= count:
            return None
        chosen += [number for number in range(first, last + 1) if number not in chosen]
    return chosen or None
