'''Gemini CLI: extensions, and commands as TOML.

    gemini-extension.json       {"name": "starter", "contextFileName": "GEMINI.md"}
    commands/**/*.toml          description = "..."
                                prompt = """... {{args}} !{git status} @{docs/a.md}"""
    .gemini/commands/**/*.toml

Source: google-gemini/gemini-cli, documentation of extensions and custom commands, 2026. What a
command says is written as in Claude Code's: `$ARGUMENTS`, !`git status`, @docs/a.md.
'''

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from holdall.artifacts.ids import ArtifactType
from holdall.artifacts.rules import Dialect
from holdall.errors import InputError
from holdall.formats.documents import parse_toml, with_texts
from holdall.formats.frontmatter import head_line
from holdall.sources.draft import Draft, Gathering
from holdall.sources.layouts.agents.form import (
    AgentFormat,
    FolderForm,
    PluginForm,
    usual_places,
)
from holdall.sources.layouts.markdown import Changed, read_changed, read_rule
from holdall.sources.walk import join_path

_SHELL = re.compile(r"!\{([^{}`\n]+)\}")
_FILE = re.compile(r"@\{([^{}\s]+)\}")
_OTHER = re.compile(r"[!@]\{")
_KEYS = {"description", "prompt"}


def command_from_toml(text: str) -> Changed:
    """Return a command of Gemini CLI as Markdown; raises InputError if it is none."""
    table = parse_toml(text.encode(), "the command")
    prompt, description = table.get("prompt"), table.get("description")
    if not isinstance(prompt, str):
        raise InputError("a command needs the text prompt", hint="add it")
    lost = [f"left out: {', '.join(sorted(table.keys() - _KEYS))}"] if table.keys() - _KEYS else []
    body = _FILE.sub(r"@\1", _SHELL.sub(r"!`\1`", prompt.replace("{{args}}", "$ARGUMENTS")))
    if _OTHER.search(body):
        lost.append("what is in !{} or @{} and has braces is left as it is")
    head = (
        f"---\n{head_line('description', description)}\n---\n"
        if isinstance(description, str)
        else ""
    )
    return Changed(f"{head}{body.rstrip()}\n", "; ".join(lost))


def _read_command(gathering: Gathering, path: str, name: str) -> Draft | None:
    return read_changed(gathering, ArtifactType.COMMAND, path, name, command_from_toml)


def _read_context(
    gathering: Gathering, root: str, name: str, manifest: Mapping[str, Any]
) -> list[Draft]:
    """Read the file that an extension gives to every session: a rule that is always in force."""
    said = manifest.get("contextFileName", "GEMINI.md")
    names = [each for each in (said if isinstance(said, list) else [said]) if isinstance(each, str)]
    found = []
    for each in names:
        path = join_path(root, each.removeprefix("./"))
        if ".." not in path.split("/") and gathering.tree.is_file(path):
            which = name if len(names) == 1 else f"{name}-{each.rpartition('/')[2].split('.')[0]}"
            found.append(read_rule(gathering, path, which, Dialect.CLAUDE))
    return [draft for draft in found if draft is not None]


def server_from_gemini(server: dict[str, Any]) -> dict[str, Any]:
    """Return a server of Gemini CLI as Claude Code has it."""
    found: dict[str, Any] = with_texts(
        server,
        lambda text: text.replace("${extensionPath}", "${CLAUDE_PLUGIN_ROOT}").replace("${/}", "/"),
    )
    if "httpUrl" in found:
        url = found.pop("httpUrl")
        return {"type": "http", "url": url, **found}
    return {"type": "sse", **found} if "url" in found else found


_COMMAND = FolderForm("commands", "commands", ".toml", _read_command)

GEMINI = AgentFormat(
    "gemini",
    folders=(FolderForm("commands", ".gemini/commands", ".toml", _read_command),),
    plugin=PluginForm(
        "Gemini extension",
        manifests=("gemini-extension.json",),
        places=usual_places(mcpServers=()),
        command=_COMMAND,
        extras=_read_context,
        server=server_from_gemini,
    ),
)
