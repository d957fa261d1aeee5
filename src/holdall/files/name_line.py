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
from collections.abc import Container, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from holdall.artifacts.hashing import tree_hash
from holdall.artifacts.ids import ArtifactId, ArtifactType, FileKind
from holdall.artifacts.paths import RelPath
from holdall.errors import HoldallError
from holdall.files.tree import Tree
from holdall.formats.documents import read_bounded
from holdall.formats.frontmatter import read_frontmatter

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
    text = data.decode("utf-8", "surrogateescape")
    head = _HEAD.match(text)
    lines = list(_LINE.finditer(head[0])) if head else []
    if head is None or len(lines) != 1:
        return None
    value = name if _PLAIN.fullmatch(name) else json.dumps(name, ensure_ascii=False)
    for written in (value, json.dumps(name, ensure_ascii=False)):
        changed = text[: lines[0].start(2)] + written + text[lines[0].end(2) :]
        before, after = read_frontmatter(text), read_frontmatter(changed)
        same = {**before.values, "name": name} == after.values and before.problem == after.problem
        if same and before.text("name") is not None:
            return changed.encode("utf-8", "surrogateescape")
    return None


def rename_tree(artifact_id: ArtifactId, tree: Tree, location: Path | bytes) -> Tree | None:
    """Return an artifact's files with the name of an id in its head; None if nothing changes.

    `location` is the file or folder of the artifact, or its bytes. The tree holds the bytes that
    differ;
    """
    head = HEADS.get(artifact_id.type)
    digest = next((file for file in tree.files if file.path == head), None)
    if head is None or digest is None or digest.kind is not FileKind.FILE:
        return None
    if digest.size > MAX_HEAD_BYTES:
        return None
    source = tree.made.get(head, location)
    is_file = artifact_id.type == ArtifactType.AGENT
    if isinstance(source, Path):
        path = tree.elsewhere.get(head, source if is_file else source / head)
        try:
            source = read_bounded(path, MAX_HEAD_BYTES)
        except HoldallError:
            return None
    changed = with_name(source, artifact_id.name.replace(":", "-"))
    if changed is None or changed == source or hashlib.sha256(source).hexdigest() != digest.sha256:
        return None
    new = digest._replace(sha256=hashlib.sha256(changed).hexdigest(), size=len(changed))
    files = tuple(new if file is digest else file for file in tree.files)
    return replace(
        tree,
        files=files,
        content_hash=tree_hash(files),
        skillmeat_hash=new.sha256 if is_file else "",
        made={head: changed},
    )


def is_renamed(
    artifact_id: ArtifactId, tree: Tree, location: Path | bytes, contents: Container[str | None]
) -> bool:
    """Return whether files have one of these content hashes once their head has this name."""
    renamed = rename_tree(artifact_id, tree, location)
    return renamed is not None and renamed.content_hash in contents
