"""Whether files, manifest, database and blobs agree: each disagreement, and how to mend it.

Reads only. Codes are stable; docs/history.md lists them.
"""

from __future__ import annotations

import glob
import hashlib
import shlex
import stat
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from holdall.artifacts import LEDGER, tree_hash
from holdall.collection import ChangeKind, Collection, plan_refresh
from holdall.deploy import parse_ledger
from holdall.errors import HoldallError, StorageError
from holdall.files import STATE_FOLDER
from holdall.transaction import is_unsettled
from holdall_composites.database.connect import DatabaseURL, connected
from holdall_composites.errors import DatabaseUnreachable
from holdall_composites.schema.drift import find_drift
from holdall_composites.schema.runner import pending_revisions
from holdall_composites.store.store import Store
from holdall_composites.sync.difference import Rows, difference
from holdall_composites.sync.state import state_of
from holdall_composites.values.records import DeploymentRecord
from holdall_composites.values.types import DeploymentState

_OF_FILES = {
    ChangeKind.NEW: ("not-collected", "lies here and is not in the manifest"),
    ChangeKind.CHANGED: ("edited", "was edited since it was collected"),
    ChangeKind.RENAMED: ("renamed", "was renamed since it was collected"),
    ChangeKind.GONE: ("files-missing", "has lost its files"),
    ChangeKind.CONFLICT: ("files-missing", "has lost its files"),
}


class Finding(NamedTuple):
    """One disagreement: a stable code, what it is about, what is wrong, how to mend it."""

    code: str
    subject: str
    message: str
    hint: str

    def to_json(self) -> dict[str, str]:
        """Return the finding as `holdall doctor --json` prints it."""
        return self._asdict()


def examine(collection: Collection, *, deep: bool = False) -> Iterator[Finding]:
    """Yield every disagreement; with `deep` every byte is read, of files and of the database."""
    if deep:
        collection = replace(collection, index=None)
    if is_unsettled(collection.root):
        yield Finding(
            "unfinished",
            str(collection.root),
            "an interrupted run left something to finish or to tell",
            "any command on the collection finishes it, as `holdall list`",
        )
    url = DatabaseURL.parse(collection.database_url)
    yield from _open_to_others([*_state_places(collection.root), *_files_of(url)])
    yield from _files(collection)
    yield from _database(collection, deep=deep)


def _state_places(root: Path) -> list[Path]:
    """Return the state folder of a collection or project, and the settings in it."""
    return [root / STATE_FOLDER, *(root / STATE_FOLDER).glob("config.toml")]


def _files_of(url: DatabaseURL) -> list[Path]:
    """Return an embedded database's files, its backups among them."""
    if url.dialect != "sqlite":
        return []
    return sorted(Path(url.path).parent.glob(f"{glob.escape(Path(url.path).name)}*"))


def _open_to_others(places: Iterable[Path]) -> Iterator[Finding]:
    """Yield what holds state, passwords or stored bytes and may be read or written by others."""
    for place in places:
        mode = _mode(place)
        # Nobody gets past a private folder to what lies in it.
        if mode & 0o077 and (place.name == STATE_FOLDER or _mode(place.parent) & 0o011):
            yield Finding(
                "open-to-others",
                str(place),
                f"its mode is {mode:04o}: others may look at it, or change it",
                f"chmod go= {shlex.quote(str(place))}",
            )


def _mode(place: Path) -> int:
    try:
        return stat.S_IMODE(place.stat().st_mode)
    except OSError:
        return 0


def _files(collection: Collection) -> Iterator[Finding]:
    refresh = plan_refresh(collection, takes_hidden=True)
    for change in refresh.changes.changes:
        if change.kind in _OF_FILES:
            code, message = _OF_FILES[change.kind]
            hint = "`holdall collect` takes note of it"
            if code == "files-missing":
                hint = f"`holdall restore {change.id} VERSION`, or `holdall remove {change.id}`"
            yield Finding(code, str(change.old_id or change.id), message, hint)
    for diagnostic in refresh.diagnostics:
        if diagnostic.code != "member-gone":
            yield Finding(
                diagnostic.code, diagnostic.path, diagnostic.message, "mend or delete the file"
            )
    for entry in collection.manifest.by_id.values():
        if entry.uuid is None:
            yield Finding(
                "no-uuid", str(entry.id), "has no UUID yet", "`holdall collect` gives it one"
            )


def _database(collection: Collection, *, deep: bool) -> Iterator[Finding]:
    url = DatabaseURL.parse(collection.database_url)
    if collection.manifest.uuid is None:
        return
    if url.dialect == "sqlite" and not Path(url.path).exists():
        yield Finding(
            "database-missing",
            url.shown,
            "the database is gone",
            "`holdall rebuild` makes it anew from the folder",
        )
        return
    try:
        with connected(collection.database_url) as database:
            store = Store(database)
            broken = list(_damage(store, url.shown))
            yield from broken
            pending = [] if broken else pending_revisions(database)
            if pending:
                yield Finding(
                    "schema-old",
                    url.shown,
                    f"it lacks {len(pending)} migrations, from {pending[0].title} on",
                    "`holdall db upgrade`",
                )
            if broken or pending:
                return
            for sentence in find_drift(database):
                yield Finding(
                    "schema-drift", url.shown, sentence, "restore a backup, or `holdall rebuild`"
                )
            yield from _rows(store, collection)
            yield from _versions(store, collection.manifest.uuid, deep=deep)
            is_shared = url.dialect != "sqlite"
            yield from _deployments(store, collection.manifest.uuid, is_shared=is_shared)
    except DatabaseUnreachable as error:
        yield Finding("database-unreachable", url.shown, error.message, error.hint or "")
    except HoldallError as error:
        yield Finding("database-failed", url.shown, error.message, error.hint or "")


