"""opencode: agents and commands, in folders of either number.

    .opencode/{agent,agents}/**/*.md        [description, mode, model: a/b, tools: {x: false}]
    .opencode/{command,commands}/**/*.md    [description, agent, model]
    .opencode/{skill,skills}/*/SKILL.md

Source: opencode.ai/docs and its schema, 2026. An agent is known by its path; the collection's form
has its name in the head. `tools` says what an agent may and may not use, by opencode's names.
"""

from __future__ import annotations

from typing import Any

from holdall.artifacts.ids import ArtifactType
from holdall.formats.frontmatter import head_line, read_frontmatter, with_keys
from holdall.sources.draft import Draft, Gathering
from holdall.sources.layouts.agents.form import AgentFormat, FolderForm
from holdall.sources.layouts.markdown import Changed, read_changed, read_markdown

_TOOLS = {
    "bash": "Bash",
    "read": "Read",
    "write": "Write",
    "edit": "Edit",
    "grep": "Grep",
    "glob": "Glob",
    "list": "LS",
    "webfetch": "WebFetch",
    "websearch": "WebSearch",
    "todowrite": "TodoWrite",
    "task": "Task",
    "skill": "Skill",
}
_CLAUDE = "anthropic/"


def agent_from_opencode(text: str, name: str) -> Changed:
    """Return an agent of opencode with its name, and its tools and model by Claude Code's names.

    A model that is not Claude is left out; what else only opencode understands stays.
    """
    front = read_frontmatter(text)
    lines = [] if front.text("name") else [head_line("name", name)]
    dropped, lost = set(), ""
    tools: Any = front.values.get("tools")
    if isinstance(tools, dict):
        dropped.add("tools")
        off = [key for key, value in tools.items() if value in (False, "false")]
        denied = [_TOOLS.get(key, key) for key in off]
        lines += [head_line("disallowedTools", ", ".join(denied))] if denied else []
    model = front.text("model") or ""
    if "/" in model:
        dropped.add("model")
        if model.startswith(_CLAUDE):
            lines.append(head_line("model", model.removeprefix(_CLAUDE)))
        else:
            lost = f"left out: the model {model!a:.80}"
    return Changed(with_keys(text, lines, dropped), lost)


def _read_agent(gathering: Gathering, path: str, name: str) -> Draft | None:
    last = name.replace(":", "-")

    def change(text: str) -> Changed:
        return agent_from_opencode(text, last)

    return read_changed(gathering, ArtifactType.AGENT, path, last, change)


def _read_command(gathering: Gathering, path: str, name: str) -> Draft | None:
    return read_markdown(gathering, ArtifactType.COMMAND, path, name, loose=True)


OPENCODE = AgentFormat(
    "opencode",
    folders=(
        *(
            FolderForm("agents", f".opencode/{folder}", ".md", _read_agent)
            for folder in ("agent", "agents")
        ),
        *(
            FolderForm("commands", f".opencode/{f}", ".md", _read_command)
            for f in ("command", "commands")
        ),
    ),
)
