"""The names of tools: Claude Code's, and what other agents call the same.

Sources: the agents' documentation of late 2026; `None` where there is nothing like it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

_TABLE = """
Bash         run_shell_command  execute  bash       Shell  Bash        exec   pre_run_command
Read         read_file          read     read       Read   -           read   pre_read_code
Write        write_file         edit     edit       Write  apply_patch write  pre_write_code
Edit         replace            edit     edit       Write  apply_patch edit   pre_write_code
MultiEdit    replace            edit     edit       Write  apply_patch edit   pre_write_code
NotebookEdit -                  edit     edit       -      -           -      -
Grep         grep_search        search   grep       Grep   -           grep   -
Glob         glob               search   glob       -      -           glob   -
LS           list_directory     search   list       -      -           -      -
WebFetch     web_fetch          web      webfetch   -      -           -      -
WebSearch    google_web_search  web      websearch  -      -           -      -
TodoWrite    write_todos        todo     todowrite  -      -           -      -
Task         invoke_agent       agent    task       Task   -           -      -
Agent        invoke_agent       agent    task       Task   -           -      -
Skill        activate_skill     -        skill      -      -           -      -
"""
_AGENTS = ("gemini", "copilot", "opencode", "cursor", "codex", "devin", "windsurf")
# Of the agents below the names in hooks, of Cline in agents; a tool that does more is none.
_MORE = """
Bash         run_shell_command  launch-process      terminal  Bash   Bash  execute_command
Read         read_file          view                -         Read   -     read_file
Write        write_file         save-file           -         Write  Write write_to_file
Edit         edit               str-replace-editor  -         Edit   Edit  replace_in_file
MultiEdit    edit               str-replace-editor  -         Edit   Edit  replace_in_file
Grep         grep_search        -                   -         Grep   -     search_files
Glob         glob               -                   -         Glob   -     -
LS           list_directory     -                   -         LS     -     -
WebFetch     web_fetch          -                   -         -      -     -
WebSearch    web_search         -                   -         -      -     -
Task         agent              -                   -         -      -     -
Agent        agent              -                   -         -      -     -
Skill        skill              -                   -         -      -     -
"""
_MORE_AGENTS = ("qwen", "augment", "openhands", "deepagents", "iflow", "cline")


def _read_table(table: str, agents: Sequence[str]) -> dict[str, Mapping[str, str]]:
    found: dict[str, dict[str, str]] = {agent: {} for agent in agents}
    for line in table.split("\n")[1:-1]:
        claude, *names = line.split()
        for agent, name in zip(agents, names, strict=True):
            if name != "-":
                found[agent][claude] = name
    return {agent: MappingProxyType(names) for agent, names in found.items()}


NAMES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {**_read_table(_TABLE, _AGENTS), **_read_table(_MORE, _MORE_AGENTS), "kiro": {}}
)
"""For each agent, its names by Claude Code's."""

CLAUDE = frozenset(line.split()[0] for line in _TABLE.split("\n")[1:-1])
"""The tools of Claude Code that have a counterpart somewhere."""

READING = frozenset({"Read", "Grep", "Glob", "LS", "WebFetch", "WebSearch", "TodoWrite"})
"""Those that neither change files nor run anything."""

_OF_PLUGIN = re.compile(r"\bmcp__plugin_[A-Za-z0-9-]+_(?=[A-Za-z0-9])")
_TOOL = re.compile(r"[^,(]+(?:\([^)]*\))?")
_SERVER = re.compile(r"mcp__(?P<server>(?:(?!__).)+)(?:__(?P<tool>.+))?")


def tool_list(value: Any) -> list[str] | None:
    """Return the tools that a head names, without what limits them; None if that is no such list.

    `Read, Bash(git status:*)` and `[Read, Bash]` are the same.
    """
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        return None
    words = [word for text in texts for word in _TOOL.findall(deployed_tools(text))]
    return list(dict.fromkeys(filter(None, (word.partition("(")[0].strip() for word in words))))


def deployed_tools(text: str) -> str:
    """Return a text with tools of an installed plugin's servers as they are called once deployed.

    `mcp__plugin_PLUGIN_SERVER__TOOL` is `mcp__SERVER__TOOL` where the server is deployed by itself.
    """
    return _OF_PLUGIN.sub("mcp__", text)


def has_limits(value: Any) -> bool:
    """Return whether a list of tools limits what one of them may be used for."""
    return "(" in str(value)


def server_tool(name: str) -> tuple[str, str | None] | None:
    """Return the server and the tool of `mcp__SERVER__TOOL`; a tool of None is every one."""
    match = _SERVER.fullmatch(name)
    if match is None:
        return None
    return match["server"], None if match["tool"] in (None, "*", ".*") else match["tool"]


def is_model_of_claude(value: Any) -> bool:
    """Return whether a model's name means something to Claude Code only."""
    text = value if isinstance(value, str) else ""
    return bool(
        re.fullmatch(r"(?i)(?:sonnet|opus|haiku|fable|opusplan|default|claude-.*)(?:\[.*\])?", text)
    )