def _damage(store: Store, shown: str) -> Iterator[Finding]:
    for sentence in store.integrity.broken_files():
        hint = "`holdall rebuild` makes it anew from the folder"
        yield Finding("database-damaged", shown, sentence, hint)


def _rows(store: Store, collection: Collection) -> Iterator[Finding]:
    state = state_of(collection)
    rows = Rows.read(store, state.uuid)
    hint = "any command on the collection mends it, as `holdall collect`"
    try:
        found = difference(rows, state)
    except HoldallError as error:
        yield Finding("manifest-wrong", state.name, error.message, error.hint or "")
        return
    artifacts = {row.uuid: row.id for row in rows.artifacts.values()}
    for entry in (*found.new_artifacts, *found.changed_artifacts):
        yield Finding("rows-differ", entry.id, "its row is not what the manifest says", hint)
    for row in found.gone_artifacts:
        yield Finding("rows-differ", artifacts[row.uuid], "the manifest does not have it", hint)
    for composite in (*found.new_composites, *found.changed_composites):
        yield Finding("rows-differ", composite.id, "its row is not what the manifest says", hint)
    memberships = [
        *found.gone_memberships,
        *(m[:2] for m in found.moved_memberships),
        *(m[:2] for m in found.changed_memberships),
        *(m[:2] for m in found.new_memberships),
    ]
    for composite_id, child in memberships:
        message = f"its member {artifacts.get(child, child)} is not as the manifest says"
        yield Finding("rows-differ", composite_id, message, hint)


def _versions(store: Store, collection_id: str, *, deep: bool) -> Iterator[Finding]:
    for artifact_id in store.versions.unversioned(collection_id):
        yield Finding(
            "version-missing",
            artifact_id,
            "its newest version is not what it is now",
            "`holdall collect` keeps it",
        )
    for artifact_id in store.integrity.misnumbered_artifacts(collection_id):
        yield Finding(
            "version-gap",
            artifact_id,
            "its versions do not follow each other",
            "restore the database from a backup",
        )
    for composite_id, child, pin in store.integrity.unknown_pins(collection_id):
        yield Finding(
            "pin-unknown",
            composite_id,
            f"it pins {child} to {pin[:12]}, which is no version of it",
            f"`holdall composite unpin {composite_id} {child}`, or pin another version",
        )
    if unused := store.integrity.count_unused_blobs():
        yield Finding(
            "unused-blobs",
            "blobs",
            f"{unused} stored files belong to nothing",
            "`holdall purge` deletes them",
        )
    if deep:
        yield from _bytes(store, collection_id)


def _bytes(store: Store, collection_id: str) -> Iterator[Finding]:
    """Read every version's files; each blob once."""
    checked: dict[str, str | None] = {}
    for artifact_id, number, content_hash in store.integrity.version_hashes(collection_id):
        name = f"{artifact_id}@{number}"
        tree = store.contents.get_tree(content_hash)
        if tree is None or tree_hash(tree.files) != content_hash:
            yield Finding("tree-damaged", name, "its list of files is damaged", "restore a backup")
            continue
        for file in tree.files:
            if file.sha256 not in checked:
                checked[file.sha256] = _damage_of(store, file.sha256, file.size)
            if (problem := checked[file.sha256]) is not None:
                yield Finding("blob-damaged", name, f"{file.path}: {problem}", "restore a backup")


def _damage_of(store: Store, sha256: str, size: int) -> str | None:
    found, read = 0, hashlib.sha256()
    try:
        for chunk in store.contents.read_blob(sha256):
            found += len(chunk)
            read.update(chunk)
    except StorageError as error:
        return error.message
    if (found, read.hexdigest()) != (size, sha256):
        return f"the stored content is not the one of {sha256[:12]}"
    return None


def _deployments(store: Store, collection_id: str, *, is_shared: bool) -> Iterator[Finding]:
    """Compare with the projects' ledgers; of a shared database only with those on this host."""
    ledgers: dict[str, dict[str | None, set[str]]] = {}
    cursor = None
    while True:
        page = store.deployments.all_of(collection_id, cursor=cursor)
        for row in page.items:
            if is_shared and not Path(row.project).is_dir():
                continue
            if row.project not in ledgers:
                ledgers[row.project] = _deployed_in(Path(row.project))
                yield from _open_to_others(_state_places(Path(row.project)))
            hashes = ledgers[row.project].get(row.artifact_uuid, set())
            if row.state == DeploymentState.PENDING:
                message = f"a deploy into {row.project} was begun and not finished"
                yield _of_deployment(store, row, "deployment-pending", message)
            elif row.content_hash not in hashes:
                message = f"{row.project} does not have it as the database says"
                yield _of_deployment(store, row, "deployment-differs", message)
        if (cursor := page.next_cursor) is None:
            return


def _of_deployment(store: Store, row: DeploymentRecord, code: str, message: str) -> Finding:
    owners = store.artifacts.owners_of([row.artifact_uuid])
    _, name = owners.get(row.artifact_uuid, ("", row.artifact_uuid))
    hint = f"`holdall deploy --to {row.project}`, or `holdall undeploy {name} --to {row.project}`"
    return Finding(code, name, message, hint)


def _deployed_in(project: Path) -> dict[str | None, set[str]]:
    """Return the content hashes under which a project's ledger has each artifact, by UUID."""
    path = project / LEDGER
    found: dict[str | None, set[str]] = {}
    try:
        ledger = parse_ledger(path.read_text(encoding="utf-8"), str(path))
    except (OSError, ValueError, HoldallError):
        return found
    for entry in ledger.deployed:
        found.setdefault(entry.uuid, set()).add(entry.content_hash)
    return found
