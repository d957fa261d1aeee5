"""Writing a published collection: what is there already stays, the channel comes last.

A file is known to be right if a channel that is here leads to it; any other one of that name may
be what a power cut left, and is read before it counts. A reader sees the old release or the new.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Self

from holdall import NamedTuple
from holdall.artifacts.hashing import FileDigest
from holdall.errors import ConflictError, InputError, NotFoundError, RefusedError
from holdall.files.lock import STATE_FOLDER, lock_folder
from holdall.files.plain_folder import ContentFolder, remove_unfinished, replace_file
from holdall.files.root import Root, make_folders
from holdall.formats.documents import parse_toml
from holdall.sources.fetch.published.form import (
    BLOBS,
    CHANNELS,
    MAX_CHANNEL_BYTES,
    MAX_CHUNK_BYTES,
    MAX_RELEASE_BYTES,
    RELEASES,
    Channel,
    PublishedRelease,
    parse_channel,
    parse_release,
    render_document,
    render_tree,
)
from holdall.sources.fetch.published.transport import FolderPlace

SITE = "site.json"
"""What `holdall site` writes into the same folder."""

FileReader = Callable[[str], Iterator[bytes]]
TreeReader = Callable[[str], Iterable[FileDigest]]


class Published(NamedTuple):
    """What was written for a channel: how many files, and how many bytes in them."""

    channel: Channel
    files: int
    bytes: int


class Publication:
    """A folder of a published collection, held by its lock.

    Raises ConflictError for a folder with anything else in it, RefusedError for that of another
    collection.
    """

    def __init__(self, folder: Path, collection: str) -> None:
        self.folder, self.collection = folder, collection
        self._blobs = ContentFolder(folder / BLOBS)
        self._releases = ContentFolder(folder / RELEASES)
        self._files = self._bytes = 0
        self._known: set[str] = set()

    def __enter__(self) -> Self:
        self._refuse_other_folders()
        for name in (CHANNELS, RELEASES, BLOBS):
            make_folders(self.folder / name)
        with ExitStack() as stack:
            stack.callback(self._blobs.close)
            stack.callback(self._releases.close)
            stack.enter_context(lock_folder(stack.enter_context(Root(self.folder))))
            for name in (CHANNELS, RELEASES, BLOBS):
                remove_unfinished(self.folder / name)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()

    def _refuse_other_folders(self) -> None:
        try:
            names = set(os.listdir(self.folder)) - {STATE_FOLDER}
        except FileNotFoundError:
            return
        except NotADirectoryError:
            raise ConflictError(
                f"{self.folder} is a file", hint="name a folder, which may be a new one"
            ) from None
        if names and SITE not in names and not _is_begun(self.folder, names):
            raise ConflictError(
                f"{self.folder} has other files, and nothing that was published",
                hint="name an empty folder, or a new one",
            )

    def channel(self, name: str) -> Channel | None:
        """Return what a channel is in this folder, None if there is none."""
        found = _channel_in(self.folder, name)
        if found is not None and found.collection != self.collection:
            raise RefusedError(
                f"{self.folder} has the channel {name!a} of another collection",
                hint="name another folder, or another channel",
            )
        return found

    def write(
        self,
        release: PublishedRelease,
        texts: Mapping[str, bytes],
        trees: Mapping[str, Iterable[str]],
        read_tree: TreeReader,
        read_blob: FileReader,
        base: Channel | None,
    ) -> str:
        """Write a release durably with all that it needs, and return the name of its file.

        `texts` are its head and its chunks by their hashes, `trees` the content hashes in each.
        `base` is a channel whose release is here: what that has is not looked at again.
        """
        before = _release_in(self.folder, base)
        known = set() if before is None else {before.head, *before.chunks.values()}
        changed = {sha256: data for sha256, data in texts.items() if sha256 not in known}
        wanted = {tree for sha256 in changed for tree in trees.get(sha256, ())}
        if before is not None and wanted:
            gone = known - texts.keys()
            wanted -= {tree for sha256 in gone for tree in _trees_of(self._blobs, sha256)}
            wanted -= set(before.pinned)
        for content_hash in sorted(wanted):
            files = tuple(read_tree(content_hash))
            for file in files:
                self._put(self._blobs, file.sha256, partial(read_blob, file.sha256))
            self._put_bytes(self._blobs, content_hash, render_tree(files))
        for sha256, data in changed.items():
            self._put_bytes(self._blobs, sha256, data)
        document = render_document(release)
        name = hashlib.sha256(document).hexdigest()
        self._put_bytes(self._releases, name, document)
        self._blobs.make_durable()
        return name

    def point(self, channel: Channel) -> Published:
        """Make a channel name its release, durably, and return what was written in all."""
        data = render_document(channel)
        replace_file(self.folder / CHANNELS / f"{channel.channel}.json", data)
        return Published(channel, self._files + 1, self._bytes + len(data))

    def _put_bytes(self, folder: ContentFolder, name: str, data: bytes) -> None:
        if hashlib.sha256(data).hexdigest() != name:
            raise AssertionError(name)
        self._put(folder, name, lambda: iter([data]))

    def _put(self, folder: ContentFolder, name: str, read: Callable[[], Iterator[bytes]]) -> None:
        if name in self._known or folder.is_whole(name):
            return
        self._known.add(name)
        folder.put(name, self._count(name, read()))
        self._files += 1

    def _count(self, name: str, chunks: Iterator[bytes]) -> Iterator[bytes]:
        digest = hashlib.sha256()
        for chunk in chunks:
            digest.update(chunk)
            self._bytes += len(chunk)
            yield chunk
        if digest.hexdigest() != name:
            raise InputError(
                f"the stored content {name} is damaged", hint="`holdall doctor` says more"
            )


def _is_begun(folder: Path, names: set[str]) -> bool:
    """Return whether a publication is in a folder, or the empty folders that a kill left of one."""
    own = {CHANNELS, RELEASES, BLOBS}
    if own <= names:
        return True
    places = [folder / name for name in names]
    return names <= own and all(place.is_dir() and not os.listdir(place) for place in places)


def _channel_in(folder: Path, name: str) -> Channel | None:
    place = FolderPlace(folder)
    path = f"{CHANNELS}/{name}.json"
    try:
        answer = place.ask(path, MAX_CHANNEL_BYTES)
    except NotFoundError:
        return None
    return parse_channel(answer.data or b"", place.show(path))


def _release_in(folder: Path, channel: Channel | None) -> PublishedRelease | None:
    if channel is None:
        return None
    place, path = FolderPlace(folder), f"{RELEASES}/{channel.release}"
    try:
        answer = place.ask(path, MAX_RELEASE_BYTES)
        return parse_release(answer.data or b"", place.show(path))
    except (NotFoundError, InputError):
        return None


def _trees_of(blobs: ContentFolder, sha256: str) -> set[str]:
    """Return the content hashes in a chunk that is here; none if it cannot be read."""
    if not blobs.is_whole(sha256) or (blobs.path / sha256).stat().st_size > MAX_CHUNK_BYTES:
        return set()
    try:
        table = parse_toml(b"".join(blobs.read(sha256)), sha256)
    except InputError:
        return set()
    rows = [row for row in table.get("artifacts", ()) if isinstance(row, dict)]
    return {str(row.get("content_hash")) for row in rows}
