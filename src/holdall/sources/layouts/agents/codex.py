'''Codex: plugins, agents and prompts.

    .codex-plugin/plugin.json           {"name": "starter", "skills": "./skills/"}
    .agents/plugins/marketplace.json    {"plugins": [{"source": {"path": "./x"}}]}
    .codex/agents/*.toml                name = "x"
                                        description = "..."
                                        developer_instructions = """..."""
    .codex/prompts/*.md                 [description, argument-hint]

Source: developers.openai.com/codex, 2026.
'''

from __future__ import annotations

from holdall.artifacts.ids import ArtifactType
from holdall.errors import InputError
from holdall.formats.documents import parse_toml
from holdall.formats.frontmatter import head_line
from holdall.sources.draft import Draft, Gathering
from holdall.sources.layouts.agents.form import AgentFormat, FolderForm, PluginForm, usual_places
from holdall.sources.layouts.markdown import Changed, read_changed, read_markdown

_AGENT_KEYS = {"name", "description", "developer_instructions"}


def agent_from_toml(text: str) -> Changed:
    """Return a Codex agent as Markdown; raises InputError if it is none."""
    table = parse_toml(text.encode(), "the agent")
    if not all(isinstance(table.get(key), str) for key in _AGENT_KEYS):
        raise InputError(
            "an agent needs the texts name, description and developer_instructions",
            hint="add them",
        )
    head = "".join(f"{head_line(key, table[key])}\n" for key in ("name", "description"))
    lost = sorted(table.keys() - _AGENT_KEYS)
    text = f"---\n{head}---\n{str(table['developer_instructions']).rstrip()}\n"
    return Changed(text, f"left out: {', '.join(lost)}" if lost else "")


def _read_agent(gathering: Gathering, path: str, name: str) -> Draft | None:
    return read_changed(gathering, ArtifactType.AGENT, path, name, agent_from_toml)


def _read_prompt(gathering: Gathering, path: str, name: str) -> Draft | None:
    return read_markdown(gathering, ArtifactType.COMMAND, path, name, loose=True)


CODEX = AgentFormat(
    "codex",
    folders=(
        FolderForm("agents", ".codex/agents", ".toml", _read_agent, is_deep=False),
        FolderForm("commands", ".codex/prompts", ".md", _read_prompt, is_deep=False),
    ),
    plugin=PluginForm(
        "Codex plugin",
        manifests=(".codex-plugin/plugin.json",),
        marketplaces=(".agents/plugins/marketplace.json",),
        places=usual_places(),
    ),
)
