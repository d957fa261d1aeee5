"""What each agent calls the events of Claude Code's hooks, and how commands find the project."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from holdall import NamedTuple
from holdall.deploy.targets.target import Form


class HookAgent(NamedTuple):
    """How an agent has hooks: its name in messages and in the table of tools, and its events.

    `here` is how a command names the project's folder, None where Claude Code's name works. With
    `keeps_matchers` events that are not about tools have Claude Code's matchers.
    """

    title: str
    tools: str
    events: Mapping[str, str]
    here: str | None
    keeps_matchers: bool = False


def _same(*events: str) -> dict[str, str]:
    return {event: event for event in events}


_COMMON = ("SessionStart", "UserPromptSubmit", "PreToolUse", "PostToolUse", "Stop")
CODEX = HookAgent(
    "Codex",
    "codex",
    _same(
        *_COMMON, "PermissionRequest", "SubagentStart", "SubagentStop", "PreCompact", "PostCompact"
    ),
    "$(git rev-parse --show-toplevel)",
    keeps_matchers=True,
)
DEVIN = HookAgent(
    "Devin CLI",
    "devin",
    {**_same(*_COMMON, "SessionEnd", "PermissionRequest"), "PostCompact": "PostCompaction"},
    "${DEVIN_PROJECT_DIR}",
    keeps_matchers=True,
)
CURSOR = HookAgent(
    "Cursor",
    "cursor",
    {
        "SessionStart": "sessionStart",
        "SessionEnd": "sessionEnd",
        "UserPromptSubmit": "beforeSubmitPrompt",
        "PreToolUse": "preToolUse",
        "PostToolUse": "postToolUse",
        "PostToolUseFailure": "postToolUseFailure",
        "Stop": "stop",
        "SubagentStart": "subagentStart",
        "SubagentStop": "subagentStop",
        "PreCompact": "preCompact",
    },
    ".",
)
COPILOT = HookAgent(
    "GitHub Copilot",
    "",  # events in Pascal case have Claude Code's names of tools
    {
        **_same(*_COMMON, "PermissionRequest", "SubagentStart", "SubagentStop", "PreCompact"),
        "SessionEnd": "sessionEnd",
        "PostToolUseFailure": "postToolUseFailure",
        "Notification": "notification",
    },
    ".",
)
GEMINI = HookAgent(
    "Gemini CLI",
    "gemini",
    {
        "SessionStart": "SessionStart",
        "SessionEnd": "SessionEnd",
        "UserPromptSubmit": "BeforeAgent",
        "PreToolUse": "BeforeTool",
        "PostToolUse": "AfterTool",
        "Stop": "AfterAgent",
        "PreCompact": "PreCompress",
    },
    None,
)
WINDSURF = HookAgent(
    "Windsurf",
    "windsurf",
    {
        "UserPromptSubmit": "pre_user_prompt",
        "PreToolUse": "pre",
        "PostToolUse": "post",
        "Stop": "post_cascade_response",
    },
    ".",
)
HOOK_AGENTS: Mapping[Form, HookAgent] = MappingProxyType(
    {
        Form.CODEX_HOOKS: CODEX,
        Form.DEVIN_HOOKS: DEVIN,
        Form.CURSOR_HOOKS: CURSOR,
        Form.COPILOT_HOOKS: COPILOT,
        Form.GEMINI_HOOKS: GEMINI,
        Form.WINDSURF_HOOKS: WINDSURF,
    }
)
"""By the form of its hooks."""
