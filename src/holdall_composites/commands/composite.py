"""`holdall composite`: composites by hand."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

from holdall.cli import Context
from holdall.errors import UsageError
from holdall_composites.commands.pages import add_page_options, tell_of_more

if TYPE_CHECKING:
    from holdall.collection import Change
    from holdall_composites.resolver import Resolver


def configure_composite(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `holdall composite`."""
    actions = parser.add_subparsers(
        title="actions",
        dest="action",
        metavar="ACTION",
        required=True,
        parser_class=type(parser),
    )
    create = _action(actions, "create", run_create, "make a composite")
    create.add_argument("--type", default="plugin", help="its kind (default: plugin)")
    create.add_argument("--member", action="append", default=[], metavar="ID[@PIN]")
    create.add_argument("--display-name", metavar="TEXT")
    create.add_argument("--description", metavar="TEXT")
    add = _action(actions, "add", run_add, "add members")
    add.add_argument("members", nargs="+", metavar="ID[@PIN]")
    add.add_argument(
        "--relationship", choices=["contains", "requires", "extends"], default="contains"
    )
    add.add_argument("--position", type=int, metavar="N", help="where, from 0 (default: the end)")
    remove = _action(actions, "remove", run_remove, "take members out")
    remove.add_argument("members", nargs="+", metavar="ID")
    reorder = _action(actions, "reorder", run_reorder, "put these members first, in this order")
    reorder.add_argument("members", nargs="+", metavar="ID")
    pin = _action(actions, "pin", run_pin, "hold a member at a version")
    pin.add_argument("member", metavar="ID")
    pin.add_argument(
        "version", nargs="?", metavar="VERSION", help="a number or hash; default: the newest"
    )
    unpin = _action(actions, "unpin", run_unpin, "let a member follow its current version")
    unpin.add_argument("member", metavar="ID")
    _action(actions, "delete", run_delete, "drop a composite; its members stay")
    _action(actions, "show", run_show, "print a composite", writes=False)
    listing = actions.add_parser("list", help="print every composite")
    add_page_options(listing)
    listing.set_defaults(act=run_list)


def _action(
    actions: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    run: Callable[[Context, argparse.Namespace], int],
    text: str,
    *,
    writes: bool = True,
) -> argparse.ArgumentParser:
    parser = actions.add_parser(name, help=text)
    parser.add_argument("name", metavar="NAME", help="the composite's name")
    if writes:
        parser.add_argument("--dry-run", action="store_true", help="check only, write nothing")
    parser.set_defaults(act=run)
    return parser


def run_composite(context: Context, args: argparse.Namespace) -> int:
    """Run the action that was named."""
    status: int = args.act(context, args)
    return status


def run_create(context: Context, args: argparse.Namespace) -> int:
    """Make a composite, with its first members."""
    from holdall.artifacts import CompositeType

    try:
        composite_type = CompositeType(args.type)
    except ValueError:
        known = ", ".join(CompositeType)
        raise UsageError(f"no composite type {args.type!a}", hint=f"known: {known}") from None
    with _resolver(context) as resolver:
        made = resolver.create_composite(
            args.name,
            args.member,
            composite_type=composite_type,
            display_name=args.display_name,
            description=args.description,
            dry_run=args.dry_run,
        )
    return _tell(context, args, made, "made")


def run_add(context: Context, args: argparse.Namespace) -> int:
    """Add members."""
    with _resolver(context) as resolver:
        how = (args.relationship, args.position)
        done = resolver.add_members(args.name, args.members, *how, dry_run=args.dry_run)
    return _tell(context, args, done, "changed")


def run_remove(context: Context, args: argparse.Namespace) -> int:
    """Take members out."""
    with _resolver(context) as resolver:
        done = resolver.remove_member(args.name, *args.members, dry_run=args.dry_run)
    return _tell(context, args, done, "changed")


def run_reorder(context: Context, args: argparse.Namespace) -> int:
    """Put members in order."""
    with _resolver(context) as resolver:
        done = resolver.reorder_members(args.name, *args.members, dry_run=args.dry_run)
    return _tell(context, args, done, "changed")


def run_pin(context: Context, args: argparse.Namespace) -> int:
    """Pin a member to a version, by default the current one."""
    with _resolver(context) as resolver:
        done = resolver.pin_member(args.name, args.member, args.version, dry_run=args.dry_run)
    return _tell(context, args, done, "changed")


def run_unpin(context: Context, args: argparse.Namespace) -> int:
    """Take a pin off."""
    with _resolver(context) as resolver:
        done = resolver.unpin_member(args.name, args.member, dry_run=args.dry_run)
    return _tell(context, args, done, "changed")


def run_delete(context: Context, args: argparse.Namespace) -> int:
    """Drop a composite."""
    with _resolver(context) as resolver:
        done = resolver.delete_composite(args.name, dry_run=args.dry_run)
    return _tell(context, args, done, "deleted")


def run_show(context: Context, args: argparse.Namespace) -> int:
    """Print a composite, as `holdall show` does."""
    from holdall.cli import show

    args.id = f"composite:{args.name.removeprefix('composite:')}"
    return show(context, args)


def run_list(context: Context, args: argparse.Namespace) -> int:
    """Print every composite, or a page of them, with the number of its members."""
    from holdall.cli import entry_to_json
    from holdall_composites.session import opened

    collection = context.collection()
    composites, next_cursor = collection.manifest.composites, None
    if args.limit is not None or args.cursor is not None:
        with opened(collection) as resolver:
            page = resolver.composites(cursor=args.cursor, limit=args.limit)
        known = {str(composite.id): composite for composite in composites}
        composites = tuple(known[row.id] for row in page.items)
        next_cursor = page.next_cursor
    context.out.table(
        [(str(c.id), f"{len(c.members)} members", c.description or "") for c in composites]
    )
    tell_of_more(context, next_cursor)
    listed = [entry_to_json(composite) for composite in composites]
    context.out.data({"composites": listed, "next_cursor": next_cursor})
    return 0


@contextmanager
def _resolver(context: Context) -> Iterator[Resolver]:
    """Lock the collection and open the service on it."""
    from holdall_composites.session import opened

    with (
        context.editing() as editor,
        opened(editor.collection, edit=lambda: nullcontext(editor)) as resolver,
    ):
        yield resolver


def _tell(context: Context, args: argparse.Namespace, change: Change, done: str) -> int:
    context.out.line(f"{f'would have {done}' if args.dry_run else done} {change.id}")
    context.out.data(change.to_json())
    return 0
