"""Let a user settle what does not merge, file by file and place by place, side by side.

With `questionary` (`holdall[tui]`) the answer is chosen in a list, else it is a letter. Nothing is
written meanwhile and nothing is locked: when all is decided, the command begins again.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from holdall import NamedTuple
from holdall.artifacts.paths import RelPath
from holdall.cli.asking.choosing import can_ask
from holdall.cli.asking.side_by_side import render_sides
from holdall.cli.output import Output
from holdall.files.merge.lines import Open, is_text, split_conflicts
from holdall.files.merge.trees import Decided, FileVersions
from holdall.formats.escape import escape_text, one_line
from holdall.operations.projects.merging.conflicts import Conflict, Decisions, UnsettledError, Where

_Result = TypeVar("_Result")
_MARKS = (b"<<<<<<< mine", b">>>>>>> new")


class Answer(NamedTuple):
    """An answer: the letter, and what it says."""

    letter: str
    text: str


_MINE, _NEW = Answer("m", "mine"), Answer("n", "the new one")
_BOTH, _EDIT = Answer("b", "both, mine first"), Answer("e", "edit the file")
_LEAVE = Answer("q", "leave all as it is")


class Settler:
    """Decides as the user answers, and remembers the answers for the next try."""

    def __init__(self) -> None:
        self._answers: dict[tuple[Where, RelPath, FileVersions], Decided] = {}

    def find(self, where: Where, path: RelPath, versions: FileVersions) -> Decided | None:
        """Return what the user decided about a file, as both sides have it now."""
        return self._answers.get((where, path, versions))

    def keep(self, conflicts: list[Conflict]) -> str | None:
        """Keep nothing: the user is asked."""
        del conflicts
        return None

    def settle(self, conflicts: Sequence[Conflict]) -> bool:
        """Ask about each file; return whether all is decided. KeyboardInterrupt goes through."""
        if any(one.path is None or one.versions is None for one in conflicts):
            return False
        for number, one in enumerate(conflicts, 1):
            assert one.path is not None and one.versions is not None, "asked before"
            _say("")
            _say(one_line(f"{number} of {len(conflicts)}: {one.text}"))
            decided = _decide(one.path, one.versions)
            if decided is None:
                return False
            self._answers[one.where, one.path, one.versions] = decided
        return True


def run_settled(out: Output, run: Callable[[Decisions | None], _Result], *, asks: bool) -> _Result:
    """Run what may meet conflicts; where `asks` and somebody is there, ask, then run it again.

    Raises what it raises, UnsettledError where something stays open.
    """
    if not asks or not can_ask(out):
        return run(None)
    settler = Settler()
    while True:
        try:
            return run(settler)
        except UnsettledError as error:
            if not settler.settle(error.conflicts):
                raise


def _decide(path: RelPath, versions: FileVersions) -> Decided | None:
    """Return what a file is to be; None where the user leaves it."""
    base, ours, theirs = versions
    if ours is None or theirs is None or not all(is_text(text or b"") for text in versions):
        for name, data in (("mine", ours), ("new", theirs)):
            _say(f"  {name}: {'removed' if data is None else f'{len(data):,} bytes'}")
        answer = _ask([_MINE, _NEW, _LEAVE])
        if answer is _LEAVE:
            return None
        return Decided(ours if answer is _MINE else theirs)
    parts = split_conflicts(base or b"", ours, theirs)
    done: list[bytes] = []
    width = shutil.get_terminal_size().columns
    for at, part in enumerate(parts):
        if not isinstance(part, Open):
            done.append(part)
            continue
        around = [parts[i] if 0 <= i < len(parts) else b"" for i in (at - 1, at + 1)]
        before, after = (text if isinstance(text, bytes) else b"" for text in around)
        lines = part.lines
        sides = (part.ours, lines.ours.start), (part.theirs, lines.theirs.start)
        for row in render_sides(before, *sides, after, width):
            _say(row)
        answer = _ask([_MINE, _NEW, _BOTH, _EDIT, _LEAVE])
        if answer is _LEAVE:
            return None
        if answer is _EDIT:
            return _edit(path, b"".join([*done, *(_mark(rest) for rest in parts[at:])]))
        chosen = {_MINE: part.ours, _NEW: part.theirs, _BOTH: part.both}
        done.append(chosen[answer])
    return Decided(b"".join(done))


def _mark(part: bytes | Open) -> bytes:
    return part.mark(_MARKS) if isinstance(part, Open) else part


def _edit(path: RelPath, text: bytes) -> Decided | None:
    """Let the user's editor open a copy until no marker is in it; None where that fails."""
    import shlex
    from tempfile import TemporaryDirectory

    words = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")
    with TemporaryDirectory(prefix="holdall-") as folder:
        copy = Path(folder) / path.name
        copy.write_bytes(text)
        while True:
            try:
                status = subprocess.run([*words, str(copy)], check=False).returncode
            except OSError as error:
                _say(f"{words[0]}: {error.strerror}; EDITOR names another one")
                return None
            if status != 0:
                _say(f"{words[0]} ended with {status}")
                return None
            data = copy.read_bytes()
            if not any(line.rstrip(b"\r") in _MARKS for line in data.split(b"\n")):
                return Decided(data)
            _say("there is a conflict marker in it still")
            if _ask([_EDIT, _LEAVE]) is _LEAVE:
                return None


def _ask(answers: Sequence[Answer]) -> Answer:
    picked = _pick(answers) if os.environ.get("TERM", "dumb") != "dumb" else None
    if picked is not None:
        return picked
    by_letter = {answer.letter: answer for answer in answers}
    listed = ", ".join(f"{answer.letter} {answer.text}" for answer in answers)
    while True:
        print(f"Which? ({listed}) ", end="", file=sys.stderr, flush=True)
        line = sys.stdin.readline()
        if not line:
            return _LEAVE
        if (found := by_letter.get(line.strip().lower()[:1])) is not None:
            return found


def _pick(answers: Sequence[Answer]) -> Answer | None:
    """Let an answer be chosen in a list; None where that is not installed."""
    try:
        import questionary
        from prompt_toolkit.output import create_output
    except ModuleNotFoundError:
        return None
    choices = [
        questionary.Choice(answer.text, answer, shortcut_key=answer.letter) for answer in answers
    ]
    question = questionary.select(
        "Which?",
        choices,
        instruction="(arrows or letters, then enter; Ctrl-C leaves all as it is)",
        use_shortcuts=True,
        use_jk_keys=False,
        output=create_output(sys.stderr),
    )
    answer: Answer = question.unsafe_ask()
    return answer


def _say(text: str) -> None:
    print(escape_text(text), file=sys.stderr)
