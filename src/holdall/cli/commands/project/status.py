"""`holdall status`: how a project compares with what was deployed and with the collection."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from holdall.cli.commands.project.deploy import join_words, project_of
from holdall.cli.context import Context
from holdall.errors import HostilePathError, NotFoundError, UsageError

if TYPE_CHECKING:
    from holdall.collection.collection import Collection
    from holdall.deploy.status import ArtifactStatus
    from holdall.deploy.targets import Target
    from holdall.files.root import Root


STYLES = {"synced": "green", "modified": "yellow", "outdated": "cyan", "renamed": "cyan"}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--to", default=".", metavar="PROJECT", help="the project (default: here)")
    where.add_argument("--user", action="store_true", help="your home folder instead")
    where.add_argument(
        "--all",
        action="store_true",
        help="every project that the collection's database knows, on all machines",
    )
    parser.add_argument(
        "--reports",
        metavar="DIR|URL",
        help="with --all: what machines reported there by `sync --report-to`, instead of what the"
        " database knows",
    )
    parser.add_argument(
        "--target", action="append", metavar="TARGET", help="of %(targets)s (default: all)"
    )


def run(context: Context, args: argparse.Namespace) -> int:
    """Print the state of every deployed artifact; exit 1 if one is not in sync."""
    if args.all:
        from holdall.cli.commands.project.fleet import run_all

        return run_all(context, args)
    if args.reports is not None:
        raise UsageError("--reports is of all projects", hint="add --all")
    from holdall.deploy.status import State

    collection = _collection(context)
    context.settle(project_of(args))
    found = find_status(context, collection, project_of(args), args.target)
    for status in found:
        note = f" ({status.note})" if status.note else ""
        line = f"{status.state.value:9} {status.id} for {status.target}{note}"
        context.out.line(line, style=STYLES.get(status.state.value, "red"), of=9)
        for file in status.files:
            context.out.line(f"          {file.change} {file.path}")
    _tell_what_to_do(context, found, project_of(args))
    context.out.data(
        {"project": str(project_of(args)), "deployed": [status.to_json() for status in found]}
    )
    return 1 if any(status.state is not State.SYNCED for status in found) else 0


def _tell_what_to_do(context: Context, found: Sequence[ArtifactStatus], project: Path) -> None:
    """Print how many are in which state, and what to do about those that are not in sync."""
    is_here = str(project) == "."
    place = "here" if is_here else f"in {project}"
    if not found:
        context.out.line(f"nothing is deployed {place}")
        return
    from holdall.deploy.status import ADOPTED, OTHER

    states = Counter(status.state.value for status in found)
    targets = join_words(sorted({status.target for status in found}))
    counts = ", ".join(f"{number} {state}" for state, number in states.items())
    context.out.line(f"{counts} for {targets} {place}")
    to, away = ("", "") if is_here else (f" --to {project}", f" --from {project}")
    first = {status.state.value: status.id for status in reversed(found)}
    modified = [one for one in found if one.state.value == "modified"]
    edited = next((one.id for one in modified if one.note not in (ADOPTED, OTHER)), None)
    if edited is not None:
        context.out.note(
            f"hint: `holdall diff {edited}{to or ' --to .'}` shows an edit, `holdall adopt"
            f" {edited}{away}` keeps it, `holdall deploy{to} --force` replaces it"
        )
    if states.keys() & {"outdated", "renamed"}:
        context.out.note(f"hint: `holdall deploy{to}` updates what is deployed")
    if "removed" in first:
        context.out.note(f"hint: `holdall undeploy {first['removed']}{to}` removes it")


def find_status(
    context: Context,
    collection: Collection | None,
    folder: Path,
    wanted: Sequence[str] | None = None,
) -> list[ArtifactStatus]:
    """Return the state of what is deployed in a project for these targets; None means all."""
    from holdall.config import cache_folder
    from holdall.deploy.project.project import read_project, targets_in
    from holdall.deploy.status import status_of
    from holdall.files.root import Root
    from holdall.files.stat_index import StateIndex, index_file

    names = wanted or sorted(context.plugins.targets)
    deployed = targets_in(folder, context.plugins.targets)
    with Root(folder) as root:
        targets = [
            target
            for target in context.targets(names, folder)
            if wanted or target.name in deployed or _can_be_read(root, target)
        ]
        file = index_file(cache_folder(context.config), "project", folder)
        index = root.remembered = StateIndex(file, root.folders.top)
        project = read_project(root, targets, context.plugins.targets, collection)
        found = [one for one in status_of(project, collection) if one.target in names]
        index.save(path for entry in project.ledger.deployed for path in entry.files)
        return found


def _can_be_read(root: Root, target: Target) -> bool:
    """Return whether no link is in the way that is not followed; then nothing is deployed there."""
    try:
        root.folders.find(target.root)
    except HostilePathError:
        return False
    return True


def _collection(context: Context) -> Collection | None:
    """Return the collection; a project can be looked at without one."""
    try:
        return context.collection()
    except NotFoundError as error:
        if context.config.collection is not None:
            raise
        context.out.note(f"no collection to compare with: {error.message}")
        return None
