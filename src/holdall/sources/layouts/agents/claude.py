"""Claude Code: plugins, and its folders for rules and output styles.

    .claude-plugin/plugin.json          {"name": "starter", "commands": ["./extra/"], ...}
    .claude-plugin/marketplace.json     {"plugins": [{"name": "starter", "source": "./starter"}]}
    .claude/rules/**/*.md               [paths]
    .claude/output-styles/*.md          [name, description]

Source: Claude Code documentation of plugins, marketplaces, memory and output styles, 2026.
"""

from __future__ import annotations

from functools import partial

from holdall.artifacts.ids import ArtifactType
from holdall.artifacts.rules import Dialect
from holdall.sources.draft import Draft, Gathering
from holdall.sources.layouts.agents.form import AgentFormat, FolderForm, PluginForm, usual_places
from holdall.sources.layouts.markdown import read_changed, read_rule


def read_style(gathering: Gathering, path: str, name: str) -> Draft | None:
    """Read an output style, which is plain Markdown."""
    return read_changed(gathering, ArtifactType.OUTPUT_STYLE, path, name)


CLAUDE_MANIFESTS = (".claude-plugin/plugin.json", ".claude-plugin/marketplace.json")
STYLES = FolderForm("output styles", ".claude/output-styles", ".md", read_style)

CLAUDE = AgentFormat(
    "claude",
    folders=(
        FolderForm("rules", ".claude/rules", ".md", partial(read_rule, dialect=Dialect.CLAUDE)),
        STYLES,
    ),
    plugin=PluginForm(
        "Claude plugin",
        manifests=CLAUDE_MANIFESTS[:1],
        marketplaces=CLAUDE_MANIFESTS[1:],
        places=usual_places(outputStyles=("output-styles",)),
    ),
)
