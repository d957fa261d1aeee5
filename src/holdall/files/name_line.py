"""The line `name: ...` in the head of a skill or an agent, which says how agents know it.

    ---
    name: plain-prose       # this line, and no other byte
    description: ...
    ---

Of two artifacts that differ in this line only, one is a renamed other.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from holdall.artifacts.hashing import FileDigest, tree_hash
from holdall.artifacts.ids import ArtifactId, ArtifactType, FileKind
from holdall.artifacts.paths import RelPath
from holdall.errors import HoldallError
from holdall.files.tree import Tree
from holdall.formats.documents import read_bounded
from holdall.formats.frontmatter import Frontmatter, read_frontmatter

HEADS: Mapping[str, RelPath] = MappingProxyType(
    {
        ArtifactType.SKILL.value: RelPath.parse("SKILL.md"),
        ArtifactType.AGENT.value: RelPath.parse("agent.md"),
    }
)
"""The file in which an agent looks for the name, by type."""

MAX_HEAD_BYTES = 8 << 20

_HEAD = re.compile(r"(?s)\ufeff?---[ \t]*(\r\n|\n).*?\1---[ \t]*(?=\r\n|\n|$)")
_LINE = re.compile(
    r"(?m)^(name[ \t]*:[ \t]+)"
    r"(\"[^\"\\\r\n]*\"|'[^'\r\n]*'|[^\s\"'#&*!|>%@`\[\]{},][^\r\n#]*?)"
    r"(?=[ \t]*\r?$|[ \t]+#)"
)
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9._-]*")


def with_name(data: bytes, name: str) -> bytes | None:
    """Return a file's bytes with `name` in its head; None if there is no such line to change.

    Nothing but the value in that one line differs.
    """
    quoted = json.dumps(name, ensure_ascii=False)
    return _with_value(data, name, (name, quoted) if _PLAIN.fullmatch(name) else (quoted,))


def _with_value(data: bytes, name: str, spellings: Iterable[str]) -> bytes | None:
    """Return the bytes with the first spelling that YAML reads as `name`."""
    text = data.decode("utf-8", "surrogateescape")
    line = _value_line(text)
    if line is None:
        return None
    for written in spellings:
        changed = text[: line.start(2)] + written + text[line.end(2) :]
        before, after = _front(text), read_frontmatter(changed)
        same = {**before.values, "name": name} == after.values and before.problem == after.problem
        if same and before.text("name") is not None:
            return changed.encode("utf-8", "surrogateescape")
    return None


@lru_cache(maxsize=1)  # asked for its name first, then for another one; YAML is slow
def _front(text: str) -> Frontmatter:
    return read_frontmatter(text)


def _value_line(text: str) -> re.Match[str] | None:
    """Return the only line of the head that says a name, None if that is not one plain line."""
    head = _HEAD.match(text)
    lines = list(_LINE.finditer(head[0])) if head else []
    return lines[0] if len(lines) == 1 else None


def read_head(
    artifact_id: ArtifactId, tree: Tree, location: Path | bytes
) -> tuple[FileDigest, bytes] | None:
    """Return the file of an artifact that has such a head, and its bytes; None if it has none.

    `location` is the file or folder of the artifact, or its bytes. None, too, where the file is not
    as the tree has it.
    """
    head = HEADS.get(artifact_id.type)
    digest = next((file for file in tree.files if file.path == head), None)
    if head is None or digest is None or digest.kind is not FileKind.FILE:
        return None
    if digest.size > MAX_HEAD_BYTES:
        return None
    source = tree.made.get(head, location)
    if isinstance(source, Path):
        is_file = artifact_id.type == ArtifactType.AGENT
        path = tree.elsewhere.get(head, source if is_file else source / head)
        try:
            source = read_bounded(path, MAX_HEAD_BYTES)
        except HoldallError:
            return None
    return (digest, source) if hashlib.sha256(source).hexdigest() == digest.sha256 else None


def name_in(data: bytes) -> str | None:
    """Return the name that the head of a file says."""
    return _front(data.decode("utf-8", "surrogateescape")).text("name")


def said_name(artifact_id: ArtifactId) -> str:
    """Return how a head says the name of an id."""
    return artifact_id.name.replace(":", "-")


def rename_tree(artifact_id: ArtifactId, tree: Tree, location: Path | bytes) -> Tree | None:
    """Return an artifact's files with the name of an id in its head; None if nothing changes.

    The tree holds the bytes that differ.
    """
    found = read_head(artifact_id, tree, location)
    if found is None:
        return None
    return with_file(artifact_id, tree, found[0], with_name(found[1], said_name(artifact_id)))


def take_name(
    artifact_id: ArtifactId, edit: tuple[Tree, Path], origin: tuple[Tree, Path]
) -> Tree | None:
    """Return edited files with the name in the head as their origin says it, to the byte.

    None if nothing changes.
    """
    found, known = read_head(artifact_id, *edit), read_head(artifact_id, *origin)
    if found is None or known is None:
        return None
    line = _value_line(known[1].decode("utf-8", "surrogateescape"))
    name = name_in(known[1])
    if line is None or name is None:
        return None
    return with_file(artifact_id, edit[0], found[0], _with_value(found[1], name, (line[2],)))


def with_file(
    artifact_id: ArtifactId, tree: Tree, digest: FileDigest, changed: bytes | None
) -> Tree | None:
    """Return an artifact's files with other bytes for one of them; None if nothing changes."""
    sha256 = None if changed is None else hashlib.sha256(changed).hexdigest()
    if changed is None or sha256 is None or sha256 == digest.sha256:
        return None
    new = digest._replace(sha256=sha256, size=len(changed))
    files = tuple(new if file is digest else file for file in tree.files)
    return replace(
        tree,
        files=files,
        content_hash=tree_hash(files),
        skillmeat_hash="" if artifact_id.type == ArtifactType.SKILL else sha256,
        made={digest.path: changed},
    )


def is_renamed(
    artifact_id: ArtifactId, tree: Tree, location: Path | bytes, contents: Container[str | None]
) -> bool:
    """Return whether files have one of these content hashes once their head has this name."""
    renamed = rename_tree(artifact_id, tree, location)
    return renamed is not None and renamed.content_hash in contents
