"""`holdall log` and `holdall why`: what was changed, by whom, and why something is somewhere."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from holdall.cli import Context
from holdall.errors import NotFoundError
from holdall_composites.values.records import OperationRecord

if TYPE_CHECKING:
    from holdall.collection import Collection
    from holdall.operations import Why
    from holdall_composites.history.why import Known
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
    from holdall_composites.session import open_synced

    collection = context.collection()
    uuid = collection.manifest.uuid or ""
    with open_synced(collection) as resolver:
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
    if context.out.is_terminal:
        _print_time_line(context, rows, set(map(str, undone)))
    else:
        context.out.table(rows)
    tables = [{**o.to_json(), "undone_by": undone.get(o.number)} for o in found]
    context.out.data(
        {"operations": tables, "releases": [release.to_json() for release in releases]}
    )
    return 0


def _print_time_line(context: Context, rows: list[tuple[str, ...]], undone: set[str]) -> None:
    """Print rows below their days: a dot for a release, a ring for what only a project has.

    2026-11-28
    │ ● 12:31  7  collect  changed skill:pdf  release 3, ada@desk
    │ ○ 12:30  6  deploy   placed skill:pdf in /home/ada/app  ada@desk
    """
    last = ""
    wide = [max((len(row[column]) for row in rows), default=0) for column in (0, 4)]
    for number, release, at, who, command, what in rows:
        day, _, time = at.partition("T")
        if day != last:
            context.out.line(day, style="bold")
            last = day
        mark = "○" if release == "-" else "●"
        head = f"│ {mark} {time[:5]}  {number:>{wide[0]}}  {command:<{wide[1]}}"
        note = who if release == "-" else f"{release}, {who}"
        style, of = ("dim", None) if number in undone else ("cyan", len(head))
        context.out.line(f"{head}  {what}  {note}", style=style, of=of)


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


def configure_why(why: argparse.ArgumentParser) -> None:
    """Add the arguments of `holdall why`."""
    why.description = (
        "Say which version of something a project has, where it is from, what asked for it, since"
        " when, what it can run, where else it is, and how to go back."
    )
    why.add_argument("id", metavar="ID", help="an artifact or a composite that the project has")
    why.add_argument(
        "--to",
        metavar="PROJECT",
        help="the project (default: the nearest folder upwards with a holdall.toml, else here)",
    )


def run_why(context: Context, args: argparse.Namespace) -> int:
    """Print why something is in a project."""
    from holdall.operations import explain, find_project
    from holdall_composites.history.why import find_known, ways_back
    from holdall_composites.session import open_synced

    project = Path(args.to) if args.to is not None else find_project(Path())
    context.settle(project)
    collection = context.collection()
    why = explain(context.session, project, collection, args.id)
    with open_synced(collection) as resolver:
        known = find_known(resolver.store, collection, why, project)
    back = list(ways_back(why, known))
    rows = [*_sentences(why, known), *(("to go back", way) for way in back)]
    context.out.line(str(why.id))
    context.out.table([(f"  {name}", text) for name, text in rows])
    context.out.data(_why_to_json(why, known, back, project))
    return 0


def _sentences(why: Why, known: Known) -> Iterator[tuple[str, str]]:
    if why.content_hash is not None:
        version = known.version
        number = f"{version.number}, " if version is not None else ""
        newest = known.newest
        is_old = version is not None and newest is not None and newest.number > version.number
        more = f"; the collection has {newest.number}" if is_old and newest is not None else ""
        yield "version", f"{number}{why.content_hash[:12]}{more}"
    for edit in why.edited:
        yield "edited", edit
    if why.source is not None and why.locked is not None:
        state = why.source.commit or why.source.digest or ""
        asked = f" {why.source.revision}" if why.source.revision else ""
        at = f" at {state.removeprefix('sha256:')[:12]}" if state else ""
        yield "from", f"{why.locked.path} of {why.source.source}{asked}{at}"
    elif why.own is not None and why.own.source is not None:
        yield "from", f"{why.own.source_path} of {why.own.source}"
    else:
        yield "from", "the collection"
    if why.required is not None:
        yield "required by", why.required
    wanted = ", ".join(map(str, why.wanted_by))
    if wanted and wanted != str(why.id):
        yield "wanted by", wanted
    if why.by_hand:
        yield "deployed by hand", ", ".join(map(str, why.by_hand))
    yield "for", ", ".join(why.targets) or "no agent"
    if known.since is not None:
        who = f"{known.since.author or '-'}@{known.since.host}"
        yield "since", f"{known.since.at}, {known.since.command} by {who}"
    if known.last is not None and known.last != known.since:
        yield "last changed", f"{known.last.at}, {known.last.command}"
    for effect in why.effects:
        yield "can run or send", effect
    if not why.effects and why.content_hash is not None:
        yield "can run or send", "nothing by itself"
    for project in known.projects:
        yield "also in", project


def _step(operation: OperationRecord | None) -> dict[str, Any] | None:
    if operation is None:
        return None
    return {key: getattr(operation, key) for key in ("number", "command", "at", "author", "host")}


def _why_to_json(why: Why, known: Known, back: list[str], project: Path) -> dict[str, Any]:
    source = why.source
    return {
        "project": str(project),
        "id": str(why.id),
        "uuid": why.uuid,
        "content_hash": why.content_hash,
        "version": known.version.number if known.version is not None else None,
        "newest": known.newest.number if known.newest is not None else None,
        "edited": list(why.edited),
        "source": source.source if source else why.own.source if why.own else None,
        "path": why.locked.path if why.locked else why.own.source_path if why.own else None,
        "revision": source.revision if source else None,
        "commit": source.commit if source else None,
        "digest": source.digest if source else None,
        "required": why.required,
        "wanted_by": [str(one) for one in why.wanted_by],
        "by_hand": [str(one) for one in why.by_hand],
        "targets": list(why.targets),
        "since": _step(known.since),
        "last": _step(known.last),
        "effects": list(why.effects),
        "projects": list(known.projects),
        "back": back,
    }
