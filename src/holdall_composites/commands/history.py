"""`holdall log`: what was changed, by whom, and what was undone."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from holdall.cli import Context
from holdall.errors import NotFoundError
from holdall_composites.values.records import OperationRecord

if TYPE_CHECKING:
    from holdall.collection import Collection
    from holdall_composites.store.store import Store
    from holdall_composites.values.records import ReleaseRecord


def configure_log(log: argparse.ArgumentParser) -> None:
    """Add the arguments of `holdall log`."""
    log.add_argument("id", nargs="?", metavar="ID", help="only what changed this artifact")
    log.add_argument("-n", "--limit", type=count, metavar="N", help="only the last N")


def count(text: str) -> int:
    """Read how many, or which: 1 or more."""
    number = int(text) if text.isdecimal() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a number from 1 on")
    return number


def run_log(context: Context, args: argparse.Namespace) -> int:
    """Print operations and releases with who made them, when, and what undid them."""
    from itertools import islice

    from holdall_composites.history.releases import with_edits
    from holdall_composites.history.steps import undone_by
    from holdall_composites.session import opened

    collection = context.collection()
    uuid = collection.manifest.uuid or ""
    with opened(collection) as resolver:
        store = resolver.store
        artifact = _uuid_of(store, collection, args.id) if args.id else None
        found = store.operations.all_of(uuid, artifact_uuid=artifact, limit=args.limit)
        undone = undone_by(store.operations.all_of(uuid))
        releases = store.collections.releases_of(uuid, uuid=artifact, limit=args.limit)
        alone = {r.number for r in releases} - {o.release for o in store.operations.all_of(uuid)}
        edits = [release for release in releases if release.number in alone]
    rows = [
        _row(one, undone.get(one.number)) if isinstance(one, OperationRecord) else _edit_row(one)
        for one in islice(with_edits(found, edits), args.limit)
    ]
    context.out.table(rows)
    tables = [{**o.to_json(), "undone_by": undone.get(o.number)} for o in found]
    context.out.data(
        {"operations": tables, "releases": [release.to_json() for release in releases]}
    )
    return 0


def _edit_row(release: ReleaseRecord) -> tuple[str, ...]:
    """Return the row of a release that no command made: edits of the files, or what git brought."""
    who = f"{release.author or '-'}@{release.host}"
    what = release.message or "changes of the folder"
    return "-", f"release {release.number}", release.at, who, release.command, what


def _row(operation: OperationRecord, undoer: int | None) -> tuple[str, ...]:
    release = f"release {operation.release}" if operation.release else "-"
    what = operation.summary
    if operation.undoes:
        what = f"{', '.join(map(str, operation.undoes))}: {what}"
    if operation.project:
        what = f"{what} in {operation.project}"
    if undoer is not None:
        what = f"{what} (undone by {undoer})"
    who = f"{operation.author or '-'}@{operation.host}"
    return str(operation.number), release, operation.at, who, operation.command, what


def _uuid_of(store: Store, collection: Collection, text: str) -> str:
    """Return the UUID of an artifact that is there, or was."""
    try:
        return collection.entry(collection.resolve(text)).uuid or ""
    except NotFoundError:
        known = store.artifacts.uuids_of(collection.manifest.uuid or "", [text])
        if text not in known:
            raise
        return known[text]
