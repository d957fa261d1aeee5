"""Opening a collection's database: the schema made current, the rows equal to the manifest."""

from __future__ import annotations

from collections.abc import Iterator, Set
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from holdall.collection import Collection, Manifest, ManifestArtifact, ManifestComposite
from holdall.errors import ConflictError, OvertakenError, UsageError
from holdall.formats import DatabaseURL
from holdall.transaction import Signature
from holdall_composites.console import reporter
from holdall_composites.database.connect import can_write, connect_database
from holdall_composites.database.sqlite_file import (
    can_read as can_read_file,
    can_write as can_write_file,
    private_copy,
)
from holdall_composites.errors import DatabaseFailed, DatabaseReadOnly
from holdall_composites.resolver.resolver import Resolver
from holdall_composites.schema.revisions import is_current
from holdall_composites.store.store import Store

if TYPE_CHECKING:
    from peewee import Database

    from holdall.collection import ManifestHead
    from holdall_composites.resolver.resolver import Edit
    from holdall_composites.sync.releases.chain import Header
    from holdall_composites.values.records import CollectionRecord

REBUILD = "rebuild"
"""The command of a release that a lost database gets from its folder."""

Entry = TypeVar("Entry", ManifestArtifact, ManifestComposite)


@contextmanager
def open_synced(
    collection: Collection,
    header: Header | None = None,
    *,
    edit: Edit | None = None,
    touched: Set[str] | None = None,
    at_head: bool = False,
) -> Iterator[Resolver]:
    """Connect to a collection's database and bring it in line with the manifest.

    What changed becomes a release and new versions, in the same transaction; `header` says whose
    change it is, None that somebody edited the files, and `touched` which entries it changed.
    A database that can only be read is read as it is; an SQLite file whose rows would have to
    change is read from a copy with the right rows.
    A collection whose manifest has no UUID yet has no rows; it gets them with its first change. One
    that is ahead of its folder is asked about as it is.
    Raises DatabaseUnreachable, SchemaError, or what the rows refuse; with `at_head`, OvertakenError
    for a folder that is behind.
    """
    uuid = collection.manifest.uuid or ""
    url = DatabaseURL.parse(collection.database_url)
    only_reads = url.is_embedded and not can_write_file(Path(url.path))
    with ExitStack() as stack:
        if only_reads:
            database = _open_to_read(stack, collection, Path(url.path))
        else:
            database = stack.enter_context(connect_database(collection.database_url))
        store = Store(database)
        known = _open_row(store, uuid, embedded=url.is_embedded)
        is_right = known is not None and known.manifest_hash == collection.manifest_hash
        if is_right:
            store.known = known
        elif uuid and collection.ahead is None:
            if at_head:
                _refuse_behind(store, collection)
            if url.is_embedded or can_write(database):
                bring_in_line(store, collection, header, touched)
            else:
                text = f"{url.shown} can only be read, and is not as {collection.root} says"
                reporter().note(f"note: {text}")
        if only_reads:
            database.pragma("query_only", 1)  # what is written to a copy would be lost
        yield Resolver(store, uuid, edit) if edit else Resolver(store, uuid)


def is_newest(head: ManifestHead, database_url: str) -> bool:
    """Return whether a folder is at the newest release, and its manifest as that release has it.

    One round trip to a server. The rows were made from this very text, so that nobody needs to read
    the rest of it again.
    """
    with connect_database(database_url) as database:
        known = _open_row(Store(database), head.uuid, embedded=False)
    at = (known.manifest_hash, known.head_hash) if known else None
    return at == (head.manifest_hash, head.base)


def _open_row(store: Store, uuid: str, *, embedded: bool) -> CollectionRecord | None:
    """Make sure of the schema, and read the collection's row: one round trip to a server."""
    database: Any = store.database
    if embedded:
        if not (database.is_current or is_current(database)):
            from holdall_composites.schema.runner import ensure_current

            ensure_current(database, embedded=True)
        database.is_current = True
    elif not database.is_current:
        from holdall_composites.schema.history import revisions_of
        from holdall_composites.schema.runner import ensure_current

        with suppress(DatabaseFailed):  # else it is said below what is missing
            rows, database.may_write = store.collections.open(uuid)
            ensure_current(database, embedded=False, applied=revisions_of(rows))
            return store.collections.get(uuid)
        ensure_current(database, embedded=False)
    return store.collections.get(uuid) if uuid else None


