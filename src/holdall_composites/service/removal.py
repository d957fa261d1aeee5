"""Artifacts that leave a collection: who still wants them, and deleting them for good."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from holdall.artifacts import ArtifactId
from holdall.collection import Change, ChangeKind, ChangeSet, Collection, holders_of
from holdall.errors import RefusedError
from holdall_composites.errors import ArtifactNotFound
from holdall_composites.history.log import OWN_EXTRA
from holdall_composites.session import host_of, open_synced, show_place
from holdall_composites.store.store import Store
from holdall_composites.values.records import ArtifactRecord

_NAMED = 10


def still_wanted(collection: Collection, changes: ChangeSet) -> Iterator[str]:
    """Yield a sentence for each artifact that leaves while composites or projects want it.

    Not for projects that are changed with it.
    """
    left = {entry.uuid for entry in changes.after.by_id.values()}
    before = changes.before.by_id.values()
    gone = [entry for entry in before if entry.uuid and entry.uuid not in left]
    if not gone or collection.manifest.uuid is None:
        return
    with open_synced(collection) as resolver:
        places = resolver.store.deployments.projects_of(
            [entry.uuid for entry in gone if entry.uuid]
        )
    changed = changes.extra.get(OWN_EXTRA, {}).get("projects", ())
    here = host_of(collection)
    for entry in gone:
        holders = [str(holder) for holder in holders_of(changes.after, entry.id)]
        if holders:
            took = " (--force takes it out there, too)" if changes.command == "remove" else ""
            yield f"{entry.id} is still a member of {', '.join(holders)}{took}"
        projects = [
            show_place(host, project, here)
            for host, project in places.get(entry.uuid or "", ())
            if host != here or (project not in changed and Path(project).is_dir())
        ]
        if projects:
            yield f"{entry.id} is still in {', '.join(projects)}"


def plan_purge(
    store: Store, collection: Collection, ids: Sequence[str]
) -> tuple[list[ArtifactRecord], ChangeSet]:
    """Return the removed artifacts that `ids` name (none: all), and the change of composites.

    Raises ArtifactNotFound for an id that is unknown, RefusedError for one that is not removed.
    """
    manifest = collection.manifest
    known = store.artifacts.all_of(manifest.uuid or "")
    removed = {row.id: row for row in known if not row.active}
    for text in ids:
        if text not in removed:
            if any(str(present) == text for present in manifest.by_id):
                raise RefusedError(f"{text} is not removed", hint=f"`holdall remove {text}` first")
            raise ArtifactNotFound(text, hint=f"removed are: {', '.join(removed) or 'none'}")
    going = [removed[text] for text in ids] if ids else list(removed.values())
    uuids = {row.uuid for row in going}
    composites = tuple(
        replace(c, members=tuple(m for m in c.members if m.uuid not in uuids))
        for c in manifest.composites
    )
    gone = tuple(Change(ChangeKind.GONE, ArtifactId.parse(row.id)) for row in going)
    after = replace(manifest, composites=composites)
    message = f"purged {', '.join(f'{row.id} ({row.uuid})' for row in going[:_NAMED])}"
    message += f" and {len(going) - _NAMED} more" if len(going) > _NAMED else ""
    extra = {OWN_EXTRA: {"purge": sorted(uuids), "message": message}} if going else {}
    return going, ChangeSet("purge", manifest, after, gone, extra)


def describe_holders(
    store: Store, collection: Collection, going: Sequence[ArtifactRecord]
) -> Iterator[str]:
    """Yield a sentence for each composite and project that still has what is to be purged."""
    places = store.deployments.projects_of([row.uuid for row in going])
    composites = collection.manifest.composites
    for row in going:
        for composite in composites:
            if any(member.uuid == row.uuid for member in composite.members):
                yield f"{row.id} is a member of {composite.id}, which loses it"
        for host, project in places.get(row.uuid, ()):
            place = show_place(host, project, host_of(collection))
            yield f"{row.id} is in {place}, where its files stay and are not updated any more"
