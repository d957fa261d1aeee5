"""The same releases as a git repository, for programs that read nothing else.

    DIR/collection.git    bare; a branch for each channel, a commit for each sequence of it
    manifest.toml         in each commit: the collection as it is released, as plain files
    skills/pdf/SKILL.md

A commit is made from the release, the sequence and the commit before, and from nothing of this
machine: who publishes the same gets the same commits. A way back is a commit, too, so that a branch
only moves forward. `git fast-import` writes it: a reader sees the old commit or the new.
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from shutil import which
from typing import IO

from holdall.artifacts.hashing import FileDigest
from holdall.artifacts.ids import FileKind
from holdall.artifacts.paths import RelPath
from holdall.errors import ConflictError, StorageError, UsageError
from holdall.files import syscalls
from holdall.sources.fetch.git import Git, GitFailed, kill_on_error
from holdall.sources.fetch.published.form import MANIFEST, Channel, PublishedRelease

REPOSITORY = "collection.git"
_COLLECTION = "holdall.collection"
_SEQUENCE = "Holdall-Sequence: "
# Every byte counts: git must not change the ends of lines, whatever its settings say.
_ATTRIBUTES = b"* -text\n"

FileReader = Callable[[str], Iterator[bytes]]
Files = Iterable[tuple[RelPath, FileDigest]]


def check_can_commit(channel: str) -> None:
    """Raise UsageError for a channel that cannot be a branch, or where there is no git."""
    if which("git") is None:
        raise UsageError("--git needs the git command, which is not there", hint="install git")
    if ".." in channel or channel.endswith(".lock"):
        raise UsageError(
            f"the channel {channel!a} cannot be a branch of git", hint="choose another name"
        )


class PublishedRepository:
    """The repository beside what is published; whoever writes holds the folder's lock.

    Raises ConflictError for a repository of somebody else, StorageError where git fails.
    """

    def __init__(self, folder: Path, collection: str) -> None:
        self.path, self._collection = folder / REPOSITORY, collection
        # Git runs in another folder.
        self._git = Git(self.path.absolute(), str(self.path), may_fetch=False)

    def commit(
        self,
        channel: Channel,
        release: PublishedRelease,
        manifest: bytes,
        files: Files,
        read: FileReader,
    ) -> str:
        """Make a channel's branch have its release, unless it has it, and return the commit."""
        branch = f"refs/heads/{channel.channel}"
        self._open(channel.channel)
        tip = self._tip(branch)
        if tip is None or _SEQUENCE + str(channel.sequence) not in tip[1].splitlines():
            self._import(branch, tip is not None, channel, release, manifest, files, read)
            tip = self._tip(branch)
        self._run("update-server-info")  # for those that read plain files
        assert tip is not None
        return tip[0]

    def _open(self, first: str) -> None:
        """Make the repository, or see that it is this collection's; forget a killed writer."""
        known = self._run("config", "--get", _COLLECTION, may_fail=True) if self._exists() else ""
        if known != self._collection:
            if known or (self._exists() and self._run("for-each-ref", "--count=1")):
                raise ConflictError(
                    f"{self.path} is not a repository of this collection",
                    hint="move it away, or name another folder",
                )
            form = ("--bare", "--quiet", "--template=", "--object-format=sha1")
            self._run("init", *form, f"--initial-branch={first}")
            self._run("config", _COLLECTION, self._collection)
        for lock in (*self.path.glob("refs/heads/*.lock"), *self.path.glob("*.lock")):
            with contextlib.suppress(FileNotFoundError):
                folder = os.open(lock.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
                try:
                    syscalls.remove_file(lock.name, folder)
                finally:
                    os.close(folder)

    def _exists(self) -> bool:
        return (self.path / "HEAD").is_file()

    def _tip(self, branch: str) -> tuple[str, str] | None:
        """Return a branch's commit and what it says."""
        found = self._run("for-each-ref", "--format=%(objectname) %(contents)", branch)
        commit, _, message = found.partition(" ")
        return (commit, message) if commit else None

    def _run(self, *words: str, may_fail: bool = False) -> str:
        try:
            return self._git.run(*words).decode().strip()
        except GitFailed as error:
            if may_fail:
                return ""
            raise self._failure(str(error)) from None

    def _failure(self, complaint: str) -> StorageError:
        last = next(iter(complaint.strip().splitlines()[-1:]), "git failed")
        return StorageError(
            f"cannot write {self.path}: {last!a}",
            hint=f"what is published beside it is whole; move {self.path} away to begin it again",
        )

    def _import(
        self,
        branch: str,
        has_parent: bool,
        channel: Channel,
        release: PublishedRelease,
        manifest: bytes,
        files: Files,
        read: FileReader,
    ) -> None:
        words = ("fast-import", "--quiet", "--done", "--date-format=raw")
        with (
            self._git.start(words, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process,
            kill_on_error(process),
        ):
            assert process.stdin is not None
            with contextlib.suppress(BrokenPipeError):  # what git says of it comes at its end
                out = process.stdin
                out.write(_render_commit(branch, channel, release))
                if has_parent:
                    out.write(f"from {branch}^0\n".encode())
                out.write(b"deleteall\n")
                _put(out, ".gitattributes", "100644", [_ATTRIBUTES], len(_ATTRIBUTES))
                _put(out, MANIFEST, "100644", [manifest], len(manifest))
                for path, file in files:
                    mode = "100755" if file.executable else "100644"
                    mode = "120000" if file.kind is FileKind.LINK else mode
                    _put(out, path, mode, read(file.sha256), file.size)
                out.write(b"\ndone\n")
                out.flush()
            _, complaint = process.communicate()
        if process.returncode:
            raise self._failure(complaint.decode(errors="replace"))


def _render_commit(branch: str, channel: Channel, release: PublishedRelease) -> bytes:
    """Return the head of a commit; `_parse` of its last lines is how it is known again."""
    name = re.sub(r"[<>\s\x00-\x1f]+", " ", release.author or "").strip() or "holdall"
    who = f"{name} <> {int(datetime.fromisoformat(channel.at).timestamp())} +0000"
    title = re.sub(r"\s+", " ", release.name)
    text = (
        f"Release {release.number} of {title}\n\n"
        f"Holdall-Release: {channel.release}\n{_SEQUENCE}{channel.sequence}\n"
    ).encode()
    head = f"commit {branch}\nauthor {who}\ncommitter {who}\ndata {len(text)}\n"
    return head.encode() + text


def _put(out: IO[bytes], path: str, mode: str, chunks: Iterable[bytes], size: int) -> None:
    quoted = path.replace("\\", "\\\\").replace('"', '\\"')
    out.write(f'M {mode} inline "{quoted}"\ndata {size}\n'.encode())
    for chunk in chunks:
        out.write(chunk)
    out.write(b"\n")
