"""Make a working folder of a collection from its database alone."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from holdall import NamedTuple
from holdall.artifacts import ArtifactId, TypeSpec
from holdall.collection import Collection, Manifest
from holdall.config import is_collection, trust_database
from holdall.errors import LockedError, NotFoundError, RefusedError, UsageError
from holdall.files import STATE_FOLDER, Root, Scratch, user_folder
from holdall.formats import DatabaseURL
from holdall.operations import fill_collection
from holdall.transaction import Action, new_folder, puts, refuse_taken
from holdall_composites.console import reporter
from holdall_composites.database.connect import connect_database
from holdall_composites.history.versions import lay_out_all
from holdall_composites.schema.runner import ensure_current
from holdall_composites.store.store import Store
from holdall_composites.sync.releases.head import choose_collection, read_head
from holdall_composites.sync.releases.seen import remember_release

_TRIES = 300
_PAUSE = 0.2


class Cloned(NamedTuple):
    """What was cloned, or would be: where to, and the manifest there."""

    folder: Path
    manifest: Manifest


def clone(
    text: str,
    folder: Path | None,
    chosen: str | None,
    types: Mapping[str, TypeSpec],
    *,
    dry_run: bool,
) -> Cloned:
    """Make a folder of the collection that is chosen, at its newest release: wholly or not at all.

    `text` is the database's URL, which the folder's settings get without its password and which is
    trusted for it. The default for `folder` is the collection's name. Raises ConflictError for a
    folder that is not empty, RefusedError for the database inside of another collection.
    """
    url = DatabaseURL.parse(text)
    with reading_database(url) as store, store.snapshot():
        record = choose_collection(store, chosen, url.shown)
        manifest = read_head(store, record)
        target = folder or _folder_of(manifest.name)
        refuse_taken(target)
        specs = {a.id: _spec_of(types, a.id.type) for a in manifest.artifacts}
        if dry_run:
            return Cloned(target, manifest)
        recorded = _lasting_url(url)
        with Scratch() as scratch, new_folder(target) as place:
            actions = list(_actions(store, manifest, specs, scratch))
            fill_collection(place, manifest, actions, database=recorded)
            with Root(place) as root:
                remember_release(store, root, manifest)
            trust_database(target, recorded)
    return Cloned(target, manifest)


def folder_of(
    text: str, chosen: str | None, default: Collection | None, types: Mapping[str, TypeSpec]
) -> Path | None:
    """Return the folder of Holdall's own for a collection in a database; it is cloned once.

    None where the user's default collection is the one that is meant.
    """
    url = DatabaseURL.parse(text)
    if default is not None and (url.is_embedded or default.manifest.uuid is None):
        return None
    with reading_database(url) as store:
        known = {record.id for record in store.collections.all()}
        if default is not None and (not known or default.manifest.uuid in known):
            return None
        record = choose_collection(store, chosen, url.shown)
    address = hashlib.sha256(_lasting_url(url).encode()).hexdigest()[:8]
    folder = user_folder("data") / "collections" / f"{record.id}-{address}"
    for _ in range(_TRIES):
        if is_collection(folder):
            return folder
        try:
            clone(text, folder, record.id, types, dry_run=False)
        except LockedError:  # another process is making it
            time.sleep(_PAUSE)
        else:
            reporter().note(f"made a folder for the collection {record.name!r}: {folder}")
    return folder


@contextmanager
def reading_database(url: DatabaseURL) -> Iterator[Store]:
    """Open a shared database to read it; raises RefusedError for one inside of a collection."""
    path = Path(url.path).absolute()
    if url.is_embedded and path.parent.name == STATE_FOLDER and is_collection(path.parents[1]):
        raise RefusedError(
            f"{url.shown} is the own database of the collection {path.parents[1]}",
            hint=f"name the collection by --collection {path.parents[1]}, or copy its folder",
        )
    if url.is_embedded and not path.exists():
        raise NotFoundError(f"no database {url.shown}", hint="check the path")
    with connect_database(url.text, read_only=True) as database:
        ensure_current(database, embedded=False)
        yield Store(database)


def _folder_of(name: str) -> Path:
    if not name.isprintable() or not name.strip(" .") or set(name) & set("/\\"):
        raise UsageError(f"{name!a} cannot be a folder's name", hint="name the folder")
    return Path(name)


def _spec_of(types: Mapping[str, TypeSpec], name: str) -> TypeSpec:
    try:
        return types[name]
    except KeyError:
        raise NotFoundError(
            f"the collection has artifacts of the type {name!a}, which is unknown here",
            hint="install the plugin that defines it; see `holdall plugins`",
        ) from None


def _lasting_url(url: DatabaseURL) -> str:
    """Return the URL to record: without password, and right in every folder."""
    return f"sqlite:///{Path(url.path).absolute()}" if url.is_embedded else url.without_password


def _actions(
    store: Store, manifest: Manifest, specs: Mapping[ArtifactId, TypeSpec], scratch: Scratch
) -> Iterator[Action]:
    """Yield what puts every artifact's files in place; their bytes are in the scratch folder."""
    entries = {str(number): entry for number, entry in enumerate(manifest.artifacts)}
    wanted = {
        name: (entry.content_hash, specs[entry.id])
        for name, entry in entries.items()
        if entry.content_hash  # else it was named in the manifest and never collected
    }
    for name, tree, location in lay_out_all(store, wanted, scratch.path):
        entry = entries[name]
        yield from puts(entry.path, specs[entry.id], tree, location)
