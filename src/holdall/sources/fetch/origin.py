"""Origins: a source as the user named it, made into a folder to read.

A folder is read in place. A commit of a git repository, an archive and a published collection are
laid out in a temporary folder, which is there as long as the origin is open.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from holdall import NamedTuple
from holdall.artifacts.limits import DEFAULT_CAPS, Caps
from holdall.files.folders import work_tree_of
from holdall.sources.values import GitState, Part, Tagged

if TYPE_CHECKING:
    from holdall.sources.fetch.address import (
        ArchiveAddress,
        GitAddress,
        IndexAddress,
        PublishedAddress,
    )


_LONGEST = 60


class Origin(NamedTuple):
    """A folder to read, where it comes from, and which state of that it is.

    `name` is what the manifest records. It stays the same from one revision to the next, so that a
    later collect knows what came from here, and holds no credentials. `git` is what git knows of
    the folder, `tag` what a range of versions stands for, `part` how much of it is there.
    """

    folder: Path
    name: str
    revision: str | None = None
    git: GitState = GitState()
    tag: Tagged | None = None
    part: Part = Part.ALL


@contextmanager
def open_origin(
    text: str, caps: Caps = DEFAULT_CAPS, skills: Sequence[str] = ()
) -> Iterator[Origin]:
    """Make `text` into a folder to read: a folder, a repository, an archive, a channel, an index.

    Of all but a folder or an archive only what some `skills` need, if they are given and it says
    that.

    Whether a folder exists is checked by its reader. Raises UsageError for what cannot be a
    source, and what `holdall.sources.fetch.repository` and `holdall.sources.fetch.archive` raise.
    """
    from holdall.sources.fetch.address import (
        FolderAddress,
        GitAddress,
        IndexAddress,
        PublishedAddress,
        parse,
    )

    address = parse(text)
    if isinstance(address, FolderAddress):
        yield _folder(address.folder)
        return
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix="holdall-") as scratch:
        if isinstance(address, GitAddress):
            yield _repository(address, Path(scratch), caps, skills)
        elif isinstance(address, PublishedAddress):
            yield _fetch_published(address, Path(scratch), caps, skills)
        elif isinstance(address, IndexAddress):
            yield _index(address, Path(scratch), caps, skills)
        else:
            yield _archive(address, Path(scratch), caps)


def _folder(folder: Path) -> Origin:
    real = Path(os.path.realpath(folder))
    if work_tree_of(real) is None:
        return Origin(folder, str(real))
    from holdall.sources.fetch.git import head_of, state_in

    return Origin(folder, str(real), head_of(real), state_in(real))


def _repository(address: GitAddress, scratch: Path, caps: Caps, skills: Sequence[str]) -> Origin:
    from holdall.sources.fetch.repository import lay_out

    last = (address.subfolder or address.name.rstrip("/")).replace(":", "/").rpartition("/")[2]
    folder = scratch / "files" / (_safe(last.removesuffix(".git")))
    folder.parent.mkdir()
    found = lay_out(address, folder, scratch / "repository", caps, skills)
    return Origin(folder, address.name, found.commit, found.state, found.tag, found.part)


def _archive(address: ArchiveAddress, scratch: Path, caps: Caps) -> Origin:
    from holdall.sources.fetch.address import ARCHIVE_SUFFIXES
    from holdall.sources.fetch.archive import top_of, unpack

    name = address.file.name
    suffix = max((s for s in ARCHIVE_SUFFIXES if name.lower().endswith(s)), key=len)
    whole = scratch / "whole"
    digest = unpack(address.file, whole, caps)
    folder = scratch / "files" / _safe(name[: -len(suffix)])
    folder.parent.mkdir()
    top_of(whole).rename(folder)
    return Origin(folder, os.path.realpath(address.file), f"sha256:{digest}")


def _fetch_published(
    address: PublishedAddress, scratch: Path, caps: Caps, skills: Sequence[str]
) -> Origin:
    from holdall.sources.fetch.published.channel import channel_of
    from holdall.sources.fetch.published.reader import lay_out_channel

    name = channel_of(address)
    folder = scratch / "files" / _safe(address.url.rpartition("/")[2])
    folder.parent.mkdir()
    channel, is_all = lay_out_channel(address.url, name, folder, caps, skills)
    part = Part.ALL if is_all else Part.SOME
    return Origin(folder, address.name, f"sha256:{channel.release}", part=part)


def _index(address: IndexAddress, scratch: Path, caps: Caps, skills: Sequence[str]) -> Origin:
    from holdall.sources.fetch.published.skill_index import lay_out_index

    folder = scratch / "files" / "index"
    is_all = lay_out_index(address, folder, caps, skills)
    return Origin(folder, address.name, part=Part.ALL if is_all else Part.SOME)


def _safe(name: str) -> str:
    """Return a name for the folder to read, which may name what is at its top."""
    return name[:_LONGEST] if name.strip(".") else "source"
