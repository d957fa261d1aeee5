"""Artifacts, projects and plugins for a test, complete but for what it is about."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from holdall.plugins import hookimpl


def write(path: Path, content: str | bytes, *, executable: bool = False) -> Path:
    """Write a file and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    path.chmod(0o755 if executable else 0o644)
    return path


def make_skill(root: Path, name: str, text: str = "do it", **files: str) -> Path:
    """Write a skill into a collection's or source's folder and return the skill's."""
    folder = root / "skills" / name
    write(folder / "SKILL.md", f"---\nname: {name}\ndescription: {text}\n---\n{text}\n")
    for file, content in files.items():
        write(folder / file, content)
    return folder


def make_command(root: Path, name: str, text: str = "run it") -> Path:
    """Write a command into a collection's or source's folder and return its file."""
    return write(root / "commands" / f"{name}.md", f"---\ndescription: {text}\n---\n{text}\n")


def make_project(root: Path) -> Path:
    """Make a project with some files of its own, among them in Claude Code's folder."""
    write(root / "src" / "main.py", "print('hello')\n", executable=True)
    write(root / ".claude" / "settings.json", "{}\n")
    write(root / ".claude" / "skills" / "mine" / "SKILL.md", "my own\n")
    return root


class _Plugin(SimpleNamespace):
    """Known by its identity: pluggy keeps plugins in sets."""

    def __hash__(self) -> int:  # type: ignore[override]
        return id(self)


def make_plugin(**hooks: Callable[..., Any]) -> SimpleNamespace:
    """Return a plugin with these hooks; names are given without `holdall_`."""
    return _Plugin(**{f"holdall_{name}": hookimpl(hook) for name, hook in hooks.items()})
