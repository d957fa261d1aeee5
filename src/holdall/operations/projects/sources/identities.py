"""Compare the UUIDs that a project's lock has with those of the collection and of a source.

The same place of the same source is the same artifact, whatever its UUID is: the collection takes
another one of the lock as an alias. A UUID of another artifact is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from holdall.artifacts.ids import ArtifactId
from holdall.collection.manifest.manifest import Manifest, ManifestArtifact
from holdall.deploy.locked.values import Lock, LockedArtifact, place_of
from holdall.errors import ConflictError
from holdall.operations.projects.sources.located import Located
from holdall.sources.values import Part, Reading


def find_aliases(
    manifest: Manifest, lock: Lock, places: Mapping[str, Located]
) -> dict[ArtifactId, str]:
    """Return the UUIDs of a lock that a manifest has not, of what it knows under its own.

    `places` are sources by their names in the lock. Raises ConflictError for a UUID that the
    manifest has for another artifact, while the one with the locked content is there, too.
    """
    own = {
        place_of(e.id.type, e.source, e.source_path): e
        for e in manifest.artifacts
        if e.source is not None and e.uuid is not None
    }
    found: dict[ArtifactId, str] = {}
    for one in lock.artifacts:
        if one.source is None or one.uuid is None:
            continue
        located = places.get(one.source)
        recorded = located.recorded if located is not None else one.source
        entry = own.get(place_of(one.id.type, recorded, one.path))
        other = manifest.by_uuid.get(one.uuid)
        if other is None:
            if entry is not None and entry.id == one.id:
                found[entry.id] = one.uuid
        elif entry is not None and other != entry and _is_meant(entry, one):
            is_meant_too = isinstance(other, ManifestArtifact) and _is_meant(other, one)
            if not is_meant_too:
                raise _refusal(one, str(other.id), "the collection")
    return found


def has_renamed(manifest: Manifest, located: Located, reading: Reading) -> bool:
    """Return whether a part of a source may have a new artifact at the place of a known one.

    The known one may have got another name there: all of the source has to be read then.
    """
    known = {
        place_of(e.id.type, e.source, e.source_path): (e.uuid, *e.aliases)
        for e in (manifest.artifacts if reading.part is not Part.ALL else ())
        if e.source is not None and e.uuid is not None
    }
    for found in reading.artifacts if known else ():
        uuids = known.get(place_of(found.type, located.recorded, found.path), (found.uuid,))
        if found.uuid is not None and found.uuid not in uuids:
            return True
    return False


def refuse_other_uuids(reading: Reading, wanted: Sequence[LockedArtifact], name: str) -> None:
    """Raise ConflictError where a source, as it is locked, has a UUID for something else."""
    known = {found.uuid: found for found in reading.artifacts if found.uuid is not None}
    for one in wanted:
        found = known.get(one.uuid) if one.uuid is not None else None
        if found is not None and (found.type, found.path) != (one.id.type, one.path):
            raise _refusal(one, str(found.id), name)


def _is_meant(entry: ManifestArtifact, one: LockedArtifact) -> bool:
    return one.content_hash in (entry.content_hash, entry.source_hash)


def _refusal(one: LockedArtifact, other: str, where: str) -> ConflictError:
    return ConflictError(
        f"holdall.lock: {one.id} has the UUID that {other} has in {where}",
        hint="was the lock edited by hand? restore it from your version control",
    )