def _open_to_read(stack: ExitStack, collection: Collection, path: Path) -> Any:
    """Open a file that cannot be written; a copy, if its rows are not those of the manifest."""
    if not can_read_file(path):
        reporter().note(f"note: {path} cannot be read: versions and history are left out")
        return stack.enter_context(private_copy())
    database = stack.enter_context(connect_database(collection.database_url, read_only=True))
    if _is_in_line(database, collection):
        return database
    return stack.enter_context(private_copy(database))


def _is_in_line(database: Database, collection: Collection) -> bool:
    return is_current(database) and (
        collection.manifest.uuid is None or has_rows_of(Store(database), collection)
    )


def host_of(collection: Collection, signature: Signature | None = None) -> str:
    """Return what a collection's database calls a machine, this one by default.

    It is empty in an embedded database, which has one machine only, under whatever name.
    """
    is_embedded = DatabaseURL.parse(collection.database_url).is_embedded
    return "" if is_embedded else (signature or Signature.now()).host


def show_place(host: str, project: str, here: str) -> str:
    """Return how a project is called in a sentence: with its machine, unless that is `here`."""
    return project if host == here else f"{host or 'a machine unknown'}:{project}"


def has_rows_of(store: Store, collection: Collection) -> bool:
    """Return whether the rows were last made equal to this very manifest."""
    known = store.collections.get(collection.manifest.uuid or "")
    return known is not None and known.manifest_hash == collection.manifest_hash


def _refuse_behind(store: Store, collection: Collection) -> None:
    """Raise OvertakenError where the rows are of another release than a folder's files."""
    from holdall_composites.sync.releases.chain import Standing, find_standing, head_of

    if collection.has_own_database:
        return
    head = head_of(store, collection.manifest.uuid or "")
    if find_standing(store, collection.manifest, head)[0] is not Standing.HEAD:
        raise OvertakenError(
            f"{collection.root} is not at release {head[0]}, the newest of its database",
            hint="`holdall pull` brings it there",
        )


def refuse_read_only(collection: Collection) -> None:
    """Raise DatabaseReadOnly if a change of the collection could not be recorded."""
    url = DatabaseURL.parse(collection.database_url)
    if url.is_embedded:
        may_write = can_write_file(Path(url.path))
    else:
        with connect_database(collection.database_url) as database:
            _open_row(Store(database), "", embedded=False)
            may_write = can_write(database)
    if not may_write:
        raise DatabaseReadOnly(
            f"the database {url.shown} can only be read",
            hint="nothing was changed; name the primary server, a role that may write, or a"
            " collection of your own",
        )


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
    with open_synced(context.collection(), edit=context.edit_collection) as resolver:
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


