"""What was probably meant: near names, and what other tools call our commands."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Iterable, Mapping

from holdall.errors import UsageError

# Words of npm, pip, cargo, git, apm, `npx skills` and SkillMeat, each with ours that do it.
_ELSEWHERE = {
    "install": ("add", "deploy"),
    "i": ("add", "deploy"),
    "get": ("add", "collect"),
    "fetch": ("collect",),
    "import": ("collect", "add"),
    "ls": ("list",),
    "cat": ("show",),
    "info": ("show", "why"),
    "inspect": ("show", "scan"),
    "view": ("show",),
    "rm": ("drop", "undeploy", "remove"),
    "uninstall": ("drop", "undeploy"),
    "delete": ("remove", "undeploy"),
    "mv": ("rename",),
    "upgrade": ("update", "deploy"),
    "find": ("search", "list"),
    "st": ("status",),
    "check": ("lint", "doctor"),
    "validate": ("lint",),
    "verify": ("doctor",),
    "history": ("log", "versions"),
    "revert": ("undo", "restore"),
    "rollback": ("undo", "restore"),
    "create": ("new", "composite"),
    "bundle": ("composite", "export"),
    "pack": ("export",),
    "apply": ("sync", "deploy"),
    "use": ("deploy",),
    "explain": ("why", "show"),
    "migrate": ("db",),
    "completions": ("completion",),
    "man": ("help",),
    "version": ("versions",),
}


def refuse_command(word: str, summaries: Mapping[str, str]) -> UsageError:
    """Return the error for a command that is none; `summaries` are of those that there are."""
    meant = _meant(word, summaries)
    for near in () if meant else difflib.get_close_matches(word, [*summaries, *_ELSEWHERE], n=1):
        meant += [name for name in _meant(near, summaries) or [near] if name not in meant]
    if not meant:
        return UsageError(f"no command {word!a}", hint="`holdall --help` lists all commands")
    named = " or ".join(f"`holdall {name}` ({summaries[name]})" for name in meant)
    return UsageError(f"no command {word!a}", hint=f"did you mean {named}?")


def _meant(word: str, summaries: Mapping[str, str]) -> list[str]:
    """Return our commands that another tool calls by this word."""
    return [name for name in _ELSEWHERE.get(word, ()) if name in summaries]


def refuse_words(words: Iterable[str], parser: argparse.ArgumentParser) -> UsageError:
    """Return the error for words that a command does not take."""
    words = list(words)
    message = f"{parser.prog} does not take {' '.join(words)!a}"
    options = [option for action in parser._actions for option in action.option_strings]
    for word in words:
        if word.startswith("-") and (near := near_word(word.partition("=")[0], options)):
            return UsageError(message, hint=f"did you mean {near}?")
    return UsageError(message, hint=f"`{parser.prog} --help` shows what it takes")


def near_word(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that is most like this one, None if none is."""
    return next(iter(difflib.get_close_matches(word, list(known), n=1)), None)
