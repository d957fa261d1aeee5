"""`holdall log` and `holdall undo`: what was changed, and the way back."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from holdall.cli import Context
from holdall.errors import NotFoundError, UsageError

if TYPE_CHECKING:
    from holdall.collection import Collection
    from holdall.operations import DeployResult
    from holdall_composites.history.undo import ProjectUndo, Undo
    from holdall_composites.store.store import Store
    from holdall_composites.values.records import OperationRecord


def configure_log(log: argparse.ArgumentParser) -> None:
    """Add the arguments of `holdall log`."""
    log.add_argument("id", nargs="?", metavar="ID", help="only what changed this artifact")
    log.add_argument("-n", "--limit", type=_count, metavar="N", help="only the last N")


def configure_undo(undo: argparse.ArgumentParser) -> None:
    """Add the arguments of `holdall undo`."""
    undo.description = (
        "Turn the last N operations back (default: 1). An undo is an operation too:"
        " undoing it does again what it undid."
    )
    undo.add_argument("count", nargs="?", type=_count, default=1, metavar="N", help="how many")
    undo.add_argument(
        "--operation", type=_count, metavar="NUMBER", help="this one of `holdall log` instead"
    )
    undo.add_argument(
        "--force", action="store_true", help="even over edited files, each kept as a backup"
    )
    undo.add_argument("--dry-run", action="store_true", help="show it only, write nothing")


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def run_log(context: Context, args: argparse.Namespace) -> int:
    """Print operations with who made them, when, and what undid them."""
    from holdall_composites.session import opened

    collection = context.collection()
    uuid = collection.manifest.uuid or ""
    with opened(collection) as resolver:
        store = resolver.store
        artifact = _uuid_of(store, collection, args.id) if args.id else None
        found = store.operations.all_of(uuid, artifact_uuid=artifact, limit=args.limit)
        undone = store.operations.undone_of(uuid)
    context.out.table([_row(operation, undone.get(operation.number)) for operation in found])
    tables = [{**o.to_json(), "undone_by": undone.get(o.number)} for o in found]
    context.out.data({"operations": tables})
    return 0


def _row(operation: OperationRecord, undone_by: int | None) -> tuple[str, ...]:
    what = operation.summary
    if operation.undoes:
        what = f"{', '.join(map(str, operation.undoes))}: {what}"
    if operation.project:
        what = f"{what} in {operation.project}"
    if undone_by is not None:
        what = f"{what} (undone by {undone_by})"
    who = f"{operation.author or '-'}@{operation.host}"
    return str(operation.number), operation.at, who, operation.command, what


def _uuid_of(store: Store, collection: Collection, text: str) -> str:
    """Return the UUID of an artifact that is there, or was."""
    try:
        return collection.entry(collection.resolve(text)).uuid or ""
    except NotFoundError:
        known = store.artifacts.uuids_of(collection.manifest.uuid or "", [text])
        if text not in known:
            raise
        return known[text]


def run_undo(context: Context, args: argparse.Namespace) -> int:
    """Turn operations back: the collection's part first, then each project's."""
    from contextlib import ExitStack
    from tempfile import TemporaryDirectory

    from holdall_composites.history.undo import plan_undo, with_other_halves
    from holdall_composites.session import opened

    if args.operation and args.count != 1:
        raise UsageError("--operation names one operation", hint="leave N out")
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(TemporaryDirectory("-holdall")))
        with context.editing() as editor:
            collection = editor.collection
            store = stack.enter_context(opened(collection)).store
            operations = _chosen(store, collection, args)
            uuid = collection.manifest.uuid or ""
            operations = with_other_halves(store, uuid, operations)
            undo = plan_undo(store, collection, operations, scratch, force=args.force)
            # Whatever a project has against it is said before anything is written.
            results = [_turned_back(context, collection, p, args, True) for p in undo.projects]
            if undo.collection is not None:
                editor.propose(undo.collection.changes)
            if undo.collection is not None and not args.dry_run:
                outcome = editor.commit(undo.collection.changes, undo.collection.actions)
                for path, backup in outcome.backups if outcome else ():
                    context.out.note(f"kept your version of {path} as {backup}")
        if not args.dry_run and undo.projects:
            collection = context.collection()
            results = [_turned_back(context, collection, p, args, False) for p in undo.projects]
    return _tell(context, undo, results, dry_run=args.dry_run)


def _chosen(
    store: Store, collection: Collection, args: argparse.Namespace
) -> list[OperationRecord]:
    uuid = collection.manifest.uuid or ""
    if args.operation is None:
        found = store.operations.all_of(uuid, limit=args.count)
        if len(found) < args.count:
            raise NotFoundError(
                f"there are only {len(found)} operations to undo", hint="`holdall log` shows them"
            )
        return found
    for operation in store.operations.all_of(uuid):
        if operation.number == args.operation:
            return [operation]
    raise NotFoundError(f"no operation {args.operation}", hint="`holdall log` shows them")


def _turned_back(
    context: Context,
    collection: Collection,
    part: ProjectUndo,
    args: argparse.Namespace,
    dry_run: bool,
) -> DeployResult:
    targets = context.targets(part.targets, part.project)
    how = {"force": args.force, "dry_run": dry_run}
    deployer = context.deployer(collection, part.project, targets, **how)
    return deployer.revert(part.change, part.hash_of, part.content_of, part.extra)


def _tell(context: Context, undo: Undo, results: list[DeployResult], *, dry_run: bool) -> int:
    from holdall.cli import result_to_json, tell_files

    verb = "would undo" if dry_run else "undid"
    for operation in undo.operations:
        where = f" in {operation.project}" if operation.project else ""
        context.out.line(
            f"{verb} {operation.number}: {operation.command}: {operation.summary}{where}"
        )
    for result in results:
        tell_files(context, result, dry_run=dry_run)
    changes = undo.collection.changes.changes if undo.collection else ()
    context.out.data(
        {
            "dry_run": dry_run,
            "undone": [operation.to_json() for operation in undo.operations],
            "changes": [change.to_json() for change in changes],
            "projects": [result_to_json(result, dry_run=dry_run) for result in results],
        }
    )
    return 0
