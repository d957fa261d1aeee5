"""What a command prints with `--json` is what its JSON Schema says, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from holdall.cli.documents import DOCUMENTS, ErrorDocument, document_of, schema_of
from holdall.cli.parser import early_options, known_commands
from holdall.config import Config
from holdall.plugins.commands import Command
from holdall.plugins.manager import load_plugins


@cache
def commands() -> dict[str, Command]:
    """Return all commands by name."""
    known, _ = known_commands(load_plugins(Config()))
    return {name: one.command for name, one in known.items()}


def name_of(words: Sequence[str]) -> str:
    """Return the command that a line names, with its action."""
    command = early_options(words).command or ""
    rest = words[words.index(command) + 1 :] if command else []
    action = f"{command} {rest[0]}" if rest else command
    known = commands().get(command)
    return action if known and document_of(known, action) else command


@cache
def validator(name: str) -> Draft202012Validator | None:
    """Return what checks a command's document, strictly; None for another plugin's command."""
    if name == "error":
        document: type | None = ErrorDocument
    elif name == "":
        document = DOCUMENTS[""]
    else:
        command = commands().get(name.split()[0])
        document = document_of(command, name) if command else None
    if document is None:
        return None
    return Draft202012Validator(schema_of(document, name, is_closed=True))


def check_document(words: Sequence[str], printed: dict[str, Any]) -> None:
    """Fail unless a document, without its `schema_version`, is what its command's schema says."""
    name = "error" if "error" in printed else name_of(words)
    checker = validator(name)
    if checker is not None and "--sarif" not in words:
        problems = [f"{e.json_path}: {e.message}" for e in checker.iter_errors(printed)]
        assert not problems, f"holdall {name} --json: {problems}"
