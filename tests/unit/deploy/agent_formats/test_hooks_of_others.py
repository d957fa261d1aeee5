"""Hooks that were written for another agent: each agent gets them in its own form, or a reason."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, strategies as st

import agent_rules
from holdall.deploy.consent.entries import hooks_in
from holdall.deploy.targets import Form
from holdall.errors import InputError

pytestmark = pytest.mark.unit

CURSOR = {
    "version": 1,
    "hooks": {
        "beforeShellExecution": [{"command": "./check.sh", "timeout": 5, "failClosed": True}],
        "afterFileEdit": [{"command": "./format.sh"}],
        "preToolUse": [{"command": "z", "matcher": "^(?:Shell|MCP:.*)$"}],
        "afterAgentThought": [{"command": "never"}],
    },
}
GEMINI = {
    "hooks": {
        "BeforeTool": [
            {
                "matcher": "write_file|mcp_git_log",
                "hooks": [{"type": "command", "command": "x", "timeout": 5000, "name": "n"}],
            }
        ],
        "AfterAgent": [{"hooks": [{"type": "command", "command": "done"}]}],
    }
}
COPILOT = {
    "version": 1,
    "hooks": {
        "preToolUse": [{"type": "command", "bash": "a.sh", "powershell": "a.ps1"}],
        "agentStop": [{"type": "command", "command": "b.sh", "timeoutSec": 7}],
        "PostToolUse": [{"type": "command", "command": "c.sh", "matcher": "Edit|Write"}],
    },
}
WINDSURF = {"hooks": {"pre_run_command": [{"command": "a.sh", "show_output": True}]}}
KIRO = {
    "version": "v1",
    "hooks": [
        {
            "name": "guard",
            "trigger": "UserPromptSubmit",
            "action": {"type": "command", "command": "a.sh"},
            "timeout": 3,
        },
        {
            "name": "save",
            "trigger": "PostFileSave",
            "matcher": "x",
            "action": {"type": "command", "command": "b.sh"},
        },
        {"name": "p", "trigger": "Stop", "action": {"type": "agent", "prompt": "Check it"}},
        {
            "name": "off",
            "trigger": "Stop",
            "enabled": False,
            "action": {"type": "command", "command": "c.sh"},
        },
    ],
}
OPENHANDS = {
    "pre_tool_use": [{"matcher": "terminal", "hooks": [{"command": "a.sh", "timeout": 9}]}],
    "stop": [{"matcher": "*", "hooks": [{"command": "b.sh", "async": True}]}],
}
QWEN = {
    "hooks": {
        "PreToolUse": [
            {
                "matcher": "^(run_shell_command|write_file)$",
                "hooks": [{"type": "command", "command": "a.sh", "timeout": 10}],
            }
        ]
    }
}
AUGMENT = {
    "hooks": {
        "PromptSubmit": [{"hooks": [{"type": "command", "command": "/a.sh", "timeout": 5000}]}],
        "PostToolUse": [
            {"matcher": "save-file", "hooks": [{"type": "command", "command": "/b.sh"}]}
        ],
    }
}
FORMS: dict[Form, dict[str, Any]] = {
    Form.CURSOR_HOOKS: CURSOR,
    Form.GEMINI_HOOKS: GEMINI,
    Form.COPILOT_HOOKS: COPILOT,
    Form.WINDSURF_HOOKS: WINDSURF,
    Form.KIRO_HOOKS: KIRO,
    Form.OPENHANDS_HOOKS: OPENHANDS,
    Form.QWEN_HOOKS: QWEN,
    Form.AUGMENT_HOOKS: AUGMENT,
}


def as_claude(definition: dict[str, Any]) -> dict[str, list[Any]]:
    """Return the groups that Claude Code gets, by event."""
    found: dict[str, list[Any]] = {}
    for event, group in hooks_in(definition, "x", Form.HOOKS)[0]:
        found.setdefault(event, []).append(group)
    return found


def test_hooks_of_cursor_as_claude_code_has_them() -> None:
    """Events that mean a tool get its matcher; one without a counterpart is said and left out."""
    check = {"type": "command", "command": "./check.sh", "onFailure": "block", "timeout": 5}
    assert as_claude(CURSOR) == {
        "PreToolUse": [
            {"matcher": "Bash", "hooks": [check]},
            {"matcher": "^Bash$|mcp__.*", "hooks": [{"type": "command", "command": "z"}]},
        ],
        "PostToolUse": [
            {"matcher": "Edit|Write", "hooks": [{"type": "command", "command": "./format.sh"}]}
        ],
    }
    assert hooks_in(CURSOR, "x", Form.HOOKS)[1] == (
        "Claude Code has no event like Cursor's afterAgentThought",
        "its commands are written for Cursor's input and answers",
    )


def test_hooks_of_gemini_copilot_and_windsurf_as_claude_code_has_them() -> None:
    """Names of tools, seconds and commands are Claude Code's."""
    assert as_claude(GEMINI) == {
        "PreToolUse": [
            {
                "matcher": "Write|mcp__git__log",
                "hooks": [{"type": "command", "command": "x", "timeout": 5}],
            }
        ],
        "Stop": [{"hooks": [{"type": "command", "command": "done"}]}],
    }
    assert as_claude(COPILOT) == {
        "PreToolUse": [{"hooks": [{"type": "command", "command": "a.sh"}]}],
        "Stop": [{"hooks": [{"type": "command", "command": "b.sh", "timeout": 7}]}],
        "PostToolUse": [
            {"matcher": "Edit|Write", "hooks": [{"type": "command", "command": "c.sh"}]}
        ],
    }
    assert as_claude(WINDSURF) == {
        "PreToolUse": [{"matcher": "Bash", "hooks": [{"type": "command", "command": "a.sh"}]}]
    }


