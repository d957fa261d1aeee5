"""`holdall list`: what the collection holds."""

from __future__ import annotations

import argparse

from holdall.cli.context import Context
from holdall.errors import UsageError


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("--type", metavar="TYPE", help="only artifacts of this type, of %(types)s")


def run(context: Context, args: argparse.Namespace) -> int:
    """Print every artifact and composite, by type and name."""
    from holdall.artifacts.ids import sort_ids
    from holdall.cli.commands.collection.show import entry_to_json

    collection = context.collection()
    known = {*collection.types, *(entry.type for entry in collection.manifest.by_id)}
    if args.type is not None and args.type not in known:
        raise UsageError(f"no type {args.type!a}", hint=f"the types are {', '.join(sorted(known))}")
    ids = sort_ids(i for i in collection.manifest.by_id if args.type in (None, i.type))
    entries = [collection.entry(artifact_id) for artifact_id in ids]
    context.out.table([(str(entry.id), entry.uuid or "-") for entry in entries])
    context.out.data({"artifacts": [entry_to_json(entry) for entry in entries]})
    return 0
