"""Whether files, manifest, database and blobs agree: each disagreement, and how to fix it.

Reads only. Codes are stable; docs/history.md lists them.
"""

from __future__ import annotations

import glob
import hashlib
import shlex
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from holdall.artifacts import tree_hash
from holdall.collection import Collection
from holdall.errors import HoldallError, StorageError
from holdall.formats import DatabaseURL
from holdall.operations import Finding, examine_files, open_to_others, read_deployed
from holdall_composites.database.connect import connect_database
from holdall_composites.errors import DatabaseDamaged, DatabaseUnreachable
from holdall_composites.schema.drift import find_drift
from holdall_composites.schema.runner import pending_revisions
from holdall_composites.service.chains import examine_chain
from holdall_composites.session import host_of
from holdall_composites.store.store import Store
from holdall_composites.sync.difference import Rows, difference
from holdall_composites.sync.state import state_of
from holdall_composites.values.records import DeploymentRecord
from holdall_composites.values.types import DeploymentState


def examine(collection: Collection, *, deep: bool = False) -> Iterator[Finding]:
    """Yield every disagreement; with `deep` every byte is read, of files and of the database."""
    if deep:
        collection = replace(collection, index=None)
    url = DatabaseURL.parse(collection.database_url)
    yield from examine_files(collection, _files_of(url))
    yield from _database(collection, deep=deep)


def _files_of(url: DatabaseURL) -> list[Path]:
    """Return an embedded database's files, its backups among them."""
    if url.dialect != "sqlite":
        return []
    return sorted(Path(url.path).parent.glob(f"{glob.escape(Path(url.path).name)}*"))


def _database(collection: Collection, *, deep: bool) -> Iterator[Finding]:
    url = DatabaseURL.parse(collection.database_url)
    if collection.manifest.uuid is None:
        return
    if url.dialect == "sqlite" and not Path(url.path).exists():
        yield Finding(
            "database-missing",
            url.shown,
            "the database is gone",
            _rebuild(collection),
        )
        return
    try:
        with connect_database(collection.database_url, read_only=True) as database:
            store = Store(database)
            broken = store.integrity.broken_files()
            for sentence in broken:
                yield Finding("database-damaged", url.shown, sentence, _rebuild(collection))
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
            found = list(examine_chain(store, collection, deep=deep))
            yield from found
            if not found:  # else the rows are of another release than the manifest
                yield from _rows(store, collection)
            yield from _versions(store, collection.manifest.uuid, deep=deep)
            yield from _deployments(store, collection.manifest.uuid, host_of(collection))
    except (DatabaseDamaged, DatabaseUnreachable) as error:
        yield Finding(error.code, url.shown, error.message, error.hint or "")
    except HoldallError as error:
        yield Finding("database-failed", url.shown, error.message, error.hint or "")


def _rebuild(collection: Collection) -> str:
    again = "`holdall rebuild` makes it again from the folder"
    if collection.has_own_database:
        return again
    return f"restore a backup; {again} alone, without what others released since"


def _rows(store: Store, collection: Collection) -> Iterator[Finding]:
    state = state_of(collection)
    rows = Rows.read(store, state.uuid)
    hint = "any command on the collection fixes it, as `holdall collect`"
    try:
        found = difference(rows, state)
    except HoldallError as error:
        yield Finding("manifest-wrong", state.name, error.message, error.hint or "")
        return
    artifacts = {row.uuid: row.id for row in rows.artifacts.values()}
    ids = [artifact.id for artifact in (*found.new_artifacts, *found.changed_artifacts)]
    ids += [composite.id for composite in (*found.new_composites, *found.changed_composites)]
    for entry_id in ids:
        yield Finding("rows-differ", entry_id, "its row is not what the manifest says", hint)
    for row in found.gone_artifacts:
        yield Finding("rows-differ", artifacts[row.uuid], "the manifest does not have it", hint)
    other = (*found.moved_memberships, *found.changed_memberships, *found.new_memberships)
    keys = ((membership.composite_id, membership.child_artifact_uuid) for membership in other)
    for composite_id, child in (*found.gone_memberships, *keys):
        message = f"its member {artifacts.get(child, child)} is not as the manifest says"
        yield Finding("rows-differ", composite_id, message, hint)


def _versions(store: Store, collection_id: str, *, deep: bool) -> Iterator[Finding]:
    for artifact_id in store.versions.list_unversioned(collection_id):
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


def _hashes_in(ledger: dict[str | None, set[str]], store: Store, row: DeploymentRecord) -> set[str]:
    """Return the content hashes that a project has of an artifact, maybe under a lock's UUID."""
    if row.artifact_uuid in ledger or not ledger:
        return ledger.get(row.artifact_uuid, set())
    owners = store.artifacts.owners_of({row.artifact_uuid})
    return ledger.get(owners[row.artifact_uuid][1], set()) if owners else set()


def _deployments(store: Store, collection_id: str, host: str) -> Iterator[Finding]:
    """Compare with the ledgers of the projects on this machine."""
    ledgers: dict[str, dict[str | None, set[str]]] = {}
    gone: set[str] = set()
    cursor = None
    while True:
        page = store.deployments.all_of(collection_id, cursor=cursor)
        for row in page.items:
            if row.host != host:
                continue
            if not Path(row.project).is_dir():
                if row.project not in gone:
                    gone.add(row.project)
                    yield _of_gone(row.project)
                continue
            if row.project not in ledgers:
                ledgers[row.project] = read_deployed(Path(row.project))
                yield from open_to_others(Path(row.project))
            hashes = _hashes_in(ledgers[row.project], store, row)
            if row.state == DeploymentState.PENDING:
                message = f"a deploy into {row.project} was begun and not finished"
                yield _of_deployment(store, row, "deployment-pending", message)
            elif row.content_hash not in hashes:
                message = f"{row.project} does not have it as the database says"
                yield _of_deployment(store, row, "deployment-differs", message)
        if (cursor := page.next_cursor) is None:
            return


def _of_gone(project: str) -> Finding:
    shown = shlex.quote(project)
    hint = f"if it moved, `holdall deploy --to` where it is now; else `undeploy --forget {shown}`"
    return Finding("project-gone", project, "is not there any more", hint)


def _of_deployment(store: Store, row: DeploymentRecord, code: str, message: str) -> Finding:
    owners = store.artifacts.owners_of([row.artifact_uuid])
    _, name = owners.get(row.artifact_uuid, ("", row.artifact_uuid))
    hint = f"`holdall deploy {name} --to {row.project}`, or `undeploy --forget {row.project}`"
    return Finding(code, name, message, hint)
