"""From what users write behind an `@` to a version of an artifact."""

from __future__ import annotations

from holdall.artifacts import ArtifactId
from holdall.collection import Collection
from holdall.errors import NotFoundError
from holdall_composites.errors import ArtifactNotFound
from holdall_composites.store.store import Store
from holdall_composites.values.records import VersionRecord


def find_version(
    store: Store, collection: Collection, artifact_id: ArtifactId, text: str | None
) -> VersionRecord:
    """Return the version that `text` means: a number, or the first digits of a content hash.

    None means the newest. Raises ArtifactNotFound, which says which versions there are.
    """
    return version_of(store, collection.entry(artifact_id).uuid, str(artifact_id), text)


def refuse_strange_pin(store: Store, uuid: str, artifact_id: str, pin: str) -> None:
    """Raise NotFoundError for a pin that is not a version of this artifact.

    Content of others is in the same database, and whoever knows its hash can write it down.
    """
    if all(version.content_hash != pin for version in store.versions.all_of(uuid)):
        raise NotFoundError(
            f"{artifact_id} is pinned to {pin[:12]}, which is not a version of it",
            hint="`holdall composite unpin COMPOSITE ID` lets it follow its present content, and"
            f" `holdall versions {artifact_id}` shows what it can be pinned to",
        )


def version_of(store: Store, uuid: str | None, artifact_id: str, text: str | None) -> VersionRecord:
    """Return a version of the artifact with this UUID, as `find_version` does."""
    known = store.versions.all_of(uuid) if uuid else []
    is_number = text is not None and text.isdigit() and len(text) <= 6
    for version in reversed(known):
        if text is None or (is_number and version.number == int(text)):
            return version
        if not is_number and len(text) >= 7 and version.content_hash.startswith(text):
            return version
    there = f"it has {known[0].number} to {known[-1].number}" if known else "it has none yet"
    raise ArtifactNotFound(
        f"{artifact_id}@{text or 'newest'}",
        hint=f"{there}; `holdall versions {artifact_id}` shows them (a hash needs 7 digits)",
    )
