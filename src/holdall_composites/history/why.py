"""What the database knows of why something is in a project: its version, since when, where else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from holdall import NamedTuple
from holdall.collection import Collection
from holdall.operations import Why
from holdall_composites.history.steps import undone_by
from holdall_composites.session import host_of, show_place
from holdall_composites.store.store import Store
from holdall_composites.values.records import OperationRecord, VersionRecord


class Known(NamedTuple):
    """What the database adds: the version that is deployed, the newest, and who put it there.

    `projects` are the other projects that have it.
    """

    version: VersionRecord | None
    newest: VersionRecord | None
    since: OperationRecord | None
    last: OperationRecord | None
    projects: tuple[str, ...]


def find_known(store: Store, collection: Collection, why: Why, project: Path) -> Known:
    """Return what the database knows of an artifact in a project."""
    uuid = why.own.uuid if why.own is not None else why.uuid
    collection_id, place = collection.manifest.uuid, str(project.resolve())
    host = host_of(collection)
    if uuid is None or collection_id is None:
        return Known(None, None, None, None, ())
    versions = store.versions.all_of(uuid)
    every = store.operations.all_of(collection_id, artifact_uuid=uuid)
    undone = undone_by(store.operations.all_of(collection_id))
    mine = [o for o in every if o.project == place and host in ("", o.host)]
    here = [o for o in mine if o.number not in undone]
    projects = store.deployments.projects_of([uuid]).get(uuid, [])
    return Known(
        next((v for v in versions if v.content_hash == why.content_hash), None),
        max(versions, key=lambda v: v.number, default=None),
        here[-1] if here else None,
        here[0] if here else None,
        tuple(show_place(*one, host) for one in sorted(projects) if one != (host, place)),
    )


def ways_back(why: Why, known: Known) -> Iterator[str]:
    """Yield how to get an earlier state, or to be without it."""
    if known.last is not None:
        yield f"`holdall undo` until operation {known.last.number} ({known.last.command})"
    if known.version is not None and known.version.number > 0:
        yield f"`holdall deploy {why.id}@{known.version.number - 1}`, until the next sync"
    if why.locked is not None:
        name = why.id if why.id in why.locked.wanted_by else why.locked.wanted_by[0]
        yield f"`holdall drop {name}` to be without it"
    elif why.by_hand:
        yield f"`holdall undeploy {why.by_hand[0]}` to be without it"
