"""Reading a published collection: each byte is checked against the name that leads to it.

    channel -> release -> head and chunks, which are `manifest.toml` -> trees -> files

What comes over the network is kept in the user's cache folder under its hash, and hashed again
where it is used.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from holdall.artifacts.hashing import is_sha256
from holdall.artifacts.ids import FileKind
from holdall.artifacts.limits import Caps
from holdall.artifacts.paths import RelPath, refuse_collisions
from holdall.artifacts.protected import OLDER
from holdall.errors import HostilePathError, InputError, NotFoundError
from holdall.files.plain_folder import ContentFolder
from holdall.files.user_state import user_folder
from holdall.formats.documents import MAX_PLAIN_TOML_BYTES, parse_toml
from holdall.formats.toml_writer import render_array
from holdall.sources.fetch.published.channel import read_channel
from holdall.sources.fetch.published.form import (
    BLOBS,
    HINT,
    MANIFEST,
    MAX_CHUNK_BYTES,
    MAX_RELEASE_BYTES,
    MAX_TREE_BYTES,
    RELEASES,
    Channel,
    PublishedEntry,
    PublishedRelease,
    parse_release,
    parse_tree,
)
from holdall.sources.fetch.published.transport import FolderPlace, Place, place_of
from holdall.sources.fetch.unpacking import Budget, Unpacker

_READERS = 8


def lay_out_channel(
    url: str, name: str, folder: Path, caps: Caps, skills: Sequence[str] = ()
) -> tuple[Channel, bool]:
    """Write the collection that a channel names into a new folder, checked.

    Of some `skills` only these, if they are in it. Returns the channel, and whether that is all.
    Raises what `read_channel` raises, InputError for a file that is torn, swapped or foreign, and
    RefusedError above a cap.
    """
    with closing(place_of(url)) as place:
        channel = read_channel(place, name)
        is_all = _Layout(place, folder, caps).write(channel, skills)
    return channel, is_all


class _Layout:
    """Writes one release below a folder."""

    def __init__(self, place: Place, folder: Path, caps: Caps) -> None:
        self.place, self.folder, self.caps = place, folder, caps
        is_local = isinstance(place, FolderPlace)
        self._cache = None if is_local else ContentFolder(user_folder("cache") / "blobs")
        self._unpacker = Unpacker(folder, Budget(place.show(""), caps))

    def write(self, channel: Channel, skills: Sequence[str]) -> bool:
        """Write the manifest and the files of every artifact; or of some skills, if they are there.

        Returns whether that is all.
        """
        release = self._release(channel)
        head, text = self._manifest(release)
        rows, entries, pinned = self._find_entries(text, release)
        chosen = _find_skills(rows, skills)
        if chosen is None:
            places = [*entries, *pinned]
        else:
            places = [entries[number] for number in chosen]
            listed = [render_array("artifacts", rows[number]) for number in chosen]
            text = "\n".join([head.decode(), *listed]).encode()
        trees = {
            content_hash: parse_tree(data, self._where(BLOBS, content_hash))
            for content_hash, data in self._small(
                BLOBS, {entry.content_hash for entry in places}, MAX_TREE_BYTES
            )
        }
        files = [pair for entry in places for pair in entry.lay_out(trees[entry.content_hash])]
        self._unpacker.budget.foresee(members=len(files))
        try:
            refuse_collisions(path for path, _ in files)
        except HostilePathError as error:
            raise HostilePathError(f"{channel.channel}: {error.message}", hint=error.hint) from None
        self._fetch(BLOBS, {file.sha256 for _, file in files})
        self.folder.mkdir()
        self._unpacker.file(MANIFEST, [text], executable=False)
        for path, file in files:
            self._unpacker.count()
            if file.kind is FileKind.LINK:
                self._unpacker.link(path, b"".join(self._chunks(BLOBS, file.sha256)).decode())
            else:
                chunks = self._chunks(BLOBS, file.sha256)
                self._unpacker.file(path, chunks, executable=file.executable)
        self._unpacker.finish()
        return chosen is None

    def _release(self, channel: Channel) -> PublishedRelease:
        ((_, data),) = self._small(RELEASES, {channel.release}, MAX_RELEASE_BYTES)
        where = self._where(RELEASES, channel.release)
        release = parse_release(data, where)
        if (release.collection, release.number) != (channel.collection, channel.number):
            raise InputError(f"{where}: it is not the release that the channel names", hint=HINT)
        return release

    def _manifest(self, release: PublishedRelease) -> tuple[bytes, bytes]:
        """Return what is before the entries of the manifest, and all of it."""
        names = {release.head, *release.chunks.values()}
        parts = dict(self._small(BLOBS, names, MAX_CHUNK_BYTES))
        texts = [parts[release.head], *(parts[sha256] for sha256 in release.chunks.values())]
        text = b"".join(texts)
        if len(text) > MAX_PLAIN_TOML_BYTES:
            raise InputError(
                f"{self.place.show(BLOBS)}: the manifest is larger than"
                f" {MAX_PLAIN_TOML_BYTES >> 20} MiB",
                hint="publish the collection in parts",
            )
        return texts[0], text

    def _find_entries(
        self, text: bytes, release: PublishedRelease
    ) -> tuple[list[dict[str, Any]], list[PublishedEntry], list[PublishedEntry]]:
        """Return the manifest's artifacts, where each goes, and where what is pinned goes."""
        where = self.place.show(MANIFEST)
        try:
            table = parse_toml(text, where)
            tables = table.get("artifacts", [])
            entries = [_entry(row, release.single_files) for row in tables]
            composites = table.get("composites", [])
            pinned = set(_find_pinned(composites, set(release.pinned)))
            count = len(tables) + len(composites)
        except (KeyError, TypeError, AttributeError) as error:
            raise InputError(f"{where}: not a manifest: {error}", hint=HINT) from error
        if count != release.entries:
            raise InputError(f"{where}: {count} entries, not {release.entries}", hint=HINT)
        if release.pinned and {entry.content_hash for entry in pinned} != set(release.pinned):
            raise InputError(f"{where}: `pinned` is not what composites pin", hint=HINT)
        return tables, entries, sorted(pinned)

    def _small(self, kind: str, names: Iterable[str], limit: int) -> Iterator[tuple[str, bytes]]:
        """Yield small files by their names, each at most once."""
        wanted = set(names)
        self._fetch(kind, wanted, limit)
        for name in sorted(wanted):
            size, parts = 0, []
            for chunk in self._chunks(kind, name):
                size += len(chunk)
                if size > limit:
                    raise InputError(
                        f"{self._where(kind, name)}: larger than {limit:,} bytes", hint=HINT
                    )
                parts.append(chunk)
            yield name, b"".join(parts)

    def _fetch(self, kind: str, names: set[str], limit: int | None = None) -> None:
        """Bring what is not in the cache there, over several connections."""
        if self._cache is None:
            return
        cache, cap = self._cache, limit or self.caps.max_file_bytes
        missing = [name for name in sorted(names) if not cache.has(name)]

        def fetch(name: str) -> None:
            cache.put(name, self._read_bounded(kind, name, cap))

        if len(missing) < _READERS:
            for name in missing:
                fetch(name)
            return
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(_READERS) as pool:
            for _ in pool.map(fetch, missing):
                pass

    def _read_bounded(self, kind: str, name: str, limit: int) -> Iterator[bytes]:
        """Yield a file from its place; raises InputError if it is not what its name says."""
        size, digest = 0, hashlib.sha256()
        try:
            for chunk in self.place.read(f"{kind}/{name}"):
                size += len(chunk)
                if size > limit:
                    raise InputError(
                        f"{self._where(kind, name)}: larger than {limit:,} bytes", hint=HINT
                    )
                digest.update(chunk)
                yield chunk
        except NotFoundError as error:
            raise InputError(f"{error.message}, and the release names it", hint=HINT) from None
        if digest.hexdigest() != name:
            raise InputError(
                f"{self._where(kind, name)}: its bytes are not those of its name", hint=HINT
            )

    def _chunks(self, kind: str, name: str) -> Iterator[bytes]:
        if self._cache is None:
            return self._read_bounded(kind, name, self.caps.max_file_bytes)
        return self._cache.read(name)

    def _where(self, kind: str, name: str) -> str:
        return self.place.show(f"{kind}/{name}")


def _find_skills(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> list[int] | None:
    """Return which rows are the skills of these names; None without names, or if one is missing."""
    skills = [number for number, row in enumerate(rows) if row["type"] == "skill"]
    places = {str(rows[number].get("name")): number for number in skills}
    if not names or not places.keys() >= set(names):
        return None
    return sorted(places[name] for name in names)


def _find_pinned(
    composites: Iterable[Mapping[str, Any]], known: set[str]
) -> Iterator[PublishedEntry]:
    """Yield where older versions go that composites pin and that are published."""
    for composite in composites:
        for member in composite.get("members", []):
            pin, uuid = member.get("pin"), member.get("uuid")
            if pin in known:
                yield PublishedEntry(RelPath.parse(f"{OLDER}/{uuid}/{pin}"), pin, False)


def _entry(row: Mapping[str, Any], single_files: tuple[str, ...]) -> PublishedEntry:
    path = RelPath.parse(str(row["path"]).rstrip("/"))
    content_hash = row["content_hash"]
    if not isinstance(content_hash, str) or not is_sha256(content_hash):
        raise TypeError(f"{path}: `content_hash` is no hash")
    return PublishedEntry(path, content_hash, row["type"] in single_files)
