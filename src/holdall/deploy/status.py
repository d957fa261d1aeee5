"""Compare what is in a project with what was deployed and with the collection."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum

from holdall import NamedTuple
from holdall.artifacts.ids import ArtifactId
from holdall.artifacts.paths import RelPath
from holdall.artifacts.protected import LOCK_FILE, SYNCED
from holdall.collection.collection import Collection
from holdall.collection.manifest.manifest import ManifestArtifact
from holdall.deploy.project.ledger import Deployed
from holdall.deploy.project.project import Project
from holdall.deploy.project.shared import hash_files
from holdall.errors import InputError, NotFoundError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from holdall.deploy.locked.values import Lock

ADOPTED = f"adopted; {LOCK_FILE} has what its source has"
OTHER = f"another version than {LOCK_FILE} has"


class State(StrEnum):
    """The state of one deployed artifact."""

    SYNCED = "synced"
    MODIFIED = "modified"
    OUTDATED = "outdated"
    RENAMED = "renamed"
    REMOVED = "removed"
    UNKNOWN = "unknown"


class FileChange(NamedTuple):
    """A deployed file, or entry of one, that is not as it was deployed: `missing` or `edited`."""

    path: str
    change: str


class ArtifactStatus(NamedTuple):
    """One deployed artifact: its state and why.

    modified: files were changed by hand; outdated: the collection has other content; renamed: it
    has another name in the collection; removed: the collection that it came from does not have it,
    nor does `holdall.lock`;
    unknown: only the record names it, and its files are not what the record says. What came from
    another collection is compared with nothing but its files.
    """

    id: ArtifactId
    target: str
    state: State
    uuid: str | None
    wanted_by: tuple[ArtifactId, ...] = ()
    files: tuple[FileChange, ...] = ()
    note: str | None = None

    def to_json(self) -> dict[str, object]:
        """Return the status as `holdall status --json` prints it."""
        return {
            "id": str(self.id),
            "target": self.target,
            "state": self.state.value,
            "uuid": self.uuid,
            "wanted_by": [str(request) for request in self.wanted_by],
            "files": [{"path": file.path, "change": file.change} for file in self.files],
            "note": self.note,
        }


def status_of(project: Project, collection: Collection | None) -> list[ArtifactStatus]:
    """Return the state of every deployed artifact; without a collection, only of its files."""
    artifacts = collection.manifest.artifacts if collection else ()
    by_uuid = {artifact.uuid: artifact for artifact in artifacts if artifact.uuid}
    found = [_status(project, entry, collection, by_uuid) for entry in project.ledger.deployed]
    if any(status.state is State.REMOVED for status in found):
        found = _with_lock(project, found)
    for target, record_entry in project.unclear:
        note = "only in the deployed record, and its files differ from it"
        found.append(
            ArtifactStatus(record_entry.id, target, State.UNKNOWN, record_entry.uuid, note=note)
        )
    return sorted(found, key=lambda status: (status.target, status.id))


def read_lock(project: Project, path: RelPath = LOCK_FILE) -> Lock:
    """Return what a project's lock has: nothing if there is none, or it cannot be read."""
    from holdall.deploy.locked.lock_file import MAX_LOCK_BYTES, parse_lock
    from holdall.deploy.locked.values import Lock

    data = project.root.read_bytes(path, MAX_LOCK_BYTES)
    if data is None:
        return Lock()
    try:
        return parse_lock(data.decode(errors="replace"), str(project.root.path / path))
    except InputError:  # `sync` says what is wrong with it
        return Lock()


def find_locked(project: Project) -> set[tuple[str, ArtifactId, str | None]]:
    """Return target, id and content hash of everything that a project's lock has.

    And of what it had at the last sync here: git may have brought a newer one since.
    """
    return {
        (name, one.id, one.content_hash)
        for path in (LOCK_FILE, SYNCED)
        for one in read_lock(project, path).artifacts
        for name in one.targets
    }


def _with_lock(project: Project, found: list[ArtifactStatus]) -> list[ArtifactStatus]:
    """Compare what the collection does not have with the project's lock.

    Its collection may be another machine's.
    """
    locked = {(one.uuid, one.content_hash) for one in read_lock(project).artifacts}
    uuids = {uuid for uuid, _ in locked}
    deployed = {
        (one.target, one.id): (one.uuid, one.content_hash) for one in project.ledger.deployed
    }
    for number, one in enumerate(found):
        if one.state is not State.REMOVED or one.uuid not in uuids:
            continue
        if deployed[one.target, one.id] in locked:
            found[number] = one._replace(state=State.SYNCED, note=f"of {LOCK_FILE}")
        else:
            found[number] = one._replace(state=State.MODIFIED, note=OTHER)
    return found


_ByUUID = Mapping[str, ManifestArtifact]


def _status(
    project: Project, entry: Deployed, collection: Collection | None, by_uuid: _ByUUID
) -> ArtifactStatus:
    files = tuple(changed_files(project, entry))
    state, note = _against(collection, entry, by_uuid) if collection else (State.SYNCED, None)
    if files:
        state = State.MODIFIED
        note = ADOPTED if _is_adopted(project, entry) else note
    return ArtifactStatus(entry.id, entry.target, state, entry.uuid, entry.wanted_by, files, note)


def _is_adopted(project: Project, entry: Deployed) -> bool:
    """Return whether the files are as they were when an edit of what the lock has was adopted."""
    if entry.adopted is None:
        return False
    found = {path: project.root.state_of(path) for path in entry.files}
    present = {path: state for path, state in found.items() if state is not None}
    return hash_files(present) == entry.adopted.placed_hash


def changed_files(project: Project, entry: Deployed) -> Iterator[FileChange]:
    """Yield what is not as it was deployed: files, then entries of settings files.

    Files that are known by their status are not read.
    """
    is_known = project.root.holds(entry.files)
    for path, state in () if is_known else sorted(entry.files.items()):
        present = project.root.state_of(path)
        if present is None:
            yield FileChange(path, "missing")
        elif present != state:
            yield FileChange(path, "edited")
    if not entry.merged:
        return
    from holdall.deploy.planning.entries import changed_entries

    for what, change in changed_entries(project.root, entry, project.ledger.deployed):
        yield FileChange(what, change)


def _against(collection: Collection, entry: Deployed, by_uuid: _ByUUID) -> tuple[State, str | None]:
    known = _find_known(collection, entry, by_uuid)
    if known is None and entry.collection != collection.name:
        return State.SYNCED, f"of the collection {entry.collection!a}"
    if known is None:
        return State.REMOVED, f"not in the collection {collection.name!r}"
    try:
        current = collection.tree(known).content_hash
    except NotFoundError:
        return State.REMOVED, "its files are gone from the collection"
    if known.id != entry.id:
        return State.RENAMED, f"is {known.id} in the collection"
    if current != entry.content_hash and entry.is_pinned:
        return (
            State.SYNCED,
            f"pinned to {entry.content_hash[:12]}; the collection has other content",
        )
    if current != entry.content_hash:
        return State.OUTDATED, "the collection has other content"
    return State.SYNCED, None


def _find_known(
    collection: Collection, entry: Deployed, by_uuid: _ByUUID
) -> ManifestArtifact | None:
    if entry.uuid is not None and entry.uuid in by_uuid:
        return by_uuid[entry.uuid]
    if entry.uuid is not None and entry.collection != collection.name:
        return None
    found = collection.manifest.by_id.get(entry.id)
    return found if isinstance(found, ManifestArtifact) else None
