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
from holdall.sources.layouts.markdown import (
    SKILL_FILE,
    command_name,
    read_changed,
    read_markdown,
    read_skill,
)
from holdall.sources.listing import follow_link, holds_skill, is_circle, markdown_below
from holdall.sources.walk import SourceTree, join_path

_MANIFEST = "manifest.toml"
_LIKELY = frozenset(
    {SKILL_FILE, HOOKS_FILE, MCP_FILE, ".claude", ".claude-plugin", "hooks", "plugins", "skills"}
)
_DOCUMENTATION = frozenset(
    {"doc", "docs", "documentation", "eval", "evals", "evaluations", "fixtures", "spec", "specs"}
    | {"test", "tests", "testing", "website"}
)
_MARKDOWN = {"commands": ArtifactType.COMMAND, "agents": ArtifactType.AGENT}


_ONLY_HERE = {"rules": ArtifactType.RULE, "output-styles": ArtifactType.OUTPUT_STYLE}


def inside_skill(tree: SourceTree, folder: str) -> bool:
    """Return whether a folder is that of a skill, or is in one at any depth."""
    return tree.is_inside(folder, SKILL_FILE)


def read_loose(gathering: Gathering) -> None:
    """Read every artifact known by its place: SKILL.md, commands/, agents/, hooks, servers."""
    for path, folder in gathering.tree.folders.items():
        if gathering.is_exported(path):
            continue
        if holds_skill(gathering, path):
            read_skill(gathering, path)
        else:
            _tell_odd_names(gathering, path)
        if HOOKS_FILE in folder.files:
            read_hook_file(gathering, join_path(path, HOOKS_FILE), "hooks")
        if MCP_FILE in folder.files:
            read_mcp_file(gathering, join_path(path, MCP_FILE))
        found = _kind_of(path)
        if found is not None and not inside_skill(gathering.tree, path):
            artifact_type, root = found
            if artifact_type is ArtifactType.AGENT and _is_documentation(root):
                _tell_documentation(gathering, root, path)
                continue
            for name in sorted(folder.files):
                if name.endswith(".md"):
                    file = join_path(path, name)
                    read_markdown(
                        gathering, artifact_type, file, command_name(file, root), loose=True
                    )


def read_links(gathering: Gathering) -> None:
    """Read every artifact that is only a link to a place that is none by itself.

    A link where an artifact could be, and that cannot be followed, is reported.
    """
    tree = gathering.tree
    for path, folder in tree.folders.items():
        if not folder.links or gathering.is_exported(path) or inside_skill(tree, path):
            continue
        found = _kind_of(path)
        for name in folder.links:
            place = join_path(path, name)
            kind = found or _kind_of(place)
            is_likely = name in _LIKELY or path.rpartition("/")[2] in ("skills", "plugins")
            if kind is None and not is_likely:
                continue
            real = follow_link(gathering, place) if is_likely or kind is not None else None
            if real is None:
                continue
            if name == HOOKS_FILE and (ArtifactType.HOOK.value, real) not in gathering.drafts:
                read_hook_file(gathering, place, "hooks")
            elif name == MCP_FILE and not real.endswith(f"/{MCP_FILE}"):
                read_mcp_file(gathering, place)
            elif kind is not None and not is_circle(gathering, place, real):
                _read_linked(gathering, kind, place, real)


def _read_linked(
    gathering: Gathering, kind: tuple[ArtifactType, str], place: str, real: str
) -> None:
    """Read the Markdown that a link stands for, unless it is an artifact where it really is."""
    artifact_type, root = kind
    files = [(place, real)]
    if gathering.tree.is_folder(real):
        files = [(join_path(place, below), at) for below, at in markdown_below(gathering, place)]
    for file, at in files:
        is_known = (artifact_type.value, at) in gathering.drafts
        if file.endswith(".md") and not is_known:
            name = command_name(file, root)
            read_markdown(gathering, artifact_type, file, name, loose=True)


def _kind_of(folder: str) -> tuple[ArtifactType, str] | None:
    """Return what Markdown files in a folder are, and the root of their names."""
    parts = folder.split("/")
    for depth in range(len(parts), 0, -1):
        artifact_type = _MARKDOWN.get(parts[depth - 1])
        if artifact_type is not None:
            return artifact_type, "/".join(parts[:depth])
    return None


def _is_documentation(root: str) -> bool:
    """Return whether a folder of agents is one of documentation, tests or examples of such."""
    return not _DOCUMENTATION.isdisjoint(root.lower().split("/")[:-1])


def _tell_documentation(gathering: Gathering, root: str, path: str) -> None:
    names = [name for name in gathering.tree.folder(path).files if name.endswith(".md")]
    unread = [
        n for n in names if (ArtifactType.AGENT.value, join_path(path, n)) not in gathering.drafts
    ]
    if unread:
        gathering.say(root, Code.DOCUMENTATION, "documentation, not agents")


def _tell_odd_names(gathering: Gathering, path: str) -> None:
    for name in sorted(gathering.tree.folder(path).files):
        if name.lower() == SKILL_FILE.lower():
            gathering.say(join_path(path, name), Code.SKILL_FILE_NAME, f"named {name!a}")


def read_holdall_folders(gathering: Gathering) -> None:
    """Read rules, styles, hooks and servers as a Holdall collection keeps them: one file each."""
    # In an export of a plugin, all that it does not name is the plugin's own.
    is_export = any(found.path == "." and found.known.uuid for found in gathering.composites)
    if is_export or not _is_collection(gathering.tree):
        return
    for folder, artifact_type in _ONLY_HERE.items():
        for path in _files_below(gathering.tree, folder, ".md"):
            read_changed(gathering, artifact_type, path, command_name(path, folder))
    for path in _files_below(gathering.tree, "hooks", ".json"):
        read_hook_file(gathering, path, command_name(path, "hooks").removesuffix(".json"))
    for path in _files_below(gathering.tree, "mcp", ".json"):
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


def _files_below(tree: SourceTree, top: str, suffix: str) -> Iterator[str]:
    for path, folder in tree.below(top):
        yield from (join_path(path, n) for n in sorted(folder.files) if n.endswith(suffix))


def artifact_files(gathering: Gathering) -> Iterator[str]:
    """Yield the files that no reader claimed, for plugins to look at."""
    claimed = {gathering.file_of(draft) for draft in gathering.drafts.values()}
    for path, folder in gathering.tree.folders.items():
        if inside_skill(gathering.tree, path) or path.endswith(".claude-plugin"):
            continue
        for name in sorted(folder.files):
            if (file := join_path(path, name)) not in claimed:
                yield file
