"""Machines with a home of their own each, and sources that git reaches without a network."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from git_repositories import bare_clone, commit, git, make_repository
from holdall.testing import in_this_process, make_skill

__all__ = ["Machine", "Upstream"]


class Upstream:
    """A repository `acme/kit`, which git finds as GitHub's."""

    def __init__(self, folder: Path) -> None:
        self.work = make_repository(folder / "work")
        self.bare = folder / "hub" / "acme" / "kit.git"
        for name in ("pdf", "notes"):
            make_skill(self.work, name, f"{name} one")
        self.first = commit(self.work)
        git(self.work, "tag", "v1.0.0")
        self.bare.parent.mkdir(parents=True)
        bare_clone(self.work, self.bare)
        self.settings = folder / "gitconfig"
        hub = folder / "hub"
        self.settings.write_text(
            f'[url "file://{hub}/"]\n\tinsteadOf = https://github.com/\n'
            f"\tinsteadOf = git@github.com:\n"
        )

    def release(self, tag: str | None = None) -> str:
        """Commit what is in the work tree, tag it, and publish both; return the commit."""
        new = commit(self.work)
        if tag is not None:
            git(self.work, "tag", "--force", tag)
        git(self.work, "push", "--quiet", "--force", str(self.bare), "main")
        git(self.work, "push", "--quiet", "--force", "--tags", str(self.bare))
        return new


class Machine:
    """A user's home folder, and the command as it works there, in a project."""

    def __init__(self, folder: Path, settings: Path, patch: pytest.MonkeyPatch) -> None:
        self.home, self.project = folder / "home", folder / "project"
        self.home.mkdir(parents=True)
        self.settings, self._patch = settings, patch

    @contextmanager
    def at_work(self, folder: Path | None = None) -> Iterator[None]:
        """Be on this machine, in its project or another folder."""
        with self._patch.context() as patch:
            for name in ("HOLDALL_COLLECTION", "HOLDALL_DATABASE_URL"):
                patch.delenv(name, raising=False)
            patch.setenv("HOME", str(self.home))
            for kind in ("STATE", "CACHE", "DATA", "CONFIG"):
                patch.setenv(f"XDG_{kind}_HOME", str(self.home / kind.lower()))
            patch.setenv("GIT_CONFIG_GLOBAL", str(self.settings))
            place = self.project if folder is None else folder
            if place.is_dir():
                patch.chdir(place)
            yield

    def command(self, *words: str | Path, folder: Path | None = None) -> CompletedProcess[str]:
        """Run a command; return its status and what it printed."""
        with self.at_work(folder):
            return in_this_process(*words)

    def run(self, *words: str | Path, status: int = 0, folder: Path | None = None) -> str:
        """Run a command that ends with this status; return all that it printed."""
        done = self.command(*words, folder=folder)
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr

    def json(self, *words: str | Path, status: int = 0) -> Any:
        """Run a command with `--json`; return what it printed."""
        done = self.command(*words, "--json")
        assert done.returncode == status, done.stdout + done.stderr
        return json.loads(done.stdout)

    @property
    def collection(self) -> Path:
        """The machine's default collection."""
        return self.home / "data" / "holdall" / "collection"

    def lock(self) -> dict[str, Any]:
        """Return the locked artifacts by id, and the sources under ''."""
        lock = tomllib.loads((self.project / "holdall.lock").read_text())
        return {"": lock["source"], **{one["id"]: one for one in lock["artifact"]}}

    def uuids(self) -> dict[str, str]:
        """Return the UUIDs in the deployed record by id."""
        path = self.project / ".claude/.skillmeat-deployed.toml"
        if not path.exists():
            return {}
        entries = tomllib.loads(path.read_text())["deployed"]
        return {f"{e['artifact_type']}:{e['artifact_name']}": e["artifact_uuid"] for e in entries}

    def files(self) -> dict[str, tuple[bytes, bool]]:
        """Return the project's deployed and own files: bytes and executable bit, by path."""
        return {
            str(path.relative_to(self.project)): (path.read_bytes(), os.access(path, os.X_OK))
            for path in sorted(self.project.rglob("*"))
            if path.is_file()
            and not {".git", ".holdall"} & set(path.relative_to(self.project).parts)
            and path.name != ".skillmeat-deployed.toml"
        }
