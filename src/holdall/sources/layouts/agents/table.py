"""Every agent's format, in the order in which they are asked."""

from __future__ import annotations

from holdall.sources.layouts.agents.agent_plugin import AGENT_PLUGIN
from holdall.sources.layouts.agents.claude import CLAUDE
from holdall.sources.layouts.agents.codex import CODEX
from holdall.sources.layouts.agents.copilot import COPILOT
from holdall.sources.layouts.agents.cursor import CURSOR
from holdall.sources.layouts.agents.editors import ANTIGRAVITY, CLINE, KIRO, OTHERS, WINDSURF
from holdall.sources.layouts.agents.form import AgentFormat, FolderForm, PluginForm
from holdall.sources.layouts.agents.gemini import GEMINI
from holdall.sources.layouts.agents.opencode import OPENCODE

FORMATS: tuple[AgentFormat, ...] = (
    *(CLAUDE, AGENT_PLUGIN, CURSOR, CODEX, COPILOT, GEMINI, OPENCODE),
    *(WINDSURF, ANTIGRAVITY, CLINE, KIRO, OTHERS),
)
PLUGINS: tuple[PluginForm, ...] = tuple(each.plugin for each in FORMATS if each.plugin is not None)
FOLDERS: tuple[FolderForm, ...] = tuple(folder for each in FORMATS for folder in each.folders)
