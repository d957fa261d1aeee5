"""Windsurf, Devin, Antigravity, Cline, Kiro, Grok, Roo, Qwen and Continue: rules, commands, hooks.

    .windsurf/rules/*.md, .devin/rules, .agents/rules   [trigger, globs, description]
    .clinerules/*.md, .qwen/rules, .roo/rules           [paths]
    .kiro/steering/*.md                                 [inclusion, fileMatchPattern]
    .continue/rules/*.md                                [globs, alwaysApply, description]
    .cline/agents/*.yaml                                [name, description, tools], then a text
    .windsurf/workflows, .agents/workflows, .clinerules/workflows, .kiro/prompts   commands
    .kiro/hooks/*.json                                  {"version": "v1", "hooks": [...]}
    .grok/hooks/*.json                                  {"hooks": {...}}

Sources: docs.windsurf.com, docs.devin.ai, docs.cline.bot, kiro.dev, docs.continue.dev, docs.x.ai,
2026.
"""

from __future__ import annotations

from functools import partial

from holdall.artifacts.ids import ArtifactType
from holdall.artifacts.rules import Dialect
from holdall.formats.frontmatter import head_line, read_frontmatter, with_keys
from holdall.sources.draft import Draft, Gathering
from holdall.sources.layouts.agents.form import AgentFormat, FolderForm
from holdall.sources.layouts.configs import read_hook_file
from holdall.sources.layouts.markdown import Changed, read_changed, read_markdown, read_rule


def _rules(folder: str, dialect: Dialect, *, is_deep: bool = True) -> FolderForm:
    return FolderForm("rules", folder, ".md", partial(read_rule, dialect=dialect), is_deep)


def _read_command(gathering: Gathering, path: str, name: str) -> Draft | None:
    return read_markdown(gathering, ArtifactType.COMMAND, path, name, loose=True)


def _commands(folder: str) -> FolderForm:
    return FolderForm("commands", folder, ".md", _read_command)


def _hooks(folder: str) -> FolderForm:
    return FolderForm("hooks", folder, ".json", read_hook_file, is_deep=False)


WINDSURF = AgentFormat(
    "windsurf",
    (
        _rules(".windsurf/rules", Dialect.WINDSURF),
        _rules(".devin/rules", Dialect.WINDSURF),
        _commands(".windsurf/workflows"),
    ),
)
ANTIGRAVITY = AgentFormat(
    "antigravity",
    (_rules(".agents/rules", Dialect.WINDSURF), _commands(".agents/workflows")),
)
_CLINE = {
    **dict.fromkeys(("read_file", "read_files"), "Read"),
    **dict.fromkeys(("search_files", "search_codebase"), "Grep"),
    **dict.fromkeys(("execute_command", "run_commands", "bash"), "Bash"),
    "write_to_file": "Write",
    "list_files": "Glob",
    **dict.fromkeys(("replace_in_file", "editor", "apply_patch", "apply_diff"), "Edit"),
}


def agent_from_cline(text: str) -> Changed:
    """Return an agent of Cline with Claude Code's names of tools; others stay as they are."""
    listed = read_frontmatter(text).values.get("tools")
    if isinstance(listed, str):
        listed = listed.split(",")
    if not isinstance(listed, list) or not all(isinstance(tool, str) for tool in listed):
        return Changed(text, "")
    tools = dict.fromkeys(_CLINE.get(tool.strip(), tool.strip()) for tool in listed)
    return Changed(with_keys(text, [head_line("tools", ", ".join(tools))], {"tools"}), "")


def _read_agent(gathering: Gathering, path: str, name: str) -> Draft | None:
    return read_changed(gathering, ArtifactType.AGENT, path, name, agent_from_cline)


CLINE = AgentFormat(
    "cline",
    (
        _commands(".clinerules/workflows"),
        _rules(".clinerules", Dialect.CLAUDE, is_deep=False),
        FolderForm("agents", ".cline/agents", ".yaml", _read_agent, is_deep=False),
    ),
)
KIRO = AgentFormat(
    "kiro",
    (_rules(".kiro/steering", Dialect.KIRO), _commands(".kiro/prompts"), _hooks(".kiro/hooks")),
)
OTHERS = AgentFormat(
    "others",
    (
        _rules(".roo/rules", Dialect.CLAUDE),
        _rules(".qwen/rules", Dialect.CLAUDE),
        _rules(".continue/rules", Dialect.CURSOR),
        _hooks(".grok/hooks"),
    ),
)
