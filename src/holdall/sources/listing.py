"""List a plugin's folders, through symbolic links that stay in the source."""

from __future__ import annotations

import os
from collections.abc import Iterator

from holdall.sources.checks.diagnostics import Code
from holdall.sources.draft import Gathering
from holdall.sources.layouts.markdown import SKILL_FILE
from holdall.sources.walk import joined


def skill_folders(gathering: Gathering, shown_as: str, top: str) -> list[tuple[str, str]]:
    """Return the name and the real path of each direct child folder that holds a skill.

    `shown_as` is the path by which the plugin knows the folder whose real path is `top`.
    """
    tree = gathering.tree
    folder = tree.folder(top)
    found = []
    for name in sorted([*folder.folders, *folder.links]):
        path = joined(top, name)
        real = followed(gathering, path) if name in folder.links else path
        if real is None or not tree.is_folder(real):
            continue
        if tree.is_file(joined(real, SKILL_FILE)):
            found.append((name, real))
        else:
            _tell_odd_skill_file(gathering, real, joined(shown_as, name))
    return found


def _tell_odd_skill_file(gathering: Gathering, real: str, shown_as: str) -> None:
    folder = gathering.tree.folder(real)
    for name in [*folder.files, *folder.links]:
        if name.lower() == SKILL_FILE.lower():
            message = "a link" if name == SKILL_FILE else f"named {name!a}"
            gathering.say(
                joined(shown_as, name), Code.SKILL_FILE_NAME, f"the skill's file is {message}"
            )


def markdown_below(gathering: Gathering, top: str) -> Iterator[tuple[str, str]]:
    """Yield each Markdown file below a folder: its path there, and its real path."""
    tree = gathering.tree
    start = tree.resolved(top)
    waiting = [("", start)] if start is not None else []
    seen: set[str] = set()
    while waiting:
        below, real = waiting.pop(0)
        if real in seen:
            continue
        seen.add(real)
        folder = tree.folder(real)
        for name in sorted([*folder.files, *folder.folders, *folder.links]):
            path, is_link = joined(real, name), name in folder.links
            if not is_link and name in folder.files and not name.endswith(".md"):
                continue
            target = followed(gathering, path) if is_link else path
            if target is None:
                continue
            if tree.is_folder(target):
                waiting.append((joined(below, name), target))
            elif name.endswith(".md"):
                yield joined(below, name), target


def followed(gathering: Gathering, path: str) -> str | None:
    """Return the real path of a link; None, with a diagnostic, if it leaves the source."""
    real = gathering.tree.resolved(path)
    if real is None:
        there = os.path.exists(gathering.tree.location(path))
        code = Code.LINK_OUTSIDE if there else Code.LINK_BROKEN
        gathering.say(path, code, "links outside the source" if there else "links to nothing")
    return real
