"""Opening a collection's database: the schema made current, the rows equal to the manifest."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from holdall.collection import Collection, Manifest, ManifestArtifact, ManifestComposite
from holdall_composites.database.connect import connected, is_embedded
from holdall_composites.resolver.resolver import Resolver
from holdall_composites.schema.runner import ensure_current
from holdall_composites.store.store import Store

if TYPE_CHECKING:
    from peewee import Database

    from holdall_composites.resolver.resolver import Edit

Entry = TypeVar("Entry", ManifestArtifact, ManifestComposite)


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
        ensure_current(database, embedded=is_embedded(collection.database_url))
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


def identify(collection: Collection, manifest: Manifest, *, is_collect: bool = False) -> Manifest:
    """Return `manifest` with every UUID in place, those that the database knows included.

    UUIDs that came from outside and are another collection's here are replaced: two collections in
    one database may collect the same export. So are, in a collect, those of something that was
    here once under another name and with other content: its history is not the source's to take.
    Those of members that were artifacts here once stay.
    """
    from holdall_composites.sync.identity import identified

    own = collection.manifest.uuid
    before = {entry.uuid for entry in collection.manifest.by_id.values()}
    here = {entry.uuid for entry in manifest.by_id.values()}
    members = {member.uuid for composite in manifest.composites for member in composite.members}
    asked = [uuid for uuid in (here - before) | (members - here) if uuid]
    with opened(collection) as resolver:
        artifacts = resolver.store.artifacts
        owners = artifacts.owners_of(asked) if asked else {}
        known = {uuid for uuid, (owner, _) in owners.items() if owner == own}
        strange = owners.keys() - known
        if is_collect:
            names = {uuid: id_ for uuid, (_, id_) in owners.items()}
            strange |= {
                entry.uuid
                for entry in manifest.by_id.values()
                if entry.uuid in known - before
                and str(entry.id) != names[entry.uuid]
                and not _had_content(resolver.store, entry)
            }
        manifest = replace(
            manifest,
            artifacts=_without_uuids(manifest.artifacts, strange),
            composites=_without_uuids(manifest.composites, strange),
        )
        wanting = [str(entry.id) for entry in manifest.by_id.values() if entry.uuid is None]
        uuids = artifacts.uuids_of(own, wanting) if own and wanting else {}
    return identified(manifest, uuids, known)


def _had_content(store: Store, entry: ManifestArtifact | ManifestComposite) -> bool:
    """Return whether a version of the artifact with this UUID has the entry's content."""
    content = entry.content_hash if isinstance(entry, ManifestArtifact) else None
    return any(v.content_hash == content for v in store.versions.all_of(entry.uuid or ""))


def _without_uuids(entries: tuple[Entry, ...], strange: set[str]) -> tuple[Entry, ...]:
    return tuple(replace(e, uuid=None) if e.uuid in strange else e for e in entries)
