"""`holdall purge`, `doctor` and `rebuild`: what keeps a collection small and sound."""

from __future__ import annotations

import argparse

from holdall.cli import Context


def configure_purge(purge: argparse.ArgumentParser) -> None:
    """Add the arguments of `holdall purge`."""
    purge.description = (
        "Delete removed artifacts with all their versions for good, and every stored"
        " byte that nothing needs any more."
    )
    purge.add_argument("ids", nargs="*", metavar="ID", help="which of them (default: all)")
    purge.add_argument("--dry-run", action="store_true", help="show it only, delete nothing")


def configure_doctor(doctor: argparse.ArgumentParser) -> None:
    """Add the arguments of `holdall doctor`."""
    doctor.add_argument("--deep", action="store_true", help="read every stored byte, too")


def configure_rebuild(rebuild: argparse.ArgumentParser) -> None:
    """Add the arguments of `holdall rebuild`."""
    rebuild.add_argument(
        "--force", action="store_true", help="even if it is whole; it is kept beside the new one"
    )
    rebuild.add_argument("--dry-run", action="store_true", help="check only, write nothing")


def run_purge(context: Context, args: argparse.Namespace) -> int:
    """Take what is purged out of composites, and delete its rows and bytes, as one release."""
    from holdall_composites.service.removal import describe_holders, plan_purge
    from holdall_composites.session import open_synced

    with context.edit_collection() as editor:
        with open_synced(editor.collection) as resolver:
            store = resolver.store
            going, changes = plan_purge(store, editor.collection, args.ids)
            lines = list(describe_holders(store, editor.collection, going))
            before = store.integrity.totals()
        for sentence in lines:
            context.out.note(sentence)
        changes = editor.propose(changes)
        done = None
        if not args.dry_run:
            editor.commit(changes)
            with open_synced(context.collection_as_it_is()) as resolver:
                store = resolver.store
                if not going:  # what nothing needs any more goes all the same
                    store.integrity.purge(editor.collection.manifest.uuid or "", [])
                done = before.without(store.integrity.totals())
    for row in going:
        context.out.line(f"{'would purge' if done is None else 'purged'} {row.id}")
    if done is not None:
        context.out.line(
            f"deleted {len(going)} artifacts, {done.versions} versions,"
            f" {done.blobs} files of {done.size:,} bytes"
        )
    context.out.data(
        {
            "dry_run": args.dry_run,
            "purged": [{"id": row.id, "uuid": row.uuid} for row in going],
            "wanted": lines,
            "versions": done.versions if done else None,
            "blobs": done.blobs if done else None,
            "bytes": done.size if done else None,
        }
    )
    return 0


def run_doctor(context: Context, args: argparse.Namespace) -> int:
    """Name each disagreement and how to fix it; exit 1 if there is one."""
    from holdall.errors import InputError
    from holdall.operations import Finding
    from holdall_composites.service.doctor import examine

    root = str(context.collection_root)
    try:
        findings = list(examine(context.collection_as_it_is(), deep=args.deep))
    except InputError as error:
        findings = [Finding("manifest-unreadable", root, error.message, error.hint or "")]
    for finding in findings:
        context.out.line(f"{finding.code}: {finding.subject}: {finding.message}")
        context.out.line(f"  fix: {finding.hint}")
    if not findings:
        context.out.line("files, manifest, database and versions agree")
    context.out.data({"findings": [finding.to_json() for finding in findings]})
    return 1 if findings else 0


def run_rebuild(context: Context, args: argparse.Namespace) -> int:
    """Rebuild the database; exit 1 if something that was wanted could not come back."""
    from holdall_composites.service.rebuild import rebuild

    with context.edit_collection(as_it_is=True) as editor:
        done = rebuild(editor.root, editor.collection, force=args.force, dry_run=args.dry_run)
    if done is None:
        context.out.line("would rebuild the database")
        context.out.data({"dry_run": True})
        return 0
    context.out.line(
        f"came back: {done.artifacts} artifacts, {done.composites} composites and"
        f" {done.memberships} memberships, with their UUIDs and pins"
    )
    if done.is_new:
        context.out.line(
            "could not come back: versions older than the files that are there, removed artifacts,"
            " the log, and which project has what (the next deploy into each tells)"
        )
    if done.replaced:
        context.out.line(f"the old database is {done.replaced}")
    for artifact_id in done.unversioned:
        context.out.note(f"{artifact_id} is not as it was collected: `holdall collect` keeps it")
    for composite, child, pin in done.lost_pins:
        context.out.note(f"{composite} pins {child} to {pin[:12]}, which is lost: pin another")
    context.out.data({"dry_run": False, **done.to_json()})
    return 1 if done.unversioned or done.lost_pins else 0
