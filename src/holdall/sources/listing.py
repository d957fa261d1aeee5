"""List a plugin's folders, through symbolic links that stay in the source."""

from __future__ import annotations

import os
from collections.abc import Iterator

from holdall.sources.checks.diagnostics import Code
from holdall.sources.draft import Gathering
from holdall.sources.layouts.markdown import SKILL_FILE
from holdall.sources.walk import join_path


def skill_folders(gathering: Gathering, shown_as: str, top: str) -> list[tuple[str, str]]:
    """Return the name and the real path of each direct child folder that holds a skill.

    `shown_as` is the path by which the plugin knows the folder whose real path is `top`.
    """
    tree = gathering.tree
    folder = tree.folder(top)
    found = []
    for name in sorted([*folder.folders, *folder.links]):
        path = join_path(top, name)
        real = follow_link(gathering, path) if name in folder.links else path
        if real is None or not tree.is_folder(real):
            continue
        if holds_skill(gathering, real):
            found.append((name, real))
        else:
            _tell_odd_skill_file(gathering, real, join_path(shown_as, name))
    return found


def holds_skill(gathering: Gathering, folder: str) -> bool:
    """Return whether a real folder is that of a skill; its SKILL.md may be a link.

    A link that leads nowhere, or out of the source, is reported.
    """
    if SKILL_FILE in gathering.tree.folder(folder).links:
        real = follow_link(gathering, join_path(folder, SKILL_FILE))
        return real is not None and gathering.tree.is_file(real)
    return gathering.tree.is_file(join_path(folder, SKILL_FILE))


def _tell_odd_skill_file(gathering: Gathering, real: str, shown_as: str) -> None:
    folder = gathering.tree.folder(real)
    for name in [*folder.files, *folder.links]:
        if name.lower() == SKILL_FILE.lower() and name != SKILL_FILE:
            gathering.say(
                join_path(shown_as, name),
                Code.SKILL_FILE_NAME,
                f"the skill's file is named {name!a}",
            )


def skills_below(gathering: Gathering, top: str) -> Iterator[tuple[str, str]]:
    """Yield the outermost skills at or below a folder: the path there and the real path of each."""
    for below, real, _ in _folders_below(gathering, top):
        if holds_skill(gathering, real):
            yield below, real


def markdown_below(gathering: Gathering, top: str) -> Iterator[tuple[str, str]]:
    """Yield each Markdown file below a folder: its path there, and its real path.

    What is in the folder of a skill is part of that.
    """
    for below, real, files in _folders_below(gathering, top):
        if not holds_skill(gathering, real):
            yield from ((join_path(below, name), target) for name, target in files)


def _folders_below(
    gathering: Gathering, top: str
) -> Iterator[tuple[str, str, list[tuple[str, str]]]]:
    """Yield `top` and the folders below it, through links, but none inside of a skill.

    Each with its path there, its real path, and its Markdown files: names and real paths.
    """
    tree = gathering.tree
    start = tree.resolve(top)
    waiting = [("", start)] if start is not None else []
    seen: set[str] = set()
    while waiting:
        below, real = waiting.pop(0)
        if real in seen:
            continue
        seen.add(real)
        folder = tree.folder(real)
        files = []
        is_skill = holds_skill(gathering, real)
        for name in sorted([*folder.files, *folder.folders, *folder.links]):
            path, is_link = join_path(real, name), name in folder.links
            if is_skill or (name in folder.files and not name.endswith(".md")):
                continue
            target = follow_link(gathering, path) if is_link else path
            if target is None or (is_link and is_circle(gathering, path, target)):
                continue
            if tree.is_folder(target):
                waiting.append((join_path(below, name), target))
            elif name.endswith(".md"):
                files.append((name, target))
        yield below, real, files


def is_circle(gathering: Gathering, path: str, real: str) -> bool:
    """Return whether a link leads to a folder around itself, with a diagnostic."""
    if gathering.tree.is_folder(real) and (not real or path.startswith(f"{real}/")):
        gathering.say(path, Code.LINK_BROKEN, "links in a circle")
        return True
    return False


def file_at(gathering: Gathering, path: str) -> str | None:
    """Return the real path of the file at `path`; a link that leads to none is reported."""
    head, _, name = path.rpartition("/")
    if name in gathering.tree.folder(head).links:
        follow_link(gathering, path)
    return gathering.tree.file(path)


def follow_link(gathering: Gathering, path: str) -> str | None:
    """Return the real path of a link; None, with a diagnostic, if it leaves the source."""
    real = gathering.tree.resolve(path)
    if real is None:
        there = os.path.exists(gathering.tree.location(path))
        code = Code.LINK_OUTSIDE if there else Code.LINK_BROKEN
        problem = "links to nothing"
        if there:
            problem = "links outside the source, or to what is not collected"
        gathering.say_missed(path, code, problem)
    return real
