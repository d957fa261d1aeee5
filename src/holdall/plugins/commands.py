"""Commands as values: the host builds the parser of the one that is asked for, and of no other."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any

from holdall import dataclass

if TYPE_CHECKING:
    import argparse

_NAME = re.compile(r"[a-z][a-z0-9-]*")


@dataclass(frozen=True, slots=True)
class Command:
    """A command of the command line.

    `configure` gets the command's empty `argparse` parser and adds its arguments. `run` gets the
    run's `holdall.cli.Context` and the parsed arguments, and returns the exit status. `group` is
    the heading that `holdall --help` lists the command under. Both functions are called only when
    the command is named; `on_demand` imports their module no earlier than that. `examples` are
    command lines that its help shows, each with a comment where it needs one:

        "holdall deploy skill:pdf --to ./app  # for Claude Code"

    `documents` is `module:VARIABLE`, a mapping of names, of the command (`deploy`) or of its
    actions (`composite create`), to the TypedDict that `--json` prints, of which a JSON Schema is
    made.

    In the help of an option, `%(targets)s` and `%(types)s` are the names that there are.
    """

    name: str
    summary: str
    group: str
    configure: Callable[[argparse.ArgumentParser], object]
    run: Callable[[Any, argparse.Namespace], int]
    examples: tuple[str, ...] = ()
    documents: str = ""


def on_demand(function: str) -> Callable[..., Any]:
    """Return a function that imports `module:function` when it is called, and calls it."""
    module, _, name = function.partition(":")

    def call(*arguments: Any) -> Any:
        return getattr(import_module(module), name)(*arguments)

    return call


def is_command(value: object) -> bool:
    """Return whether a value is a command that the command line can take."""
    return (
        isinstance(value, Command)
        and all(isinstance(text, str) for text in (value.name, value.summary, value.group))
        and _NAME.fullmatch(value.name) is not None
        and callable(value.configure)
        and callable(value.run)
        and isinstance(value.examples, tuple)
        and isinstance(value.documents, str)
        and all(isinstance(line, str) for line in value.examples)
    )
