"""A collection and a project, and looking at both."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from databases import migrated_sqlite
from documents import check_document
from holdall import testing
from holdall.testing import in_this_process

Command = Callable[..., subprocess.CompletedProcess[str]]

__all__ = [
    "REPOSITORY",
    "SAMPLE",
    "Command",
    "Kit",
    "copy_kit",
    "in_this_process",
    "known",
    "new_kit",
    "snapshot",
    "tree",
    "write",
]

REPOSITORY = Path(__file__).parents[2]
SAMPLE = REPOSITORY / "examples" / "sample"


class Kit(testing.Kit):
    """A kit on a database of the test's, with its identities and records."""

    def json(self, *words: str | Path, status: int | None = 0) -> Any:
        """Run a command with `--json`; its document is what its schema says."""
        printed = super().json(*words, status=status)
        check_document([str(word) for word in words], printed)
        return printed

    def uuids(self) -> dict[str, str]:
        """Return the manifest's UUIDs by id."""
        manifest = tomllib.loads((self.collection / "manifest.toml").read_text())
        found = {f"{a['type']}:{a['name']}": a["uuid"] for a in manifest["artifacts"]}
        found |= {f"composite:{c['name']}": c["uuid"] for c in manifest.get("composites", [])}
        return found

    def record(self) -> dict[str, dict[str, Any]]:
        """Return the deployed record's entries by id."""
        text = (self.project / ".claude" / ".skillmeat-deployed.toml").read_text()
        entries = tomllib.loads(text)["deployed"]
        return {f"{e['artifact_type']}:{e['artifact_name']}": e for e in entries}


def new_kit(folder: Path) -> Kit:
    """Return an empty collection with a database of its own."""
    folder.mkdir()
    (folder / "holdall.db").write_bytes(migrated_sqlite())
    kit = Kit(in_this_process, folder, f"sqlite:///{folder}/holdall.db")
    kit.run("init", kit.collection)
    return kit


def copy_kit(kit: Kit, folder: Path) -> Kit:
    """Return a copy of a collection's folder with the same database, as on another machine."""
    folder.mkdir()
    made = Kit(in_this_process, folder, kit.database_url)
    shutil.copytree(kit.collection, made.collection)
    return made


def known(kit: Kit) -> dict[str, Any]:
    """Return what a manifest says beyond where things came from, by UUID."""
    manifest = tomllib.loads((kit.collection / "manifest.toml").read_text())
    found: dict[str, Any] = {
        a["uuid"]: (a["type"], a["name"], a["content_hash"]) for a in manifest.get("artifacts", [])
    }
    for composite in manifest.get("composites", []):
        members = [
            (m["id"], m["uuid"], m["relationship"], m.get("pin"))
            for m in composite.get("members", [])
        ]
        said = {key: composite.get(key) for key in ("name", "description", "files", "metadata")}
        found[composite["uuid"]] = (said, members)
    return found


def write(path: Path, text: str) -> None:
    """Write a file with its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())


def tree(folder: Path) -> dict[str, tuple[bytes, bool]]:
    """Return the files below a folder: bytes and executable bit, by path.

    Without the release that a manifest was written from: each change is another one.
    """
    release = re.compile(rb'^(release = \d+|base = "[0-9a-f]{64}")\n', re.MULTILINE)
    return {
        str(path.relative_to(folder)): (
            release.sub(b"", path.read_bytes())
            if path.name == "manifest.toml"
            else path.read_bytes(),
            bool(path.stat().st_mode & 0o100),
        )
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".holdall" not in path.parts
    }


def snapshot(folder: Path) -> dict[str, tuple[int, int]]:
    """Return inode and modification time of everything below a folder but Holdall's own state."""
    return {
        str(path): (path.lstat().st_ino, path.lstat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if ".holdall" not in path.parts
    }
