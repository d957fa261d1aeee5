"""Write one commit of a git repository as plain files.

The files are written from git's objects by our own code: no checkout, so no filters, no attributes,
no hooks and no submodules, and every byte as it was committed.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO

from holdall import NamedTuple
from holdall.artifacts.limits import Caps, Meter
from holdall.errors import HostilePathError, NotFoundError, StorageError
from holdall.sources.fetch.address import GitAddress, without_password
from holdall.sources.fetch.git import Git, GitFailed, kill_on_error, size_of
from holdall.sources.fetch.parts import folders_of, is_needed
from holdall.sources.fetch.ranges import is_range
from holdall.sources.fetch.refs import read_refs, tag_of
from holdall.sources.fetch.unpacking import Budget, Unpacker
from holdall.sources.values import GitState, Part, Tagged

_ABBREVIATED = re.compile(r"[0-9a-f]{4,64}")
_BRANCHES_AND_TAGS = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
_LINK, _EXECUTABLE, _SUBMODULE = "120000", "100755", "160000"
_MAX_BROKEN = 100
_FILES = ("100644", "100664", _EXECUTABLE)
_CHUNK = 1 << 20
_LARGE = 4 << 20
"""Bytes from which on it is said that all was fetched for a part."""


class LaidOut(NamedTuple):
    """A commit whose files were written, and the tag that a range of versions stands for.

    `state` says which files are missing because the repository lacks their content, or because
    another repository has them; `part` whether these are all, and whether all was fetched.
    """

    commit: str
    state: GitState
    tag: Tagged | None = None
    part: Part = Part.ALL


def lay_out(
    address: GitAddress, folder: Path, scratch: Path, caps: Caps, skills: Sequence[str] = ()
) -> LaidOut:
    """Write the wanted commit's files into `folder`, which is new; of some skills only theirs.

    A remote repository is fetched into `scratch`, no deeper than needed. Raises NotFoundError for
    an unknown repository, revision or subfolder, StorageError for what cannot be reached, or where
    no file's content is there, RefusedError for what is more than `caps` allow.
    """
    tag = None
    if is_range(address.revision):
        tag = tag_of(address, read_refs(address, scratch.with_name("refs")))
        address = replace(address, revision=f"refs/tags/{tag.tag}")
    if address.git_dir is not None:
        git = Git(address.git_dir, address.name, may_fetch=False)
        commit = _resolve(git, address, address.revision or "HEAD")
    else:
        git = Git(scratch, address.name, may_fetch=True)
        commit = _fetch_commit(git, address, caps, in_parts=bool(skills))
        git = Git(scratch, address.name, may_fetch=False)
    listed = list(_list_files(git, address, commit))
    blobs = [blob for blob in listed if blob.mode != _SUBMODULE]
    chosen = _choose(blobs, skills)
    part = Part.ALL if chosen is None else Part.SOME
    if skills and address.git_dir is None:
        if _is_in(git, blobs):
            is_large = chosen is not None and size_of(scratch) > _LARGE
            part = Part.SOME_OF_ALL if is_large else part
        else:
            wanted = blobs if chosen is None else chosen
            _fetch_blobs(Git(scratch, address.name, may_fetch=True), address.url, caps, wanted)
    blobs = blobs if chosen is None else chosen
    lacking = _Writer(git, commit, folder, caps).write(blobs)
    if blobs and len(lacking) == len(blobs):
        raise _incomplete(address.name, blobs[0])
    submodules = frozenset(blob.path for blob in listed if blob.mode == _SUBMODULE)
    return LaidOut(commit, GitState(lacking=frozenset(lacking), submodules=submodules), tag, part)


def _choose(blobs: Sequence[_Blob], skills: Sequence[str]) -> list[_Blob] | None:
    """Return the files that some skills need; None for all."""
    links = [blob.path for blob in blobs if blob.mode == _LINK]
    folders = folders_of({blob.path: blob.sha for blob in blobs}, links, skills)
    if folders is None:
        return None
    return [blob for blob in blobs if is_needed(blob.path, folders)]


def _is_in(git: Git, blobs: Sequence[_Blob]) -> bool:
    """Return whether a server sent all content, although only the tree was asked for."""
    try:
        return all(git.run("cat-file", "-e", blob.sha) == b"" for blob in blobs[:1])
    except GitFailed:
        return False


def _fetch_blobs(git: Git, url: str, caps: Caps, blobs: Iterable[_Blob]) -> None:
    """Fetch the content of files, by their hashes."""
    names = git.git_dir.with_name(f"{git.git_dir.name}.wanted")
    names.write_text("".join(f"{sha}\n" for sha in dict.fromkeys(blob.sha for blob in blobs)))
    options = ("--no-write-fetch-head", "--filter=blob:none", "--stdin")
    try:
        with names.open("rb") as wanted:
            _fetch(git, url, caps, (), *options, stdin=wanted.fileno())
    except GitFailed as failure:
        raise git.unreachable(str(failure)) from None


def _unknown_revision(address: GitAddress) -> NotFoundError:
    if address.revision is None:
        return NotFoundError(
            f"{address.name}: the repository has no commits",
            hint="name a branch, tag or commit with SOURCE@NAME",
        )
    return NotFoundError(
        f"{address.name}: no branch, tag or commit {address.revision!a}",
        hint="`git ls-remote` with the same address lists branches and tags",
    )


def _resolve(git: Git, address: GitAddress, revision: str) -> str:
    wanted = f"{revision}^{{commit}}"
    try:
        found = git.run("rev-parse", "--verify", "--quiet", "--end-of-options", wanted)
    except GitFailed:
        raise _unknown_revision(address) from None
    return found.decode().strip()


def _fetch_commit(git: Git, address: GitAddress, caps: Caps, *, in_parts: bool) -> str:
    """Fetch the wanted commit alone or, where the server has no name for it, all there is.

    In parts: its tree alone, where the server does that.
    """
    git.run("init", "--quiet", "--bare", "--template=")
    revision = address.revision or "HEAD"
    try:
        parts = ("--filter=blob:none",) if in_parts else ()
        _fetch(git, address.url, caps, [revision], "--depth=1", *parts)
        return _resolve(git, address, "FETCH_HEAD")
    except GitFailed as failure:
        complaint = str(failure)
        is_named = not _ABBREVIATED.fullmatch(revision)
    if "couldn't find remote ref" in complaint and is_named:
        raise _unknown_revision(address)
    if is_named or not ("remote ref" in complaint or _is_refusal(complaint)):
        raise git.unreachable(complaint)
    try:
        _fetch(git, address.url, caps, _BRANCHES_AND_TAGS)
    except GitFailed as failure:
        raise git.unreachable(str(failure)) from None
    return _resolve(git, address, revision)


def _is_refusal(complaint: str) -> bool:
    """Return whether a server would not give, or does not have, a commit asked for by its hash."""
    return "not our ref" in complaint or "unadvertised object" in complaint


def _fetch(
    git: Git,
    url: str,
    caps: Caps,
    wanted: Iterable[str],
    *options: str,
    stdin: int = subprocess.DEVNULL,
) -> None:
    def watch(size: int) -> None:
        Meter(caps, git.label).spend_of_source(size)

    place, login = without_password(url)
    if login is not None:
        # Everybody on this machine may see the words of a command.
        git.log_in_with(login)
        url = place
    git.run(
        *("fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--no-auto-gc"),
        *options,
        *("--", url, *wanted),
        watch=watch,
        stdin=stdin,
    )


class _Blob(NamedTuple):
    """A file of a commit, or a submodule."""

    mode: str
    sha: str
    path: str


def _list_files(git: Git, address: GitAddress, commit: str) -> Iterator[_Blob]:
    place = f"{commit}:{address.subfolder or ''}"
    try:
        listing = git.run("ls-tree", "-r", "-z", "--full-tree", place)
    except GitFailed:
        raise NotFoundError(
            f"{address.name}: no such folder in the commit {commit[:12]}",
            hint="write the folder after # as it is spelled in the repository",
        ) from None
    for line in listing.split(b"\0")[:-1]:
        described, _, name = line.partition(b"\t")
        mode, _, sha = described.decode("ascii").split(" ")
        if mode in (_LINK, _SUBMODULE) or mode in _FILES:
            yield _Blob(mode, sha, _check_path(os.fsdecode(name), address.name))


def _check_path(path: str, label: str) -> str:
    """Refuse a path that could lead out of the folder; the reader reports what else is odd."""
    for component in path.split("/"):
        if component in ("", ".", "..") or component.lower() == ".git" or "\0" in component:
            raise HostilePathError(
                f"{label}: unsafe path {path!a} in the repository",
                hint="no git client makes such a path; do not trust this repository",
            )
    return path


class _Absent(Exception):
    """The repository lacks an object; with `is_end`, git stopped because of that."""

    def __init__(self, *, is_end: bool) -> None:
        super().__init__()
        self.is_end = is_end


class _Writer:
    """Writes the files of a commit as far as the repository has their content."""

    def __init__(self, git: Git, commit: str, folder: Path, caps: Caps) -> None:
        self._git, self._commit, self._folder = git, commit, folder
        self._unpacker = Unpacker(folder, Budget(git.label, caps))
        self._wanted = folder.with_name(f"{folder.name}.objects")
        self._lacking: list[str] = []

    def write(self, blobs: list[_Blob]) -> list[str]:
        """Write all files, and return the paths of those whose content is not there."""
        self._folder.mkdir()
        for _ in blobs:
            self._unpacker.count()
        broken = 0
        while blobs:
            blobs = self._write_some(blobs)
            broken += 1
            if broken == 1 and blobs:
                blobs = self._without_absent(blobs)
            if broken > _MAX_BROKEN:
                raise _incomplete(self._git.label, blobs[0])
        self._unpacker.finish()
        return self._lacking

    def _write_some(self, blobs: list[_Blob]) -> list[_Blob]:
        """Write files until git stops, and return those that are left then."""
        self._wanted.write_text("".join(f"{blob.sha}\n" for blob in blobs))
        with self._wanted.open("rb") as names:
            words = ("cat-file", "--batch", "--buffer")
            with (
                self._git.start(words, stdin=names.fileno(), stderr=subprocess.DEVNULL) as process,
                kill_on_error(process),
            ):
                assert process.stdout is not None, "it was asked for"
                for number, blob in enumerate(blobs):
                    try:
                        self._write_one(blob, process.stdout)
                    except _Absent as absent:
                        self._lacking.append(blob.path)
                        if absent.is_end:
                            return blobs[number + 1 :]
        return []

    def _without_absent(self, blobs: list[_Blob]) -> list[_Blob]:
        """Return the files that the repository has, where it knows which objects it lacks."""
        words = ("rev-list", "--objects", "--missing=print", "--no-walk", self._commit)
        try:
            lines = self._git.run(*words).decode("ascii", "replace").splitlines()
        except GitFailed:
            return blobs
        absent = {line[1:] for line in lines if line.startswith("?")}
        self._lacking.extend(blob.path for blob in blobs if blob.sha in absent)
        return [blob for blob in blobs if blob.sha not in absent]

    def _write_one(self, blob: _Blob, objects: IO[bytes]) -> None:
        head = objects.readline().split()
        if len(head) != 3 or head[1] != b"blob":
            raise _Absent(is_end=head[1:] != [b"missing"])
        chunks = _content(int(head[2]), objects)
        if blob.mode == _LINK:
            text = next(chunks, b"")
            if next(chunks, None) is not None:
                text = b""  # longer than any link; refused as one without a text
            self._unpacker.link(blob.path, os.fsdecode(text))
            return
        try:
            self._unpacker.file(blob.path, chunks, executable=blob.mode == _EXECUTABLE)
        except _Absent:
            (self._folder / blob.path).unlink(missing_ok=True)
            raise


def _content(left: int, objects: IO[bytes]) -> Iterator[bytes]:
    """Yield one object's bytes from what `git cat-file --batch` prints."""
    while left:
        chunk = objects.read(min(left, _CHUNK))
        if not chunk:
            raise _Absent(is_end=True)
        left -= len(chunk)
        yield chunk
    objects.read(1)


def _incomplete(label: str, blob: _Blob) -> StorageError:
    return StorageError(
        f"{label}: the repository lacks the content of {blob.path!a}",
        hint="it was cloned in part; fetch the rest, or name where it was cloned from",
    )
