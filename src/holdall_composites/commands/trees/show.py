"""`holdall tree` and `holdall associations`: what belongs together."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from holdall.cli import Context
from holdall.errors import UsageError
from holdall_composites.commands.pages import add_page_options, tell_of_more

if TYPE_CHECKING:
    from holdall.artifacts import ArtifactId
    from holdall.collection import Collection, Manifest

FORMATS = ("text", "mermaid", "dot", "json", "svg")


def configure_tree(tree: argparse.ArgumentParser) -> None:
    """Add the arguments of `holdall tree`."""
    tree.add_argument("id", metavar="ID", nargs="?", help="a composite or artifact")
    tree.add_argument("--all", action="store_true", help="the whole collection")
    tree.add_argument(
        "--format",
        choices=FORMATS,
        default="text",
        help="how to draw it (default: text); `svg` is a complete file",
    )


def configure_associations(associations: argparse.ArgumentParser) -> None:
    """Add the arguments of `holdall associations`."""
    associations.add_argument("id", metavar="ID", help="a composite or artifact")
    add_page_options(associations)


def run_tree(context: Context, args: argparse.Namespace) -> int:
    """Print the members of a composite, those of nested ones indented below them."""
    if args.all == (args.id is not None):
        raise UsageError(
            "`holdall tree` takes an ID or --all", hint="`holdall composite list` shows composites"
        )
    collection = context.collection()
    if args.all:
        shown = _forest(collection.manifest)
    else:
        root = collection.resolve(args.id, prefer_composite=True)
        shown = _node(collection.manifest, root, None, ())
    _tell_how_far_behind(collection, shown, every=args.all)
    if args.format == "json":
        context.out.json = True
    elif args.format == "text":
        for line in _lines(shown, "", ""):
            context.out.line(line)
    else:
        from holdall_composites.commands.trees.drawings import DRAWINGS

        for line in DRAWINGS[args.format](shown):
            context.out.line(line)
    context.out.data(shown)
    return 0


def _forest(manifest: Manifest) -> dict[str, Any]:
    """Return the collection as a node: the composites that are in none, then what is in none."""
    members = {member.id for composite in manifest.composites for member in composite.members}
    ids = [
        *(composite.id for composite in manifest.composites),
        *(artifact.id for artifact in manifest.artifacts),
    ]
    roots = [artifact_id for artifact_id in ids if artifact_id not in members]
    nodes = [_node(manifest, artifact_id, None, ()) for artifact_id in roots]
    return {"id": manifest.name, "uuid": manifest.uuid, "members": nodes}


def _node(
    manifest: Manifest, artifact_id: ArtifactId, pin: str | None, above: tuple[ArtifactId, ...]
) -> dict[str, Any]:
    from holdall.collection import ManifestComposite

    entry = manifest.by_id.get(artifact_id)
    node: dict[str, Any] = {"id": str(artifact_id), "uuid": entry.uuid if entry else None}
    if pin is not None:
        node["pin"] = {"content_hash": pin, "number": None, "behind": None}
    if isinstance(entry, ManifestComposite):
        below = (*above, artifact_id)
        node["members"] = [
            {
                **_node(manifest, member.id, member.pin, below),
                "relationship": member.relationship,
            }
            for member in entry.members
            if member.id not in below
        ]
    return node


def _tell_how_far_behind(collection: Collection, root: dict[str, Any], *, every: bool) -> None:
    """Fill in which version each pin is, and how many newer ones there are."""
    from holdall_composites.session import open_synced

    nodes = [node for node in _walk(root) if "pin" in node and node["uuid"]]
    if not nodes:
        return
    with open_synced(collection) as resolver, resolver.store.snapshot():
        versions = resolver.store.versions
        found = versions.of_all(collection.manifest.uuid or "") if every else {}
        for node in nodes:
            known = found.get(node["uuid"]) or versions.all_of(node["uuid"])
            hashes = [version.content_hash for version in known]
            if node["pin"]["content_hash"] in hashes:
                at = len(hashes) - 1 - hashes[::-1].index(node["pin"]["content_hash"])
                node["pin"] |= {"number": known[at].number, "behind": len(hashes) - 1 - at}


def _walk(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for member in node.get("members", ()):
        yield from _walk(member)


def _pin(node: dict[str, Any]) -> str:
    pin = node.get("pin")
    if pin is None:
        return ""
    if pin["number"] is None:
        return f" @{pin['content_hash'][:12]} (unknown version)"
    return f" @{pin['number']} ({pin['behind']} behind)"


def _lines(node: dict[str, Any], first: str, rest: str) -> list[str]:
    removed = "" if node["uuid"] else " (removed)"
    relationship = node.get("relationship", "contains")
    how = "" if relationship == "contains" else f" ({relationship})"
    lines = [f"{first}{node['id']}{_pin(node)}{how}{removed}"]
    members = node.get("members", [])
    for number, member in enumerate(members, 1):
        last = number == len(members)
        lines += _lines(
            member, rest + ("└── " if last else "├── "), rest + ("    " if last else "│   ")
        )
    return lines


def run_associations(context: Context, args: argparse.Namespace) -> int:
    """Print parents and children as the database knows them."""
    from holdall_composites.session import open_synced

    collection = context.collection()
    artifact_id = collection.resolve(args.id)
    uuid = collection.entry(artifact_id).uuid
    sides: dict[str, list[dict[str, object]]] = {"parents": [], "children": []}
    next_cursor = None
    if collection.manifest.uuid is not None:
        with open_synced(collection) as resolver:
            # The name is the folder's, which may be behind the database.
            present = resolver.id_of(uuid) if uuid else str(artifact_id)
            found = resolver.associations(present, cursor=args.cursor, limit=args.limit)
        sides["parents"] = [parent.to_json(parent.composite_id) for parent in found.parents]
        sides["children"] = [child.to_json(child.child_id) for child in found.children]
        next_cursor = found.next_cursor
    for side, links in sides.items():
        context.out.line(f"{side}:{'' if links else ' none'}")
        for link in links:
            context.out.line(f"  {link['relationship']} {link['id']}")
    tell_of_more(context, next_cursor)
    context.out.data({"id": str(artifact_id), **sides, "next_cursor": next_cursor})
    return 0
