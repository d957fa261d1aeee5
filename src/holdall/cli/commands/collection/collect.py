"""`holdall collect`: collect artifacts from sources, or record edits made in the collection."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from holdall import NamedTuple
from holdall.cli.allow import HIDDEN_TEXT, add_allow, refuse_unknown
from holdall.cli.context import Context
from holdall.errors import UsageError
from holdall.sources.fetch.address import show_address

if TYPE_CHECKING:
    from holdall.artifacts.ids import ArtifactId
    from holdall.collection.changes import ChangeSet
    from holdall.collection.collect.conflicts import ImportPlan
    from holdall.operations.write_collection import Editor
    from holdall.sources.values import Diagnostic, Reading, RemoteComposite


_STYLES = {"new": "green", "changed": "cyan", "renamed": "cyan", "conflict": "red", "gone": "red"}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = (
        "Collect artifacts from sources. Without a source, record what was edited, renamed, added"
        " or deleted in the collection's folder."
    )
    parser.add_argument(
        "sources",
        nargs="*",
        metavar="SOURCE",
        help="a folder, an archive, or a git repository: URL or OWNER/REPO, [@REVISION][#FOLDER]",
    )
    parser.add_argument(
        "--on-conflict",
        choices=["fail", "keep", "take", "both"],
        default="fail",
        help="if the collection has different content under that name (default: fail)",
    )
    parser.add_argument(
        "--rename", action="append", default=[], metavar="OLD=NEW", help="collect OLD as NEW"
    )
    add_allow(parser)
    parser.add_argument(
        "--dry-run", action="store_true", help="show what would be done, write nothing"
    )


def run(context: Context, args: argparse.Namespace) -> int:
    """Collect from each source in turn, each in a transaction of its own."""
    refuse_unknown(args.allow)
    renames = _renames(args.rename)
    results: list[dict[str, object]] = []
    attention = False
    with context.edit_collection():
        pass
    for source in args.sources or [None]:
        taken = collect_from(context, source, renames, args)
        attention = tell_taken(context, taken, args.dry_run) or attention
        results.append(_to_json(source, taken))
    context.out.data({"sources": results, "dry_run": args.dry_run})
    return 1 if attention else 0


def _renames(pairs: Sequence[str]) -> dict[ArtifactId, ArtifactId]:
    from holdall.artifacts.ids import ArtifactId

    renames = {}
    for pair in pairs:
        old, equals, new = pair.partition("=")
        if not equals:
            raise UsageError(f"--rename {pair!a} is not OLD=NEW", hint="as in skill:old=skill:new")
        old_id, new_id = ArtifactId.parse(old), ArtifactId.parse(new)
        if old_id.type != new_id.type:
            raise UsageError(f"--rename {pair!a} changes the type", hint="keep the type")
        renames[old_id] = new_id
    return renames


class Taken(NamedTuple):
    """The result of one source: what changed, what is wrong with it, and which ids were refused."""

    changes: ChangeSet
    diagnostics: Sequence[Diagnostic]
    revision: str | None = None
    refused: Sequence[ArtifactId] = ()
    remotes: Sequence[RemoteComposite] = ()
    left_out: Mapping[str, str] = MappingProxyType({})
    former: str | None = None


def collect_from(
    context: Context,
    source: str | None,
    renames: dict[ArtifactId, ArtifactId],
    args: argparse.Namespace,
) -> Taken:
    """Collect from a source, or what was edited in the collection's own folder."""
    if source is None or Path(source).resolve() == context.collection_root.resolve():
        return _refresh(context, args)
    return _take(context, source, renames, args)


def _refresh(context: Context, args: argparse.Namespace) -> Taken:
    from holdall.collection.collect.from_folder import plan_refresh

    with context.edit_collection() as editor:
        found = plan_refresh(editor.collection, takes_hidden=HIDDEN_TEXT in args.allow)
        changes = editor.propose(found.changes)
        if not args.dry_run:
            editor.commit(changes)
        editor.collection.remember()
    diagnostics = [d for d in found.diagnostics if d.code not in args.allow]
    return Taken(changes, diagnostics)


def _take(
    context: Context, source: str, renames: dict[ArtifactId, ArtifactId], args: argparse.Namespace
) -> Taken:
    from holdall.operations.read_source import open_source

    # Fetching can take long: the collection is locked only once everything is read.
    with (
        open_source(context.plugins, source, context.caps) as reading,
        context.edit_collection() as editor,
    ):
        plan = _import(context, editor, reading, renames, args)
        diagnostics = reading.without(args.allow).diagnostics
        return Taken(
            *(plan.changes, diagnostics, reading.revision, plan.refused),
            remotes=reading.remotes,
            left_out=reading.left_out,
            former=plan.former,
        )


