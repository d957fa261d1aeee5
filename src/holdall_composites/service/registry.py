"""Publishing a release into a folder, under a channel whose sequence the database counts.

The database counts first, the folder follows: two machines that publish to one share never give
one sequence to two releases, and whoever is late finds the newer channel there and leaves it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from holdall import NamedTuple
from holdall.artifacts import FileDigest, Shape, TypeSpec
from holdall.collection import (
    Manifest,
    ManifestArtifact,
    ManifestComposite,
    render_entry,
    render_head,
)
from holdall.errors import NotFoundError, RefusedError
from holdall.sources import (
    Channel,
    Publication,
    Published,
    PublishedEntry,
    PublishedRelease,
    PublishedRepository,
    check_can_commit,
)
from holdall.transaction import Signature
from holdall_composites.store.store import Store
from holdall_composites.sync.releases.hashing import width_of
from holdall_composites.sync.releases.manifest import manifest_of
from holdall_composites.values.records import ChannelRecord, ReleaseRecord


class Plan(NamedTuple):
    """What a release is when it is published: its texts by their hashes, and the trees in each.

    `entries` are where the artifacts' files go, next to a `manifest.toml`.
    """

    release: PublishedRelease
    texts: dict[str, bytes]
    trees: dict[str, list[str]]
    entries: list[PublishedEntry]

    @property
    def manifest(self) -> bytes:
        """The bytes of `manifest.toml`."""
        release = self.release
        return b"".join(self.texts[name] for name in (release.head, *release.chunks.values()))


def plan_publication(
    store: Store, collection_id: str, number: int | None, types: Iterable[TypeSpec]
) -> Plan:
    """Return what the release of this number is, or the newest one.

    Raises NotFoundError where there is none.
    """
    head = store.collections.head(collection_id)[0]
    record = store.collections.release(collection_id, head if number is None else number)
    if record is None:
        raise NotFoundError(
            f"there is no release {number}" if number else "there is no release yet",
            hint=f"the newest is {head}" if head else "collect something first",
        )
    state = store.collections.state_at(collection_id, record.number)
    manifest = manifest_of(state, Manifest(""))
    used = {artifact.id.type for artifact in manifest.artifacts}
    singles = sorted(s.name for s in types if s.shape is Shape.FILE and s.name in used)
    pinned = _find_pinned(store, manifest, collection_id)
    return _plan(manifest, collection_id, record, singles, pinned)


def _find_pinned(store: Store, manifest: Manifest, collection_id: str) -> set[tuple[str, str]]:
    """Return which older versions composites pin: a member's UUID and the version's tree.

    A pin that is no version of its member is left out: it may be the hash of others' content.
    """
    present = {artifact.uuid: artifact.content_hash for artifact in manifest.artifacts}
    wanted = {
        (member.uuid or "", member.pin)
        for composite in manifest.composites
        for member in composite.members
        if member.pin is not None and present.get(member.uuid) not in (None, member.pin)
    }
    if not wanted:
        return set()
    known = store.versions.of_all(collection_id)
    return {(u, pin) for u, pin in wanted if any(v.content_hash == pin for v in known.get(u, ()))}


def _plan(
    manifest: Manifest,
    collection_id: str,
    record: ReleaseRecord,
    singles: list[str],
    pinned: set[tuple[str, str]],
) -> Plan:
    head = render_head(manifest).encode()
    entries = sorted(manifest.by_id.values(), key=lambda entry: entry.uuid or "")
    width = width_of(len(entries))
    groups: dict[str, list[ManifestArtifact | ManifestComposite]] = {}
    for entry in entries:
        groups.setdefault((entry.uuid or "")[:width], []).append(_for_others(entry))
    texts, trees, chunks = {_sha256(head): head}, {}, {}
    for prefix, group in groups.items():
        text = "".join(map(render_entry, group)).encode()
        chunks[prefix] = _sha256(text)
        texts[chunks[prefix]] = text
        trees[chunks[prefix]] = [
            entry.content_hash
            for entry in group
            if isinstance(entry, ManifestArtifact) and entry.content_hash
        ]
        trees[chunks[prefix]] += [
            member.pin
            for entry in group
            if isinstance(entry, ManifestComposite)
            for member in entry.members
            if member.pin and (member.uuid or "", member.pin) in pinned
        ]
    release = PublishedRelease(
        collection_id,
        manifest.name,
        record.number,
        record.hash,
        record.parent,
        record.author,
        record.at,
        record.command,
        _sha256(head),
        len(entries),
        chunks,
        tuple(singles),
        tuple(sorted({pin for _, pin in pinned})),
    )
    places = [
        PublishedEntry(artifact.path, artifact.content_hash, artifact.id.type in singles)
        for artifact in manifest.artifacts
        if artifact.content_hash
    ]
    return Plan(release, texts, trees, places)


def publish_release(
    store: Store,
    plan: Plan,
    folder: Path,
    name: str,
    by: Signature,
    *,
    take_over: bool = False,
    as_git: bool = False,
) -> tuple[Published, str | None]:
    """Write a release and point a channel to it; what is there already is not written again.

    With `as_git` the channel's branch of the repository beside it has it, too; the second value is
    the commit.

    Raises RefusedError for a folder whose channel another database counts, unless `take_over`,
    and what `holdall.sources.Publication` raises.
    """
    collection_id = plan.release.collection
    contents = store.contents

    def read_tree(content_hash: str) -> tuple[FileDigest, ...]:
        tree = contents.get_tree(content_hash)
        if tree is None:
            raise NotFoundError(
                f"release {plan.release.number} has content that was purged: {content_hash}",
                hint="publish a newer release",
            )
        return tree.files

    def read_blob(sha256: str) -> Iterator[bytes]:
        return contents.read_blob(sha256)

    if as_git:
        check_can_commit(name)
    with Publication(folder, collection_id) as publication:
        here = publication.channel(name)
        known = store.collections.channel(collection_id, name)
        if here is not None and here.sequence > (known.sequence if known else 0) and not take_over:
            raise RefusedError(
                f"{folder}: the channel {name!a} has the sequence {here.sequence}, and this"
                f" database knows {known.sequence if known else 0}: another one published there",
                hint="publish from that database, into another folder, or with --take-over",
            )
        file = publication.write(plan.release, plan.texts, plan.trees, read_tree, read_blob, here)
        channel = _count(store, plan, name, file, by, here)
        done = Published(channel, 0, 0) if channel == here else publication.point(channel)
        if not as_git:
            return done, None
        files = (
            pair for entry in plan.entries for pair in entry.lay_out(read_tree(entry.content_hash))
        )
        repository = PublishedRepository(folder, collection_id)
        return done, repository.commit(channel, plan.release, plan.manifest, files, read_blob)


def _count(
    store: Store, plan: Plan, name: str, file: str, by: Signature, here: Channel | None
) -> Channel:
    """Return the channel with its next sequence, or as it is if it names this release already."""
    collection_id, number = plan.release.collection, plan.release.number
    with store.transaction():
        store.collections.lock(collection_id)
        known = store.collections.channel(collection_id, name)
        behind = here is not None and known is not None and here.sequence > known.sequence
        if known is None or known.release_hash != file or behind:
            last = max(known.sequence if known else 0, here.sequence if here else 0)
            previous = known.release_hash if known else None
            known = ChannelRecord(name, last + 1, number, file, previous, by.at)
            store.collections.put_channel(collection_id, known)
    return Channel(collection_id, name, known.sequence, file, number, known.previous, known.at)


def _for_others(
    entry: ManifestArtifact | ManifestComposite,
) -> ManifestArtifact | ManifestComposite:
    """Return an entry without what names a place on this machine."""
    source = entry.source or ""
    if ("://" in source and not source.startswith("file:")) or "@" in source.partition("/")[0]:
        return entry
    bare = replace(entry, source=None, source_path=None, source_revision=None)
    return replace(bare, source_hash=None) if isinstance(bare, ManifestArtifact) else bare


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
