"""`holdall list`: what the collection holds."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from holdall.cli.commands.collection.show import add_release_option, entry_to_json, state_of
from holdall.cli.context import Context
from holdall.errors import UsageError

if TYPE_CHECKING:
    from holdall.artifacts.ids import ArtifactId
    from holdall.cli.commands.collection.details import Shown
    from holdall.cli.tables import Cell
    from holdall.collection.collection import Collection


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = (
        "List the artifacts of the collection. In a pipe: id, UUID and source. On a terminal, and"
        " with --long: description, version, projects that have it, and problems, too."
    )
    parser.add_argument("--type", metavar="TYPE", help="only artifacts of this type, of %(types)s")
    parser.add_argument(
        "--source", metavar="TEXT", help="only what came from a source with this text in it"
    )
    parser.add_argument(
        "--outdated",
        action="store_true",
        help="only what a project has with other content than the collection",
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--long", "-l", action="store_true", help="in a pipe as on a terminal")
    form.add_argument("--ids", action="store_true", help="print ids only, for scripts")
    add_release_option(parser)


def run(context: Context, args: argparse.Namespace) -> int:
    """Print every artifact and composite, by type and name."""
    from holdall.artifacts.ids import sort_ids

    collection = context.collection()
    if args.release is not None:
        collection = _past(context, collection, args)
    ids = sort_ids(of_type(collection, args.type))
    entries = [collection.entry(artifact_id) for artifact_id in ids]
    if args.source is not None:
        entries = [entry for entry in entries if args.source in (entry.source or "")]
        if not entries:
            context.out.note(f"nothing came from a source with {args.source!a} in it")
    out = context.out
    is_plain = args.ids or args.release is not None
    if args.long or args.outdated or (out.is_terminal and not is_plain):
        from holdall.cli.commands.collection.details import details_of, look_at

        found = look_at(collection, entries, details_of(context, collection))
        if args.outdated:
            found = [shown for shown in found if shown.stale]
        collection.remember()
        if args.ids:
            print_ids(context, [shown.entry.id for shown in found])
        else:
            print_shown(context, found)
        out.data({"artifacts": [shown.to_json() for shown in found]})
        return 0
    if args.ids:
        print_ids(context, [entry.id for entry in entries])
    else:
        out.table([(str(e.id), e.uuid or "-", e.source or "-") for e in entries])
    if out.json:
        out.data({"artifacts": [entry_to_json(entry) for entry in entries]})
    return 0


def _past(context: Context, collection: Collection, args: argparse.Namespace) -> Collection:
    """Return the collection with the manifest that it had in a release."""
    from dataclasses import replace

    if args.long or args.outdated:
        hint = "leave --long and --outdated out; `holdall show ID --release N` has the files"
        raise UsageError("--release shows what was, not what projects have now", hint=hint)
    return replace(collection, manifest=state_of(context, collection, args.release).manifest)


def of_type(collection: Collection, wanted: str | None) -> list[ArtifactId]:
    """Return the ids of a type, of all if it is None; raises UsageError for none that there is."""
    known = {*collection.types, *(entry.type for entry in collection.manifest.by_id)}
    if wanted is not None and wanted not in known:
        raise UsageError(f"no type {wanted!a}", hint=f"the types are {', '.join(sorted(known))}")
    return [i for i in collection.manifest.by_id if wanted in (None, i.type)]


def print_ids(context: Context, ids: Sequence[ArtifactId]) -> None:
    """Print ids, one a line."""
    for artifact_id in ids:
        context.out.line(str(artifact_id))


def print_shown(context: Context, found: Sequence[Shown]) -> None:
    """Print entries: on a terminal below their sources, in a pipe as one table."""
    out = context.out
    if out.json or out.quiet:
        return
    if not out.is_terminal:
        out.table([_plain(shown) for shown in found])
        return
    from holdall.cli.tables import Group, print_groups

    groups: dict[str, list[Sequence[Cell]]] = {}
    for shown in found:
        groups.setdefault(shown.entry.source or "made here", []).append(_cells(shown))
    print_groups(out, [Group(source, groups[source]) for source in sorted(groups)])
    artifacts = sum(shown.entry.id.type != "composite" for shown in found)
    composites = len(found) - artifacts
    counts = [
        f"{artifacts} artifact{'' if artifacts == 1 else 's'}",
        f"{composites} composite{'' if composites == 1 else 's'}",
    ]
    for what in ("edited", "missing"):
        if number := sum(what in shown.problems for shown in found):
            counts.append(f"{number} {what}")
    if number := sum(bool(shown.stale) for shown in found):
        counts.append(f"{number} deployed with other content")
    out.line(", ".join(counts))


def _plain(shown: Shown) -> tuple[str, ...]:
    version = "-" if shown.version is None else str(shown.version)
    problems = (*shown.problems, *(["stale"] if shown.stale else []))
    return (
        str(shown.entry.id),
        version,
        ",".join(problems) or "-",
        ",".join(shown.projects) or "-",
        shown.entry.source or "-",
        shown.description,
    )


def _cells(shown: Shown) -> list[Cell]:
    from holdall.cli.tables import Cell

    version = "" if shown.version is None else f"v{shown.version}"
    places = [Path(project).name for project in shown.projects]
    where = f"{len(places)} projects" if len(places) > 1 else "".join(places)
    problems = " ".join(shown.problems)
    return [
        Cell(f"  {shown.entry.id}", "red" if shown.problems else "cyan"),
        Cell(version, "dim"),
        Cell(f"{where}*" if shown.stale else where, "yellow" if shown.stale else "green"),
        Cell(f"{problems}: {shown.description}" if problems else shown.description),
    ]
