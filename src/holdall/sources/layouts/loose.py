"""Read what belongs to no plugin: artifacts known by their place (FORMATS P5)."""

from __future__ import annotations

from collections.abc import Iterator

from holdall.artifacts.ids import ArtifactType
from holdall.errors import HoldallError
from holdall.formats.documents import MAX_PLAIN_TOML_BYTES, parse_toml, read_bounded
from holdall.sources.checks.diagnostics import Code
from holdall.sources.draft import Gathering
from holdall.sources.layouts.configs import (
    HOOKS_FILE,
    MCP_FILE,
    read_hook_file,
    read_mcp_file,
    read_single_server,
)
from holdall.sources.layouts.markdown import SKILL_FILE, command_name, read_markdown, read_skill
from holdall.sources.walk import SourceTree, joined

_MANIFEST = "manifest.toml"
_MARKDOWN = {"commands": ArtifactType.COMMAND, "agents": ArtifactType.AGENT}


def inside_skill(tree: SourceTree, folder: str) -> bool:
    """Return whether a folder is that of a skill, or is in one at any depth."""
    return tree.is_inside(folder, SKILL_FILE)


def read_loose(gathering: Gathering) -> None:
    """Read every artifact known by its place: SKILL.md, commands/, agents/, hooks, servers."""
    for path, folder in gathering.tree.folders.items():
        if gathering.is_exported(path):
            continue
        if SKILL_FILE in folder.files:
            read_skill(gathering, path)
        else:
            _tell_odd_names(gathering, path)
        if HOOKS_FILE in folder.files:
            read_hook_file(gathering, joined(path, HOOKS_FILE), "hooks")
        if MCP_FILE in folder.files:
            read_mcp_file(gathering, joined(path, MCP_FILE))
        found = _kind_of(path)
        if found is not None and not inside_skill(gathering.tree, path):
            artifact_type, root = found
            for name in sorted(folder.files):
                if name.endswith(".md"):
                    file = joined(path, name)
                    read_markdown(
                        gathering, artifact_type, file, command_name(file, root), loose=True
                    )


def _kind_of(folder: str) -> tuple[ArtifactType, str] | None:
    """Return what Markdown files in a folder are, and the root of their names."""
    parts = folder.split("/")
    for depth in range(len(parts), 0, -1):
        artifact_type = _MARKDOWN.get(parts[depth - 1])
        if artifact_type is not None:
            return artifact_type, "/".join(parts[:depth])
    return None


def _tell_odd_names(gathering: Gathering, path: str) -> None:
    for name in sorted(gathering.tree.folder(path).files):
        if name.lower() == SKILL_FILE.lower():
            gathering.say(joined(path, name), Code.SKILL_FILE_NAME, f"named {name!a}")


def read_holdall_folders(gathering: Gathering) -> None:
    """Read hooks and servers as a Holdall collection keeps them: one file each."""
    # In an export of a plugin, all that it does not name is the plugin's own.
    is_export = any(found.path == "." and found.known.uuid for found in gathering.composites)
    if is_export or not _is_collection(gathering.tree):
        return
    for path in _json_below(gathering.tree, "hooks"):
        read_hook_file(gathering, path, command_name(path, "hooks").removesuffix(".json"))
    for path in _json_below(gathering.tree, "mcp"):
        read_single_server(gathering, path, command_name(path, "mcp").removesuffix(".json"))


def _is_collection(tree: SourceTree) -> bool:
    """Return whether the source is a Holdall collection: its manifest has a [collection]."""
    if not tree.is_file(_MANIFEST):
        return False
    try:
        data = read_bounded(tree.location(_MANIFEST), MAX_PLAIN_TOML_BYTES)
        manifest = parse_toml(data, _MANIFEST)
    except HoldallError:
        return False
    return isinstance(manifest.get("collection"), dict)


def _json_below(tree: SourceTree, top: str) -> Iterator[str]:
    for path, folder in tree.below(top):
        yield from (joined(path, n) for n in sorted(folder.files) if n.endswith(".json"))


def artifact_files(gathering: Gathering) -> Iterator[str]:
    """Yield the files that no reader claimed, for plugins to look at."""
    claimed = {gathering.file_of(draft) for draft in gathering.drafts.values()}
    for path, folder in gathering.tree.folders.items():
        if inside_skill(gathering.tree, path) or path.endswith(".claude-plugin"):
            continue
        for name in sorted(folder.files):
            if (file := joined(path, name)) not in claimed:
                yield file
