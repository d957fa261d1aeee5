"""What only an installed plugin has: its folder, its settings, and the names of its servers' tools.

Deployed by itself, an artifact's text is not changed; what it looks for in vain is reported.

    ${CLAUDE_PLUGIN_ROOT}/scripts/check.sh     ${user_config.token}     mcp__plugin_git_git__log

Source: Claude Code's reference of plugins, late 2026.
"""

from __future__ import annotations

import re
from pathlib import Path

from holdall.artifacts.ids import ArtifactType
from holdall.errors import HoldallError
from holdall.formats.documents import read_bounded

MAX_TEXT = 1 << 20

_ROOT = r"\$\{?(CLAUDE_PLUGIN_(?:ROOT|DATA|OPTION_\w+))\b"
_SETTING = r"\$\{user_config\.([\w-]{1,80})\}"
_TOOL = r"\bmcp__plugin_[\w-]{1,80}"


def lost_variables(text: str) -> tuple[str, ...]:
    """Return a sentence for each thing in a text that only an installed plugin has."""
    if "CLAUDE_PLUGIN_" not in text and "user_config." not in text and "mcp__plugin_" not in text:
        return ()
    found = [f"${{{name}}} has a value in an installed plugin only" for name in _names(_ROOT, text)]
    found += [
        f"${{user_config.{name}}} is a setting that only an installed plugin has"
        for name in _names(_SETTING, text)
    ]
    if names := _names(_TOOL, text):
        found.append(
            f"{names[0]} names a tool of a plugin's server, which has its own name where the server"
            " is deployed"
        )
    return tuple(found)


def _names(pattern: str, text: str) -> list[str]:
    return list(dict.fromkeys(match[match.lastindex or 0] for match in re.finditer(pattern, text)))


def read_lost_variables(type_name: str, location: Path) -> tuple[str, ...]:
    """Return the sentences about the file of an artifact that agents read first."""
    if type_name == ArtifactType.SKILL:
        location = location / "SKILL.md"
    elif type_name not in (ArtifactType.COMMAND, ArtifactType.AGENT):
        return ()
    try:
        return lost_variables(read_bounded(location, MAX_TEXT).decode(errors="replace"))
    except HoldallError:
        return ()
