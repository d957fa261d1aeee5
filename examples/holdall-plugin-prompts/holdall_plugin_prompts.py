"""Prompts: a type of artifacts, a command that prints one, and a lint check."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

from holdall.artifacts import Shape, TypeSpec
from holdall.cli import Context
from holdall.errors import UsageError
from holdall.plugins import Command, FoundArtifact, LintProblem, Reading, file_artifact, hookimpl

PROMPT = TypeSpec("prompt", "prompts", Shape.FILE, ".prompt", deploys_to=(("claude", "prompts"),))
_HOLE = re.compile(r"\{\{(\w+)\}\}")


@hookimpl
def holdall_register_types() -> list[TypeSpec]:
    """Return the type: files that end in `.prompt`, which Claude Code's target takes, too."""
    return [PROMPT]


@hookimpl
def holdall_collect_file(path: Path, source: Path) -> FoundArtifact | None:
    """Take every file of that name, wherever it is in a source."""
    return file_artifact(path, source, PROMPT) if path.suffix == PROMPT.suffix else None


@hookimpl
def holdall_lint_check(reading: Reading) -> Iterator[LintProblem]:
    """Find braces that are no hole to fill in."""
    for artifact in reading.artifacts:
        if artifact.type == PROMPT.name and artifact.location is not None:
            lines = artifact.location.read_text(errors="replace").splitlines()
            for number, line in enumerate(lines, 1):
                if "{{" in _HOLE.sub("", line):
                    yield LintProblem(
                        artifact.path,
                        "broken-hole",
                        "braces that are no hole, as in {{name}}",
                        line=number,
                        why="`holdall fill` would leave them as they are",
                        remedy="close them around one word",
                    )


@hookimpl
def holdall_register_commands() -> list[Command]:
    """Return `holdall fill`."""
    examples = ("holdall fill prompt:greeting name=Ada",)
    summary = "print a prompt with its holes filled in"
    return [Command("fill", summary, "prompts", _add, _fill, examples)]


def _add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", metavar="ID", help="the prompt")
    parser.add_argument("values", nargs="*", metavar="NAME=VALUE", help="what to fill in")


def _fill(context: Context, args: argparse.Namespace) -> int:
    collection = context.collection()
    artifact_id = collection.resolve(args.id)
    if artifact_id.type != PROMPT.name:
        raise UsageError(f"{artifact_id} is not a prompt", hint="`holdall list --type prompt`")
    text = (collection.root / artifact_id.path_in(PROMPT)).read_text()
    for pair in args.values:
        name, _, value = pair.partition("=")
        text = text.replace("{{" + name + "}}", value)
    for line in text.splitlines():
        context.out.line(line)
    left = _HOLE.findall(text)
    context.out.data({"id": str(artifact_id), "text": text, "left": left})
    return 1 if left else 0
