"""Commands: a Markdown file of Claude Code's as another agent's command, prompt or skill.

    ---
    description: Review a pull request
    argument-hint: "[number]"
    ---
    Review $ARGUMENTS. The branch: !`git status`. See @docs/style.md.

`$1` is Claude Code's second argument and the first one elsewhere; what an author meant is not to be
seen in a file, so it stays as it is and is reported. Sources: docs of Gemini CLI, Qwen Code,
opencode, Continue and agentskills.io, late 2026.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from holdall.deploy.agent_formats.markdown import (
    Parts,
    join_markdown,
    read_head,
    split_markdown,
    text_of,
    truth_of,
)
from holdall.deploy.agent_formats.values import ConvertedFile, Refused
from holdall.deploy.targets.target import Form
from holdall.formats.toml_writer import dump_toml

_SHELL = re.compile(r"!`([^`\n]+)`")
_SHELL_BLOCK = re.compile(r"(?ms)^([ \t]*)```!\n(.*?)^[ \t]*```[ \t]*$")
_INDEX = re.compile(r"\$ARGUMENTS\[(\d{1,3})\]")
_DIGIT = re.compile(r"\$\d")
_FILE = re.compile(r"(?<![\w@`/{.-])@((?:~/|\.{0,2}/)?(?:[\w.-]+/)*[\w-]+\.\w{1,8})(?![\w/}])")
_ACTIVE = re.compile(r"\{\{args\}\}|[!@]\{")
_MOST_WINDSURF = 12_000


def convert_command(data: bytes, form: Form, name: str) -> ConvertedFile | Refused:
    """Return a command's file in a form; `name` is that under which it is deployed."""
    parts = split_markdown(data)
    found = _COMMANDS[form](parts, name)
    if isinstance(found, Refused):
        return found
    losses = tuple(dict.fromkeys((*found.losses, *_lost_keys(parts.keys))))
    if found.data == _render(parts):
        return ConvertedFile(data, losses)
    return found._replace(losses=losses)


def _render(parts: Parts) -> bytes:
    """Return a file as it would be written again, to see that nothing changed."""
    head = read_head(parts)
    try:
        return b"" if head is None else join_markdown(head, parts.body)
    except (TypeError, ValueError):
        return b""


def _lost_keys(keys: Mapping[str, Any]) -> list[str]:
    names = {
        "allowed-tools": "the tools that it may use unasked",
        "disallowed-tools": "the tools that it must not use",
        "hooks": "hooks",
        "context": "that it runs as an agent of its own",
        "arguments": "the names of its arguments",
    }
    return [f"left out {what} (`{key}`)" for key, what in names.items() if keys.get(key)]


def _convert_arguments(body: str) -> tuple[str, list[str]] | Refused:
    """Return a text with Gemini CLI's signs for arguments, commands and files."""
    losses = []
    if _ACTIVE.search(body):
        return Refused("its text has signs that would be commands, files or arguments there")
    for match in (*_SHELL.finditer(body), *_SHELL_BLOCK.finditer(body)):
        if not _is_balanced(match[match.lastindex or 1]):
            return Refused("a shell command in it has braces that do not balance")
    if _INDEX.search(body) or _DIGIT.search(body):
        losses.append("single arguments (`$1`) stay as text: there are none there")
    body = _SHELL_BLOCK.sub(r"\1!{\2\1}", body)
    body = _SHELL.sub(r"!{\1}", body)
    body = _INDEX.sub(lambda m: m[0].replace("$", "$\0"), body)
    body = body.replace("$ARGUMENTS", "{{args}}").replace("$\0", "$")
    return _FILE.sub(r"@{\1}", body), losses


def _is_balanced(command: str) -> bool:
    depth = 0
    for sign in command:
        depth += (sign == "{") - (sign == "}")
        if depth < 0:
            return False
    return depth == 0


