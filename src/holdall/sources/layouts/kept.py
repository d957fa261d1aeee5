"""Members of an export that the agent's form cannot hold as they are: kept beside their copies."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from holdall.artifacts.ids import ArtifactType
from holdall.artifacts.paths import RelPath
from holdall.errors import HostilePathError
from holdall.sources.draft import Draft, DraftMember, Gathering, Key
from holdall.sources.layouts.configs import read_hook_file, read_single_server
from holdall.sources.layouts.identity import KnownPlugin
from holdall.sources.layouts.markdown import read_changed, read_markdown, read_skill
from holdall.sources.walk import join_path


def is_copy(member: DraftMember, root: str, known: KnownPlugin) -> bool:
    """Return whether a member only stands for another one in the agent's form."""
    path = member.key[1]
    below = path.removeprefix(f"{root}/") if root else path
    if below in known.copies:
        return True
    # What stands inline is known by its name.
    place, sign, rest = below.partition("#")
    name = rest.rpartition(".mcp.")[2]
    return bool(sign) and any(
        copy.endswith(f"#{name}") and (copy.startswith(f"{place}#") or ".mcp." in rest)
        for copy in known.copies
    )


def read_kept(
    gathering: Gathering, root: str, known: KnownPlugin, there: Collection[Key]
) -> Iterator[Draft]:
    """Yield the members that an export names and that its form did not bring."""
    for (type_name, below), member in known.members.items():
        path = join_path(root, below)
        if (type_name, path) in there or not _is_there(gathering, below, path):
            continue
        draft = _read(gathering, type_name, path, member.id.name)
        if draft is not None:
            yield draft


def _is_there(gathering: Gathering, below: str, path: str) -> bool:
    try:
        RelPath.parse(below)
    except HostilePathError:
        return False
    return gathering.tree.is_file(path) or gathering.tree.is_folder(path)


def _read(gathering: Gathering, type_name: str, path: str, name: str) -> Draft | None:
    match type_name:
        case ArtifactType.SKILL:
            return read_skill(gathering, path)
        case ArtifactType.COMMAND | ArtifactType.AGENT:
            return read_markdown(gathering, ArtifactType(type_name), path, name)
        case ArtifactType.RULE | ArtifactType.OUTPUT_STYLE:
            return read_changed(gathering, ArtifactType(type_name), path, name)
        case ArtifactType.HOOK:
            return read_hook_file(gathering, path, name)
        case ArtifactType.MCP:
            return read_single_server(gathering, path, name)
        case _:
            return None
