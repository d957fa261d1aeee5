"""The merge driver of `manifest.toml` in the git of a collection.

.gitattributes    manifest.toml merge=holdall
git config        merge.holdall.driver "holdall git-merge %O %A %B %P"
"""

from __future__ import annotations

import subprocess
from pathlib import Path

from holdall.cli.context import Context
from holdall.errors import ConflictError

_ATTRIBUTE = "manifest.toml merge=holdall"
_SETTINGS = (
    ("merge.holdall.name", "Holdall's manifest, entry by entry"),
    ("merge.holdall.driver", "holdall git-merge %O %A %B %P"),
)


def is_in_git(folder: Path) -> bool:
    """Return whether a folder, which need not be there yet, is in a work tree of git."""
    places = (folder.absolute(), *folder.absolute().parents)
    return any((place / ".git").exists() for place in places)


def install_driver(context: Context, root: Path, *, dry_run: bool) -> bool:
    """Set the driver in the git of a collection, and print how.

    Returns whether the attributes there name it; else it is printed what to add. Raises
    ConflictError where git refuses.
    """
    for key, value in _SETTINGS:
        context.out.line(f"git config {key} {value!r}")
        if not dry_run:
            _run_git(root, "config", "--local", key, value)
    attributes = root / ".gitattributes"
    is_named = attributes.exists() and _ATTRIBUTE in attributes.read_text().splitlines()
    if not is_named:
        context.out.note(f"add the line `{_ATTRIBUTE}` to {attributes}")
    return is_named


def _run_git(root: Path, *words: str) -> None:
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *words], capture_output=True, text=True, check=False
        )
    except FileNotFoundError as error:
        raise ConflictError("git is not installed", hint="install git") from error
    if done.returncode:
        raise ConflictError(
            f"git refuses: {done.stderr.strip()}", hint=f"is {root} in a repository of git?"
        )
