"""Links that stand for an agent's folder, as `.claude` in a home kept as dotfiles: when to follow.

    .claude -> dotfiles/claude        followed: it leads to a folder of yours inside of the project
    .claude -> ~/shared/claude        followed: inside of your home folder
    .claude -> ~/.claude              refused: what is hidden there is for other projects
    .claude -> /srv/claude            refused: outside of both
    .claude -> folder of somebody     refused
    .claude/skills -> anything        refused

Other links are not followed: they may have come with the project.
"""

from __future__ import annotations

import os
from pathlib import Path

from holdall.artifacts.paths import RelPath
from holdall.artifacts.protected import PROTECTED, is_repository
from holdall.errors import HostilePathError
from holdall.files.user_state import home_folder

_SHARED = (".config", ".codeium")
"""Folders in which agents have one of their own."""

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def open_linked_folder(root: Path, path: RelPath) -> int:
    """Open the folder that the link at `path` leads to; raises HostilePathError if it must not be.

    A link that leads into nothing, and a file, are refused, too.
    """
    place = root / path
    if not place.is_symlink():
        raise HostilePathError(
            f"{place} is a symlink or not a folder",
            hint="put a folder in its place, or choose another target",
        )
    parts = path.split("/")
    target, reason = os.path.realpath(place), "Holdall does not go through such links"
    depth = 2 if parts[0] in _SHARED else 1
    if parts[0].startswith(".") and len(parts) <= depth and not _is_reserved(parts):
        reason = _reason_against(os.path.realpath(root), target)
        if not reason:
            folder = _open_own(target)
            if folder is not None:
                return folder
            reason = "it leads to no folder of yours"
    raise HostilePathError(
        f"{place} is a symlink or not a folder: it is a link to {target}, and {reason}",
        hint="put a folder in its place, choose another target, or deploy to where it leads",
    )


def _reason_against(root: str, target: str) -> str:
    """Return why a link in a project must not lead to a place; "" if it may."""
    inside = _parts_below(root, target)
    if inside is not None:
        return (
            "it leads to the project itself, or to what no artifact may write to"
            if _is_reserved(inside)
            else ""
        )
    home = home_folder()
    below = None if home is None else _parts_below(os.path.realpath(home), target)
    if below is None:
        return "it leads out of the project and of your home folder"
    if not below or any(part.startswith(".") for part in below):
        return "what is hidden in your home folder is for other projects"
    return ""


def _is_reserved(parts: list[str]) -> bool:
    """Return whether a folder is the project, is protected, or has something protected in it."""
    path = RelPath("/".join(parts).lower())
    inside = any(protected.startswith(f"{path}/") for protected in PROTECTED)
    first = {parts[0].lower(), "/".join(parts[:2]).lower()} if parts else PROTECTED
    return inside or not first.isdisjoint(PROTECTED) or is_repository(path)


def _parts_below(folder: str, place: str) -> list[str] | None:
    if place == folder:
        return []
    above = folder.rstrip("/") + "/"
    return place[len(above) :].split("/") if place.startswith(above) else None


def _open_own(place: str) -> int | None:
    """Open a folder that belongs to this user; None for anything else."""
    try:
        folder = os.open(place, _FOLDER)
    except OSError:
        return None
    if os.fstat(folder).st_uid == os.geteuid():
        return folder
    os.close(folder)
    return None
