"""`holdall composite`: composites by hand."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from holdall.cli import Context
from holdall.errors import UsageError

if TYPE_CHECKING:
    from holdall.artifacts import ArtifactId
    from holdall.collection import Collection, Manifest, ManifestMember

Edit = Callable[["Collection"], "Manifest"]


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
    from holdall.artifacts import ArtifactId, CompositeType
    from holdall_composites.service.composites import with_composite, with_members

    try:
        composite_type = CompositeType(args.type)
    except ValueError:
        known = ", ".join(CompositeType)
        raise UsageError(f"no composite type {args.type!a}", hint=f"known: {known}") from None
    composite_id = ArtifactId.of("composite", args.name.removeprefix("composite:"))

    def edit(collection: Collection) -> Manifest:
        made = with_composite(
            collection.manifest,
            composite_id.name,
            composite_type=composite_type,
            display_name=args.display_name,
            description=args.description,
        )
        return with_members(made, composite_id, _members(collection, args.member, "contains"))

    return _edited(context, args, composite_id, edit, "made")


def run_add(context: Context, args: argparse.Namespace) -> int:
    """Add members."""
    from holdall_composites.service.composites import with_members

    composite_id = _composite_id(args)

    def edit(collection: Collection) -> Manifest:
        members = _members(collection, args.members, args.relationship)
        return with_members(collection.manifest, composite_id, members, args.position)

    return _edited(context, args, composite_id, edit, "changed")


def run_remove(context: Context, args: argparse.Namespace) -> int:
    """Take members out."""
    from holdall_composites.service.composites import without_members

    return _edit_members(context, args, without_members)


def run_reorder(context: Context, args: argparse.Namespace) -> int:
    """Put members in order."""
    from holdall_composites.service.composites import with_order

    return _edit_members(context, args, with_order)


def _edit_members(
    context: Context,
    args: argparse.Namespace,
    change: Callable[[Manifest, ArtifactId, Sequence[ArtifactId]], Manifest],
) -> int:
    composite_id = _composite_id(args)

    def edit(collection: Collection) -> Manifest:
        members = [collection.resolve(text) for text in args.members]
        return change(collection.manifest, composite_id, members)

    return _edited(context, args, composite_id, edit, "changed")


def run_pin(context: Context, args: argparse.Namespace) -> int:
    """Pin a member to a version, by default the current one."""
    from holdall_composites.service.composites import with_pin

    composite_id = _composite_id(args)

    def edit(collection: Collection) -> Manifest:
        member_id = collection.resolve(args.member)
        pin = _pin(collection, member_id, args.version)
        return with_pin(collection.manifest, composite_id, member_id, pin)

    return _edited(context, args, composite_id, edit, "changed")


def run_unpin(context: Context, args: argparse.Namespace) -> int:
    """Take a pin off."""
    from holdall_composites.service.composites import with_pin

    composite_id = _composite_id(args)

    def edit(collection: Collection) -> Manifest:
        member_id = collection.resolve(args.member)
        return with_pin(collection.manifest, composite_id, member_id, None)

    return _edited(context, args, composite_id, edit, "changed")


def run_delete(context: Context, args: argparse.Namespace) -> int:
    """Drop a composite."""
    from holdall_composites.service.composites import without_composite

    composite_id = _composite_id(args)
    return _edited(
        context,
        args,
        composite_id,
        lambda collection: without_composite(collection.manifest, composite_id),
        "deleted",
    )


def run_show(context: Context, args: argparse.Namespace) -> int:
    """Print a composite, as `holdall show` does."""
    from holdall.cli import show

    args.id = str(_composite_id(args))
    return show(context, args)


def run_list(context: Context, args: argparse.Namespace) -> int:
    """Print every composite with the number of its members."""
    from holdall.cli import entry_to_json

    composites = context.collection().manifest.composites
    context.out.table(
        [(str(c.id), f"{len(c.members)} members", c.description or "") for c in composites]
    )
    context.out.data({"composites": [entry_to_json(composite) for composite in composites]})
    return 0


def _composite_id(args: argparse.Namespace) -> ArtifactId:
    from holdall.artifacts import ArtifactId

    return ArtifactId.of("composite", args.name.removeprefix("composite:"))


def _members(
    collection: Collection, texts: Sequence[str], relationship: str
) -> list[ManifestMember]:
    from holdall.collection import ManifestMember

    members = []
    for text in texts:
        name, _, version = text.partition("@")
        member_id = collection.resolve(name)
        pin = _pin(collection, member_id, version) if version else None
        members.append(ManifestMember(member_id, relationship=relationship, pin=pin))
    return members


def _pin(collection: Collection, member_id: ArtifactId, version: str | None) -> str:
    """Return the content hash of a version, by default the newest; it must exist."""
    from holdall_composites.history.versions import find_version
    from holdall_composites.session import opened

    with opened(collection) as resolver:
        return find_version(resolver.store, collection, member_id, version).content_hash


def _edited(
    context: Context,
    args: argparse.Namespace,
    composite_id: ArtifactId,
    edit: Edit,
    done: str,
) -> int:
    """Carry an edit of the manifest through: proposed to the plugins, then written."""
    from holdall.collection import Change, ChangeKind, ChangeSet

    kinds = {"made": ChangeKind.NEW, "changed": ChangeKind.CHANGED, "deleted": ChangeKind.GONE}
    with context.editing() as editor:
        before = editor.collection.manifest
        change = Change(kinds[done], composite_id)
        changes = ChangeSet(f"composite {args.action}", before, edit(editor.collection), (change,))
        editor.propose(changes)
        if not args.dry_run:
            editor.commit(changes)
    verb = f"would have {done}" if args.dry_run else done
    context.out.line(f"{verb} {composite_id}")
    context.out.data(change.to_json())
    return 0
