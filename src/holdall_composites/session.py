"""Opening a collection's database: the schema made current, the rows equal to the manifest."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from holdall.artifacts import ArtifactId
from holdall.collection import Collection, Manifest
from holdall_composites.console import say
from holdall_composites.database.connect import connected, is_embedded
from holdall_composites.resolver.resolver import Resolver
from holdall_composites.schema.runner import ensure_current
from holdall_composites.store.store import Store

if TYPE_CHECKING:
    from peewee import Database

    from holdall_composites.resolver.resolver import Edit


@contextmanager
def opened(
    collection: Collection,
    message: str | None = None,
    author: str | None = None,
    *,
    edit: Edit | None = None,
) -> Iterator[Resolver]:
    """Connect to a collection's database and bring it in line with the manifest.

    What changed becomes new versions, in the same transaction, with `message` and `author` in their
    history.
    A collection whose manifest has no UUID yet has no rows; it gets them with its first change.
    Raises DatabaseUnreachable, SchemaError, or what the rows refuse.
    """
    uuid = collection.manifest.uuid
    with connected(collection.database_url) as database:
        ensure_current(database, embedded=is_embedded(collection.database_url), say=say)
        store = Store(database)
        if uuid is not None:
            known = store.collections.get(uuid)
            if known is None or known.manifest_hash != collection.manifest_hash:
                _bring_in_line(store, collection, message, author)
        yield Resolver(store, uuid or "", edit) if edit else Resolver(store, uuid or "")


@contextmanager
def open_resolver(folder: Path | str) -> Iterator[Resolver]:
    """Open the collection in a folder as a command would, to ask for its composites or edit them.

        with open_resolver("kit") as resolver:
            resolver.add_member("composite:design-kit", "skill:canvas-design", pin="2")

    Its plugins are loaded, what an interrupted run left is finished, and the rows are brought in
    line with the manifest.
    """
    from holdall.cli import Context

    context = Context.of(Path(folder))
    with opened(context.collection(), edit=context.editing) as resolver:
        yield resolver


@contextmanager
def open_collection(folder: Path | str) -> Iterator[Database]:
    """Open the database of the collection in a folder, its models bound for the block.

        with open_collection("kit"):
            skills = Artifact.select().where(Artifact.type == "skill")

    The rows are in line with the manifest. Change them through `open_resolver` or a command: what
    is written to the database alone is lost with the next change of the manifest. One at a time:
    models are bound for the whole program.
    """
    from holdall_composites.database.models import MODELS

    with open_resolver(folder) as resolver:
        database = resolver.store.database
        with database.bind_ctx(MODELS, bind_refs=False, bind_backrefs=False):
            yield database


def _bring_in_line(
    store: Store, collection: Collection, message: str | None, author: str | None
) -> None:
    # Imported here: most commands find the rows in line.
    from holdall_composites.sync.save_versions import keep
    from holdall_composites.sync.state import state_of
    from holdall_composites.sync.sync import sync

    with store.transaction():
        sync(store, state_of(collection))
        keep(store, collection, message, author)


def identify(collection: Collection, manifest: Manifest) -> Manifest:
    """Return `manifest` with every UUID in place, those that the database knows included."""
    from holdall_composites.sync.identity import identified

    with opened(collection) as resolver:
        manifest = _without_strangers(resolver, collection, manifest)
        known = _known_uuids(resolver, collection, manifest)
        return identified(manifest, known.get, _removed(resolver, collection, manifest))


def _without_strangers(resolver: Resolver, collection: Collection, manifest: Manifest) -> Manifest:
    """Return the manifest without UUIDs that came from outside and are another collection's here.

    Two collections in one database may collect the same export; the second gets its own.
    """
    before = {entry.uuid for entry in collection.manifest.by_id.values()}
    new = {entry.uuid for entry in manifest.by_id.values()} - before - {None}
    if not new:
        return manifest
    owners = resolver.store.artifacts.owners_of(uuid for uuid in new if uuid)
    others = {u for u, (owner, _) in owners.items() if owner != collection.manifest.uuid}
    return replace(
        manifest,
        artifacts=tuple(
            replace(a, uuid=None) if a.uuid in others else a for a in manifest.artifacts
        ),
        composites=tuple(
            replace(c, uuid=None) if c.uuid in others else c for c in manifest.composites
        ),
    )


def _known_uuids(
    resolver: Resolver, collection: Collection, manifest: Manifest
) -> dict[ArtifactId, str]:
    wanting = [entry.id for entry in manifest.by_id.values() if entry.uuid is None]
    if collection.manifest.uuid is None or not wanting:
        return {}
    found = resolver.store.artifacts.uuids_of(collection.manifest.uuid, [str(i) for i in wanting])
    return {ArtifactId.parse(artifact_id): uuid for artifact_id, uuid in found.items()}


def _removed(resolver: Resolver, collection: Collection, manifest: Manifest) -> set[str]:
    """Return the UUIDs of members that were artifacts of the collection once."""
    here = {entry.uuid for entry in manifest.by_id.values()}
    members = {member.uuid for c in manifest.composites for member in c.members}
    missing = members - here - {None}
    if not missing:
        return set()
    owners = resolver.store.artifacts.owners_of(uuid for uuid in missing if uuid)
    return {u for u, (owner, _) in owners.items() if owner == collection.manifest.uuid}