def test_hooks_of_kiro_openhands_qwen_and_augment_as_claude_code_has_them() -> None:
    """A list of triggers, other keys, or only other names of tools and units of time."""
    run = {"type": "command", "command": "a.sh"}
    assert as_claude(KIRO) == {"UserPromptSubmit": [{"hooks": [{**run, "timeout": 3}]}]}
    assert hooks_in(KIRO, "x", Form.HOOKS)[1][:3] == (
        "Claude Code has no event like Kiro's PostFileSave",
        "left out a hook that is a prompt for Kiro",
        "left out a hook that is off",
    )
    assert as_claude(OPENHANDS) == {
        "PreToolUse": [{"matcher": "Bash", "hooks": [{**run, "timeout": 9}]}],
        "Stop": [{"hooks": [{"type": "command", "command": "b.sh", "async": True}]}],
    }
    assert as_claude(QWEN) == {"PreToolUse": [{"matcher": "Bash|Write", "hooks": [run]}]}
    assert any("in which unit" in loss for loss in hooks_in(QWEN, "x", Form.HOOKS)[1])
    assert as_claude(AUGMENT) == {
        "UserPromptSubmit": [{"hooks": [{"type": "command", "command": "/a.sh", "timeout": 5}]}],
        "PostToolUse": [{"matcher": "Write", "hooks": [{"type": "command", "command": "/b.sh"}]}],
    }


def test_hooks_of_claude_code_for_kiro_openhands_qwen_and_augment() -> None:
    """Each gets its shape, its names of tools and its unit, or a reason."""
    edit = {"matcher": "Edit", "hooks": [{"type": "command", "command": "a.sh", "timeout": 2}]}
    hooks = {"hooks": {"PostToolUse": [edit], "Stop": [{"hooks": edit["hooks"]}]}}
    found, losses = hooks_in(hooks, "x", Form.KIRO_HOOKS)
    action = {"type": "command", "command": "a.sh"}
    assert found == [
        ("hooks", {"name": "Stop: a.sh", "trigger": "Stop", "action": action, "timeout": 2})
    ]
    assert losses[:2] == (
        "left out the tool Edit, of which no name in Kiro is known",
        "Kiro goes on whatever a hook of Stop answers",
    )
    found, losses = hooks_in(hooks, "x", Form.QWEN_HOOKS)
    assert found == [
        ("PostToolUse", {"matcher": "^(?:edit)$", "hooks": [action]}), ("Stop", {"hooks": [action]})
    ]  # fmt: skip
    found, losses = hooks_in(hooks, "x", Form.AUGMENT_HOOKS)
    assert (found, losses) == ([], ("Augment Code runs files `*.sh` only",))
    hooks = {"hooks": {"PreToolUse": [{"matcher": "Bash", "hooks": [
        {"type": "command", "command": "'/p q/a.sh'", "timeout": 2}]}]}}  # fmt: skip
    found, losses = hooks_in(hooks, "x", Form.AUGMENT_HOOKS)
    script = {"type": "command", "command": "/p q/a.sh", "timeout": 2000}
    assert found == [("PreToolUse", {"matcher": "^(?:launch-process)$", "hooks": [script]})]