def bring_in_line(
    store: Store,
    collection: Collection,
    header: Header | None,
    touched: Set[str] | None = None,
) -> None:
    """Make the rows what the manifest says, and keep what changed, in one transaction and release.

    A database that others share is left as it is where it went on since the manifest was written:
    what the folder does not know yet is not taken back. `holdall pull` brings it there.
    """
    # Imported here: most commands find the rows in line.
    from holdall.collection import PULL
    from holdall_composites.sync.releases.chain import (
        Header,
        Standing,
        append_release,
        find_standing,
        first_header,
        head_of,
    )
    from holdall_composites.sync.save_versions import keep
    from holdall_composites.sync.state import state_of
    from holdall_composites.sync.sync import sync

    uuid = collection.manifest.uuid or ""
    head, is_alone = head_of(store, uuid), collection.has_own_database
    standing = Standing.HEAD if is_alone else find_standing(store, collection.manifest, head)[0]
    is_new = head[1] is None and header is not None and header.command == REBUILD
    if standing is Standing.BEHIND:
        text = f"{collection.root} is behind release {head[0]} of its database"
        reporter().note(f"{text}: `holdall pull` brings it forward")
        return
    if standing is Standing.UNKNOWN and not is_new:
        text = f"{collection.root} was written from a release that its database does not have"
        reporter().note(f"{text}: `holdall doctor` says more")
        return
    is_settled = header is not None and header.command == PULL
    if not is_alone and not is_settled and _takes_back(store, collection, head[0]):
        text = f"{collection.root} has something as it was before a release of its database"
        reporter().note(f"{text}: `holdall pull` says what")
        return
    with store.transaction():
        if not is_alone and store.collections.lock(uuid) != head:
            raise OvertakenError(f"{collection.root}: somebody else changed the collection")
        if header and store.collections.release_of_change(uuid, header.change_id) is not None:
            header = touched = None  # reported again: what differs was edited since
        sync(store, state_of(collection))
        told_of = (header.command, header.author) if header else (None, None)
        if header is not None and header.older:
            store.versions.add_older(uuid, header.older, *told_of)
        keep(store, collection, *told_of)
        if header is None:
            header = Header.of(Signature.now(), "edit") if head[0] else first_header(uuid)
        append_release(store, collection.manifest, header, touched)


def _takes_back(store: Store, collection: Collection, head: int) -> bool:
    """Return whether a folder at the head has entries as they were before."""
    from holdall_composites.sync.releases.manifest import state_of
    from holdall_composites.sync.releases.outdated import find_outdated
    from holdall_composites.values.states import delta_between

    uuid = collection.manifest.uuid or ""
    newest = store.collections.state_at(uuid, head)
    ours = delta_between(newest, state_of(collection.manifest))
    return any(find_outdated(store, uuid, ours, head, newest))


def identify(
    collection: Collection, manifest: Manifest, header: Header, *, is_collect: bool = False
) -> Manifest:
    """Return `manifest` with every UUID in place, and the release that it will be.

    UUIDs that the database knows are taken.

    UUIDs that came from outside and are another collection's here are replaced: two collections in
    one database may collect the same export. So are, in a collect, those of something that was
    here once under another name and with other content: its history is not the source's to take.
    Those of members that were artifacts here once stay.
    """
    from holdall.collection import NEW_CHAIN
    from holdall_composites.sync.identity import fill_uuids
    from holdall_composites.sync.releases.chain import head_below, head_of, with_release

    if header.command == NEW_CHAIN and collection.has_own_database:
        raise UsageError(
            f"{collection.root} has a database of its own, which follows the folder",
            hint="name the other database with --database, or in .holdall/config.toml",
        )

    own = collection.manifest.uuid
    before = {entry.uuid for entry in collection.manifest.by_id.values()}
    here = {entry.uuid for entry in manifest.by_id.values()}
    members = {member.uuid for composite in manifest.composites for member in composite.members}
    asked = [uuid for uuid in (here - before) | (members - here) if uuid]
    with open_synced(collection) as resolver:
        if collection.has_own_database:
            head = head_of(resolver.store, own or "")
        else:
            head = head_below(resolver.store, collection.manifest)
        if header.command == NEW_CHAIN and head[1] is not None:
            raise ConflictError(
                f"the database has this collection already, at release {head[0]}",
                hint="`holdall doctor` says how the folder is related to it",
            )
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
        manifest = fill_uuids(manifest, uuids, known)
        return with_release(resolver.store, head, manifest, collection.manifest, header)


def _had_content(store: Store, entry: ManifestArtifact | ManifestComposite) -> bool:
    """Return whether a version of the artifact with this UUID has the entry's content."""
    content = entry.content_hash if isinstance(entry, ManifestArtifact) else None
    return any(v.content_hash == content for v in store.versions.all_of(entry.uuid or ""))


def _without_uuids(entries: tuple[Entry, ...], strange: set[str]) -> tuple[Entry, ...]:
    return tuple(replace(e, uuid=None) if e.uuid in strange else e for e in entries)
