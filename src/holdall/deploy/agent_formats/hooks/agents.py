"""What each agent calls the events of Claude Code's hooks, and how commands find the project.

Sources, late 2026: the agents' documentation of hooks; for Qwen Code `docs/users/features/hooks.md`
and `tool-names.ts` in QwenLM/qwen-code, for Deep Agents `deepagents_code/hooks` in
langchain-ai/deepagents, for Augment, OpenHands, Grok Build, Kiro and iFlow their pages on hooks.
What they do not say is not guessed: the name of a tool, the unit of a time.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from holdall import NamedTuple
from holdall.deploy.targets.target import Form


class HookAgent(NamedTuple):
    """How an agent has hooks: its name in messages and in the table of tools, and its events.

    `here` is how a command names the project's folder, None where Claude Code's name works.
    `second` is how many units of its times are a second, None where that is not known. In `words`
    are the events whose matcher is one word, in `unmatched` those that run whatever it is, in
    `deaf` those that go on whatever a hook answers, other than in Claude Code. `keys` are what else
    it knows of a hook. With `has_servers` it has Claude Code's names of servers' tools, with
    `has_own_input` another input and other answers; with `runs_scripts` a command is the path of a
    script and nothing else.
    """

    title: str
    tools: str
    events: Mapping[str, str]
    here: str | None
    second: int | None = 1
    words: frozenset[str] = frozenset()
    unmatched: frozenset[str] = frozenset()
    deaf: frozenset[str] = frozenset()
    keys: frozenset[str] = frozenset()
    has_servers: bool = False
    has_own_input: bool = True
    runs_scripts: bool = False


def _same(*events: str) -> dict[str, str]:
    return {event: event for event in events}


_TOP = "$(git rev-parse --show-toplevel)"
_COMMON = ("SessionStart", "UserPromptSubmit", "PreToolUse", "PostToolUse", "Stop")
CODEX = HookAgent(
    "Codex",
    "codex",
    _same(
        *_COMMON, "PermissionRequest", "SubagentStart", "SubagentStop", "PreCompact", "PostCompact"
    ),
    _TOP,
    keys=frozenset({"statusMessage"}),
    has_servers=True,
    has_own_input=False,
)
DEVIN = HookAgent(
    "Devin CLI",
    "devin",
    {**_same(*_COMMON, "SessionEnd", "PermissionRequest"), "PostCompact": "PostCompaction"},
    "${DEVIN_PROJECT_DIR}",
    has_servers=True,
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
    has_servers=True,
    has_own_input=False,
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
    second=1000,
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
QWEN = HookAgent(
    "Qwen Code",
    "qwen",
    _same(
        *(*_COMMON, "SessionEnd", "PostToolUseFailure", "SubagentStart", "SubagentStop"),
        *("PreCompact", "Notification", "PermissionRequest"),
    ),
    "${QWEN_PROJECT_DIR}",
    second=None,  # milliseconds in the documentation, seconds in its newest examples
    words=frozenset({"PreCompact", "Notification"}),
    keys=frozenset({"statusMessage", "async"}),
    has_servers=True,
)
GROK = HookAgent(
    "Grok Build",
    "",  # it knows Claude Code's names of tools
    _same(
        *(*_COMMON, "SessionEnd", "PostToolUseFailure", "StopFailure", "Notification"),
        *("PermissionDenied", "SubagentStart", "SubagentStop", "PreCompact", "PostCompact"),
    ),
    _TOP,
    deaf=frozenset({"UserPromptSubmit", "Stop", "SubagentStop", "PreCompact"}),
)
IFLOW = HookAgent(
    "iFlow CLI",
    "iflow",
    _same(*_COMMON, "SessionEnd", "SubagentStop", "Notification"),
    _TOP,
    unmatched=frozenset({"SessionEnd", "SubagentStop"}),
)
DEEPAGENTS = HookAgent(
    "Deep Agents",
    "deepagents",
    _same(
        *(*_COMMON, "SessionEnd", "PermissionRequest", "PostToolUseFailure", "PreCompact"),
        *("Notification", "SubagentStart", "SubagentStop"),
    ),
    _TOP,
    keys=frozenset({"statusMessage"}),
    has_own_input=False,
)
AUGMENT = HookAgent(
    "Augment Code",
    "augment",
    {
        **_same("PreToolUse", "PostToolUse", "SessionStart", "SessionEnd", "Stop", "Notification"),
        "UserPromptSubmit": "PromptSubmit",
    },
    None,
    second=1000,
    unmatched=frozenset({"SessionStart", "SessionEnd", "Notification"}),
    runs_scripts=True,
)
OPENHANDS = HookAgent(
    "OpenHands",
    "openhands",
    _same(*_COMMON, "SessionEnd"),
    "${OPENHANDS_PROJECT_DIR}",
    unmatched=frozenset({"SessionStart", "SessionEnd"}),
    keys=frozenset({"async"}),
)
KIRO = HookAgent(
    "Kiro",
    "kiro",
    _same(*_COMMON),
    _TOP,
    unmatched=frozenset({"SessionStart"}),
    deaf=frozenset({"Stop"}),
)
HOOK_AGENTS: Mapping[Form, HookAgent] = MappingProxyType(
    {
        Form.CODEX_HOOKS: CODEX,
        Form.DEVIN_HOOKS: DEVIN,
        Form.CURSOR_HOOKS: CURSOR,
        Form.COPILOT_HOOKS: COPILOT,
        Form.GEMINI_HOOKS: GEMINI,
        Form.WINDSURF_HOOKS: WINDSURF,
        Form.QWEN_HOOKS: QWEN,
        Form.GROK_HOOKS: GROK,
        Form.IFLOW_HOOKS: IFLOW,
        Form.DEEPAGENTS_HOOKS: DEEPAGENTS,
        Form.AUGMENT_HOOKS: AUGMENT,
        Form.OPENHANDS_HOOKS: OPENHANDS,
        Form.KIRO_HOOKS: KIRO,
    }
)
"""By the form of its hooks."""