@pytest.mark.parametrize(
    ("hook", "problem"),
    [
        ({"trigger": "Stop", "action": {"type": "x"}}, "has no action of a known type"),
        ({"trigger": 3, "action": {}}, "has no text 'trigger'"),
        ({"trigger": "Stop", "action": {"type": "command"}}, "has no text 'command'"),
    ],
)
def test_a_hook_of_kiro_that_is_not_understood_is_refused(hook: Any, problem: str) -> None:
    """As any other: nothing of the file is merged."""
    with pytest.raises(InputError, match=f"a hook of 'hooks' {problem}"):
        hooks_in({"hooks": [*KIRO["hooks"], hook]}, "x", Form.KIRO_HOOKS)


@pytest.mark.parametrize("form", FORMS)
def test_the_same_agent_gets_its_own_hooks_as_they_are(form: Form) -> None:
    """Every key and event, also those that nobody else has."""
    groups, losses = hooks_in(FORMS[form], "x", form)
    hooks = FORMS[form].get("hooks", FORMS[form])
    hooks = {"hooks": hooks} if isinstance(hooks, list) else hooks
    assert groups == [(event, entry) for event, entries in hooks.items() for entry in entries]
    assert losses == ()


@pytest.mark.parametrize(
    ("event", "entry", "loss"),
    [
        ("beforeShellExecution", {"command": "x", "matcher": "rm "}, "Cursor's matcher rm"),
        ("preToolUse", {"command": "x", "matcher": "Zonk"}, "Cursor's matcher Zonk"),
        ("preToolUse", {"bash": "x", "type": "command", "cwd": "sub"}, "no hooks with `cwd`"),
        ("preToolUse", {"powershell": "x", "type": "command"}, "shell of Unix"),
        ("preToolUse", {"bash": "x", "type": "command", "matcher": "edit"}, "matcher edit"),
        ("pre_run_command", {"command": "x", "working_directory": "a"}, "`working_directory`"),
        ("errorOccurred", {"bash": "x", "type": "command"}, "GitHub Copilot's errorOccurred"),
    ],
)
def test_what_has_no_counterpart_is_left_out(event: str, entry: Any, loss: str) -> None:
    """A hook that would run more often, or elsewhere, is not guessed."""
    groups, losses = hooks_in({"hooks": {event: [entry]}}, "x", Form.HOOKS)
    assert groups == []
    assert any(loss in one for one in losses), losses


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ({"command": 3}, "has no text 'command'"),
        ({"timeout": 3}, "has no text 'command'"),
        ("x", "is not an object"),
        ({"type": "prompt", "prompt": "x"}, "unknown type 'prompt'"),
    ],
)
def test_a_hook_that_is_not_understood_is_refused(entry: Any, problem: str) -> None:
    """With its event and what is wrong; nothing of the file is merged."""
    with pytest.raises(InputError, match=f"a hook of 'stop' {problem}|a hook of 'stop' has the"):
        hooks_in({"version": 1, "hooks": {"stop": [{"command": "ok"}, entry]}}, "x", Form.HOOKS)


EVENTS = st.sampled_from(
    [
        *(
            "beforeShellExecution",
            "afterFileEdit",
            "preToolUse",
            "stop",
            "sessionStart",
            "agentStop",
        ),
        *("BeforeTool", "AfterModel", "pre_run_command", "post_mcp_tool_use", "PreToolUse", "Stop"),
    ]
)
ENTRIES = st.fixed_dictionaries(
    {"command": st.sampled_from(["a", "./b.sh"])},
    optional={
        "matcher": st.sampled_from(["", "*", "Shell", "write_file", "mcp_.*", "MCP:x", "(", "a b"]),
        "timeout": st.one_of(st.integers(-1, 10**10), st.floats(), st.text(max_size=2)),
        "timeoutSec": st.integers(0, 99),
        "failClosed": st.booleans(),
        "type": st.just("command"),
        "bash": st.just("b"),
        "cwd": st.sampled_from(["", ".", "x"]),
    },
)


@given(
    st.dictionaries(
        EVENTS,
        st.lists(
            st.one_of(
                ENTRIES,
                st.fixed_dictionaries(
                    {"hooks": st.lists(ENTRIES, max_size=2)},
                    optional={"matcher": st.just("read_file")},
                ),
            ),
            max_size=3,
        ),
        max_size=4,
    ),
    st.sampled_from(sorted(agent_rules._EVENTS)),
)
def test_any_hooks_are_read_or_refused(hooks: dict[str, Any], form: Form) -> None:
    """What comes out of another agent's form is what the agent accepts."""
    raw = [(event, entry) for event, entries in hooks.items() for entry in entries]
    try:
        found, losses = hooks_in({"hooks": hooks}, "x", form)
    except InputError as error:
        assert error.hint
        return
    if found == raw and not losses:
        return  # its own, which stay as they are, whatever they are
    for event, entry in found:
        assert list(agent_rules.hook_problems(form, event, entry)) == []