def _gemini(parts: Parts, name: str) -> ConvertedFile | Refused:
    del name  # its path
    braced = _convert_arguments(parts.body)
    if isinstance(braced, Refused):
        return braced
    body, losses = braced
    if not body.strip():
        return Refused("it has no text, which Gemini CLI needs")
    description = text_of(parts.keys.get("description"))
    table = {"description": description} if description else {}
    text = dump_toml({**table, "prompt": body}, multiline=True)
    return ConvertedFile(text.encode("utf-8", "replace"), tuple(losses))


def _qwen(parts: Parts, name: str) -> ConvertedFile | Refused:
    del name
    braced = _convert_arguments(parts.body)
    if isinstance(braced, Refused):
        return braced
    body, losses = braced
    new = _texts(parts, "description", "when_to_use", "argument-hint")
    if (flag := truth_of(parts.keys.get("disable-model-invocation"))) is not None:
        new["disable-model-invocation"] = flag
    return ConvertedFile(join_markdown(new, body), tuple(losses))


def _texts(parts: Parts, *names: str) -> dict[str, Any]:
    return {key: text_of(parts.keys.get(key)) for key in names if text_of(parts.keys.get(key))}


def _opencode(parts: Parts, name: str) -> ConvertedFile | Refused:
    del name
    losses = []
    new = _texts(parts, "description", "agent", "variant")
    model = text_of(parts.keys.get("model"))
    if "/" in model:
        new["model"] = model
    elif model and model != "inherit":
        losses.append("left out its model, which is not one there")
    if (flag := truth_of(parts.keys.get("subtask"))) is not None:
        new["subtask"] = flag
    if _DIGIT.search(parts.body):
        losses.append("`$1` is the first argument there, the second one in Claude Code")
    body = _INDEX.sub(lambda match: f"${int(match[1]) + 1}", parts.body)
    return ConvertedFile(join_markdown(new, body), tuple(losses))


def _continue(parts: Parts, name: str) -> ConvertedFile | Refused:
    new = {"name": name.replace(":", "-"), **_texts(parts, "description"), "invokable": True}
    return ConvertedFile(join_markdown(new, parts.body), tuple(_literal(parts.body)))


def _skill(parts: Parts, name: str) -> ConvertedFile | Refused:
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    if slug != name.replace(":", "-") or len(slug) > 64:
        return Refused("as a skill it needs a name of small letters, digits and single hyphens")
    description = text_of(parts.keys.get("description")) or _first_line(parts.body)
    if not description:
        return Refused("as a skill it needs a description")
    losses = _literal(parts.body)
    if len(description) > 1024:
        description = description[:1023] + "\N{HORIZONTAL ELLIPSIS}"
        losses.append("its description is cut after 1,024 characters")
    new: dict[str, Any] = {"name": slug, "description": description}
    new |= _texts(parts, "argument-hint")
    new["disable-model-invocation"] = True
    return ConvertedFile(join_markdown(new, parts.body), tuple(losses))


def _first_line(body: str) -> str:
    # Without control characters: frontmatter would quote them, and drop those at an end.
    lines = ("".join(filter(str.isprintable, line)).strip("#*_ ") for line in body.splitlines())
    return next((line for line in lines if line), "")


def _literal(body: str) -> list[str]:
    """Return what stays as text where an agent adds to a command what is typed after its name."""
    losses = []
    if "$ARGUMENTS" in body or _DIGIT.search(body):
        losses.append("its arguments (`$ARGUMENTS`) stay as text")
    if _SHELL.search(body) or _SHELL_BLOCK.search(body):
        losses.append("commands in its text (`` !`...` ``) are not run when it is used")
    return losses


_COMMANDS: Mapping[Form, Callable[[Parts, str], ConvertedFile | Refused]] = MappingProxyType(
    {
        Form.GEMINI_COMMAND: _gemini,
        Form.QWEN_COMMAND: _qwen,
        Form.OPENCODE_COMMAND: _opencode,
        Form.CONTINUE_PROMPT: _continue,
        Form.COMMAND_SKILL: _skill,
    }
)
