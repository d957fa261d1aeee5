"""Rebuilding a lost or damaged embedded database from the collection's folder."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from holdall.collection import Collection
from holdall.errors import HoldallError, RefusedError, StorageError, UsageError
from holdall.formats import DatabaseURL
from holdall_composites.database.connect import connected
from holdall_composites.schema.runner import pending_revisions
from holdall_composites.session import opened
from holdall_composites.store.store import Store


class Rebuilt(NamedTuple):
    """What came back, and what could not.

    `replaced` is where the old file lies now; `unversioned` are artifacts whose files are not
    what the manifest says; `lost_pins` are (composite, member, content hash).
    """

    artifacts: int
    composites: int
    memberships: int
    replaced: str | None
    unversioned: tuple[str, ...]
    lost_pins: tuple[tuple[str, str, str], ...]

    def to_json(self) -> dict[str, object]:
        """Return the result as `holdall rebuild --json` prints it."""
        return self._asdict()


def rebuild(collection: Collection, *, force: bool, dry_run: bool) -> Rebuilt | None:
    """Rebuild the database; None for a dry run, which only checks.

    The old file is kept beside it. Raises UsageError for a database that is no file, RefusedError
    for one that is whole, unless forced. The caller holds the collection's lock.
    """
    url = DatabaseURL.parse(collection.database_url)
    if url.dialect != "sqlite":
        raise UsageError(
            f"{url.shown} is no file of this collection's own",
            hint="restore it from a backup; any command fills in what the manifest has",
        )
    if not force and _is_whole(collection):
        raise RefusedError(
            f"{url.shown} is whole, and holds what a folder cannot: older versions, the log",
            hint="`holdall doctor` says what is wrong; --force sets it aside all the same",
        )
    if dry_run:
        return None
    replaced = _set_aside(Path(url.path))
    with opened(collection, "rebuild") as resolver:
        store, uuid = resolver.store, collection.manifest.uuid or ""
        return Rebuilt(
            artifacts=len(collection.manifest.artifacts),
            composites=len(collection.manifest.composites),
            memberships=len(store.memberships.all_of(uuid)),
            replaced=str(replaced) if replaced else None,
            unversioned=tuple(store.versions.unversioned(uuid)),
            lost_pins=tuple(
                (c, child, pin) for c, child, pin in store.integrity.unknown_pins(uuid)
            ),
        )


def _is_whole(collection: Collection) -> bool:
    path = Path(DatabaseURL.parse(collection.database_url).path)
    if not path.exists() or path.stat().st_size == 0:
        return False
    try:
        with connected(collection.database_url, read_only=True) as database:
            if Store(database).integrity.broken_files():
                return False
            pending_revisions(database)
    except HoldallError:
        return False
    return True


def _set_aside(path: Path) -> Path | None:
    """Rename a database file with what SQLite keeps beside it; returns the new name."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    new = path.with_name(f"{path.name}.{stamp}.replaced")
    there = [suffix for suffix in ("-wal", "-shm", "") if os.path.lexists(f"{path}{suffix}")]
    if not there:
        return None
    try:
        for suffix in there:
            os.rename(f"{path}{suffix}", f"{new}{suffix}")
    except OSError as error:
        raise StorageError(
            f"cannot set {path} aside: {error.strerror}", hint="check its folder's permissions"
        ) from error
    return new
