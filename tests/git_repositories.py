"""Git repositories made for a test, free of the caller's settings."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

__all__ = ["bare_clone", "commit", "git", "make_repository"]


def git(folder: Path, *words: str, stdin: bytes | None = None) -> str:
    """Run git in a folder and return what it printed."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "GIT_CONFIG_NOSYSTEM": "1",
        **{f"GIT_{who}_NAME": "A" for who in ("AUTHOR", "COMMITTER")},
        **{f"GIT_{who}_EMAIL": "a@example.org" for who in ("AUTHOR", "COMMITTER")},
    }
    done = subprocess.run(
        ["git", *words], cwd=folder, env=environment, input=stdin, capture_output=True, check=True
    )
    return done.stdout.decode().strip()


def make_repository(folder: Path) -> Path:
    """Make an empty repository with a work tree."""
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "--quiet", "--initial-branch=main")
    return folder


def commit(folder: Path, message: str = "change") -> str:
    """Commit all that lies in a work tree and return the commit."""
    git(folder, "add", "--all", "--force")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", message)
    return git(folder, "rev-parse", "HEAD")


def bare_clone(folder: Path, to: Path) -> Path:
    """Clone a repository without a work tree."""
    git(folder, "clone", "--quiet", "--mirror", str(folder), str(to))
    return to


def merge_file(folder: Path, base: bytes, ours: bytes, theirs: bytes) -> bytes | None:
    """Return what `git merge-file` makes of three texts; None for conflicts."""
    for name, text in zip("bot", (base, ours, theirs), strict=True):
        (folder / name).write_bytes(text)
    command = ["git", "merge-file", "--quiet", "-p", "o", "b", "t"]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    return done.stdout if done.returncode == 0 else None
