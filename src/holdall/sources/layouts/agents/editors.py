"""Windsurf, Devin, Antigravity, Cline, Kiro, Grok, Roo, Qwen and Continue: rules, commands, hooks.

    .windsurf/rules/*.md, .devin/rules, .agents/rules   [trigger, globs, description]
    .clinerules/*.md, .qwen/rules, .roo/rules           [paths]
    .kiro/steering/*.md                                 [inclusion, fileMatchPattern]
    .continue/rules/*.md                                [globs, alwaysApply, description]
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
from holdall.sources.draft import Draft, Gathering
from holdall.sources.layouts.agents.form import AgentFormat, FolderForm
from holdall.sources.layouts.configs import read_hook_file
from holdall.sources.layouts.markdown import read_markdown, read_rule


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
CLINE = AgentFormat(
    "cline",
    (_commands(".clinerules/workflows"), _rules(".clinerules", Dialect.CLAUDE, is_deep=False)),
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
