"""`holdall status`: how a project compares with what was deployed and with the collection."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from holdall.cli.commands.project.deploy import project_of
from holdall.cli.context import Context
from holdall.errors import HostilePathError, NotFoundError

if TYPE_CHECKING:
    from holdall.collection.collection import Collection
    from holdall.deploy.status import ArtifactStatus
    from holdall.deploy.targets import Target
    from holdall.files.root import Root


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--to", default=".", metavar="PROJECT", help="the project (default: here)")
    where.add_argument("--user", action="store_true", help="your home folder instead")
    parser.add_argument(
        "--target", action="append", metavar="TARGET", help="of %(targets)s (default: all)"
    )


def run(context: Context, args: argparse.Namespace) -> int:
    """Print the state of every deployed artifact; exit 1 if one is not in sync."""
    from holdall.deploy.status import State

    collection = _collection(context)
    context.settle(project_of(args))
    found = find_status(context, collection, project_of(args), args.target)
    for status in found:
        note = f" ({status.note})" if status.note else ""
        context.out.line(f"{status.state.value:9} {status.id} for {status.target}{note}")
        for file in status.files:
            context.out.line(f"          {file.change} {file.path}")
    if not found:
        context.out.line("nothing is deployed here")
    context.out.data(
        {"project": str(project_of(args)), "deployed": [status.to_json() for status in found]}
    )
    return 1 if any(status.state is not State.SYNCED for status in found) else 0


def find_status(
    context: Context,
    collection: Collection | None,
    folder: Path,
    wanted: Sequence[str] | None = None,
) -> list[ArtifactStatus]:
    """Return the state of what is deployed in a project for these targets; None means all."""
    from holdall.deploy.project.project import read_project, targets_in
    from holdall.deploy.status import status_of
    from holdall.files.root import Root

    names = wanted or sorted(context.plugins.targets)
    deployed = targets_in(folder, context.plugins.targets)
    with Root(folder) as root:
        targets = [
            target
            for target in context.targets(names, folder)
            if wanted or target.name in deployed or _can_be_read(root, target)
        ]
        project = read_project(root, targets, context.plugins.targets, collection)
        return [one for one in status_of(project, collection) if one.target in names]


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
