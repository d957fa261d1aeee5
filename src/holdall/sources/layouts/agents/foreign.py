"""Report what belongs to an agent and is not collected, each manifest and folder once."""

from __future__ import annotations

from collections.abc import Iterator

from holdall.sources.checks.diagnostics import Code
from holdall.sources.draft import Gathering
from holdall.sources.layouts.markdown import SKILL_FILE
from holdall.sources.walk import join_path

_OWN = "the repository's own instructions for agents"
_FILES = {
    "AGENTS.md": _OWN,
    "CLAUDE.md": _OWN,
    "GEMINI.md": _OWN,
    "QWEN.md": _OWN,
    "WARP.md": _OWN,
    ".cursorrules": "rules in Cursor's older form",
    ".windsurfrules": "rules in Windsurf's older form",
    ".clinerules": "rules of Cline in one file",
    ".roorules": "rules of Roo in one file",
    ".roomodes": "modes of Roo",
    ".goosehints": _OWN,
    ".aider.conf.yml": "settings of aider",
    "POWER.md": "a power of Kiro",
    "apm.yml": "a package of apm",
    "crush.json": "settings of Crush",
    "kilo.jsonc": "settings of Kilo",
    "opencode.json": "settings of opencode",
    "opencode.jsonc": "settings of opencode",
    "copilot-instructions.md": _OWN,
    ".codex/config.toml": "settings of Codex",
    ".gemini/settings.json": "settings of Gemini CLI",
    ".claude/settings.json": "settings of Claude Code",
    ".augment/settings.json": "settings of Augment",
    ".iflow/settings.json": "settings of iFlow",
    ".qwen/settings.json": "settings of Qwen Code",
    ".opencode/plugin": "programs for opencode",
    ".opencode/plugins": "programs for opencode",
}
_FOLDERS = {
    ".aiassistant": "JetBrains AI Assistant",
    ".amazonq": "Amazon Q",
    ".amp": "Amp",
    ".augment": "Augment",
    ".cline": "Cline",
    ".clinerules": "Cline",
    ".codex": "Codex",
    ".continue": "Continue",
    ".crush": "Crush",
    ".cursor": "Cursor",
    ".devin": "Devin",
    ".factory": "Factory",
    ".gemini": "Gemini CLI",
    ".goose": "Goose",
    ".grok": "Grok Build",
    ".iflow": "iFlow",
    ".junie": "Junie",
    ".kilo": "Kilo",
    ".kilocode": "Kilo",
    ".kiro": "Kiro",
    ".opencode": "opencode",
    ".pi": "Pi",
    ".qwen": "Qwen Code",
    ".roo": "Roo",
    ".rovodev": "Rovo Dev",
    ".trae": "Trae",
    ".vibe": "Vibe",
    ".warp": "Warp",
    ".windsurf": "Windsurf",
}


def tell_foreign(gathering: Gathering) -> None:
    """Say of each manifest and folder of an agent, once, that nothing of it is collected."""
    read = {gathering.file_of(draft) for draft in gathering.drafts.values()}
    read |= {path for _, path in gathering.refused}
    holders = {path[:end] for path in read for end, sign in enumerate(path) if sign == "/"}
    reported: set[str] = set()
    for path, folder in gathering.tree.folders.items():
        if gathering.is_exported(path) or gathering.tree.is_inside(path, SKILL_FILE):
            continue
        here = path.rpartition("/")[2]
        for name in sorted([*folder.files, *folder.folders]):
            known = name if name in _FILES and name in folder.files else f"{here}/{name}"
            file = join_path(path, name)
            if (
                known not in _FILES
                or known in reported
                or file in read
                or _is_owned(gathering, path)
            ):
                continue
            reported.add(known)
            gathering.say(file, Code.NOT_UNDERSTOOD, f"{_FILES[known]}: not collected")
        for place, agent in _unread_folders(gathering, path, holders):
            gathering.say(place, Code.NOT_UNDERSTOOD, f"a folder of {agent}: nothing is collected")


def _is_owned(gathering: Gathering, path: str) -> bool:
    """Return whether a folder is a plugin's, whose own files are kept."""
    return any(
        path == root or path.startswith(f"{root}/") for root in gathering.plugin_roots if root
    )


def _unread_folders(
    gathering: Gathering, path: str, holders: set[str]
) -> Iterator[tuple[str, str]]:
    for name in gathering.tree.folder(path).folders:
        place = join_path(path, name)
        if name in _FOLDERS and place not in holders and not gathering.tree.is_bare(place):
            yield place, _FOLDERS[name]