def _import(
    context: Context,
    editor: Editor,
    reading: Reading,
    renames: dict[ArtifactId, ArtifactId],
    args: argparse.Namespace,
) -> ImportPlan:
    from holdall.collection.collect.conflicts import OnConflict, refuse_conflicts, trees_put
    from holdall.collection.collect.from_source import plan_import

    plan = plan_import(
        editor.collection,
        reading,
        on_conflict=OnConflict(args.on_conflict),
        renames=renames,
        takes_hidden=HIDDEN_TEXT in args.allow,
    )
    if plan.former is not None:
        now = reading.source or str(reading.root)
        context.out.note(f"{now} is known by its address or content: it was {plan.former}")
    _report_clashes(context, editor, plan)
    if args.dry_run:
        return plan._replace(changes=editor.propose(plan.changes))
    refuse_conflicts(plan)
    plan = plan._replace(changes=editor.propose(plan.changes))
    outcome = editor.commit(plan.changes, plan.actions, trees_put(plan.changes, reading))
    for path, backup in outcome.backups if outcome else ():
        context.out.note(f"kept your version of {path} as {backup}")
    return plan


def _report_clashes(context: Context, editor: Editor, plan: ImportPlan) -> None:
    """Show three-way what was edited here and changed in the source."""
    from holdall.collection.collect.conflicts import three_way
    from holdall.errors import HoldallError
    from holdall.files.tree import Tree

    for clash in plan.clashes:
        base = None
        if clash.base is not None:
            with suppress(HoldallError):
                base = context.plugins.first(
                    "holdall_version_tree",
                    Tree,
                    collection=editor.collection,
                    artifact_id=clash.id,
                    version=clash.base,
                )
        for line in three_way(clash, base):
            context.out.note(f"{clash.id}: {line}")


def tell_taken(context: Context, taken: Taken, dry_run: bool) -> bool:
    """Print what was collected; return whether something needs attention."""
    from holdall.collection.changes import ChangeKind

    changes = taken.changes
    lines = []
    for change in changes.changes:
        if change.kind is not ChangeKind.IDENTICAL:
            old = f" (was {change.old_id})" if change.old_id else ""
            note = f": {change.note}" if change.note else ""
            lines.append(f"{change.kind.value:9} {change.id}{old}{note}")
    for line in context.out.shorten(lines):
        context.out.line(line, style=_STYLES.get(line.partition(" ")[0], ""), of=9)
    for line in context.out.shorten([problem.sentence for problem in taken.diagnostics]):
        context.out.note(line)
    for path, why in taken.left_out.items():
        context.out.detail(f"left out: {path}: {why}")
    for remote in taken.remotes:
        context.out.detail(f"elsewhere: {remote.name}: {remote.shown}")
    if taken.remotes:
        context.out.note(
            f"{len(taken.remotes)} plugins of its marketplace are elsewhere, and not collected;"
            " `holdall scan` lists them"
        )
    for refused in taken.refused:
        context.out.note(f"{refused} is refused: --allow {HIDDEN_TEXT} allows it")
    counts = [
        f"{len(found)} {kind.value}" for kind in ChangeKind if (found := changes.of_kind(kind))
    ]
    written = "nothing written" if dry_run or changes.before == changes.after else "collected"
    context.out.line(f"{written}: {', '.join(counts) or 'nothing found'}")
    is_lost = bool(changes.changes) and all(c.kind is ChangeKind.KEPT for c in changes.changes)
    return bool(is_lost or changes.of_kind(ChangeKind.CONFLICT)) or any(
        problem.level != "info" for problem in taken.diagnostics
    )


def _to_json(source: str | None, taken: Taken) -> dict[str, object]:
    return {
        "source": None if source is None else show_address(source),
        "former_source": taken.former,
        "revision": taken.revision,
        "changes": [change.to_json() for change in taken.changes.changes],
        "refused": [str(refused) for refused in taken.refused],
        "diagnostics": [problem.to_json() for problem in taken.diagnostics],
        "elsewhere": [{"name": r.name, "source": r.source} for r in taken.remotes],
        "left_out": [{"path": path, "why": why} for path, why in taken.left_out.items()],
    }
