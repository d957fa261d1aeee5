"""`holdall show`: one artifact or composite."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from holdall.cli.context import Context
from holdall.errors import UsageError

if TYPE_CHECKING:
    from holdall.artifacts.ids import ArtifactId
    from holdall.collection.collection import Collection
    from holdall.collection.manifest.manifest import ManifestArtifact, ManifestComposite
    from holdall.files.tree import Tree
    from holdall.plugins.values import ReleaseState


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("id", metavar="ID[@VERSION]", help="type:name, maybe with @VERSION")
    add_release_option(parser)


def add_release_option(parser: argparse.ArgumentParser) -> None:
    """Add the option that `list` and `show` share."""
    parser.add_argument("--release", type=int, metavar="N", help="as it was in this release")


def show(context: Context, args: argparse.Namespace) -> int:
    """Print an artifact's entry and its files, or a composite's members."""
    from holdall.artifacts.references import Reference
    from holdall.collection.manifest.manifest import ManifestArtifact

    collection = context.collection()
    name, version = Reference.parse(args.id)
    if (release := getattr(args, "release", None)) is not None:
        if version:
            raise UsageError("--release says which version", hint="leave one of them out")
        return _show_past(context, collection, name, release)
    entry = collection.entry(collection.resolve(name))
    tree = collection.tree(entry) if isinstance(entry, ManifestArtifact) else None
    if version:
        tree = _version(context, collection, entry.id, version)
    shown = entry_to_json(entry, tree)
    if version and tree is not None:
        shown["content_hash"] = tree.content_hash
    elif isinstance(entry, ManifestArtifact) and tree is not None:
        shown["effects"] = _effects(collection, entry, tree)
    _print(context, shown)
    edited = not version and tree is not None and tree.content_hash != shown["content_hash"]
    if edited:
        context.out.note("edited since it was collected; `holdall collect` records it")
    return 1 if edited else 0


def _show_past(context: Context, collection: Collection, name: str, release: int) -> int:
    """Print an entry as it was in a release, under the name that it had there."""
    from dataclasses import replace

    past = replace(collection, manifest=state_of(context, collection, release).manifest)
    found = past.resolve(name)
    tree = state_of(context, collection, release, found).trees.get(found)
    _print(context, entry_to_json(past.entry(found), tree))
    return 0


def state_of(
    context: Context, collection: Collection, release: int, *ids: ArtifactId
) -> ReleaseState:
    """Return what a collection was in a release, with the files of these artifacts.

    Raises NotFoundError where no plugin keeps releases.
    """
    from holdall.errors import NotFoundError
    from holdall.plugins.values import ReleaseState

    given = {"collection": collection, "release": release, "ids": ids}
    found = context.plugins.first("holdall_release_state", ReleaseState, **given)
    if found is not None:
        return found
    raise NotFoundError(
        f"release {release}: no loaded plugin keeps releases",
        hint="`holdall plugins` shows what is loaded and what failed",
    )


def _print(context: Context, shown: dict[str, Any]) -> None:
    said = {**shown, **shown.get("metadata", {})}
    rows = [(key, str(value)) for key, value in said.items() if isinstance(value, str | int)]
    rows += [("can run or send", effect) for effect in shown.get("effects", [])]
    context.out.table(rows)
    for file in shown.get("files", []):
        context.out.line(f"  {file['mode']} {file['size']:>8} {file['path']}")
    for member in shown.get("members", []):
        context.out.line(f"  {member['relationship']} {member['id']}")
    context.out.data(shown)


def _effects(collection: Collection, entry: ManifestArtifact, tree: Tree) -> list[str]:
    """Return what it lets Claude Code, which runs the most, run or send."""
    from pathlib import Path

    from holdall.deploy.consent.questions import effects_of
    from holdall.deploy.planning.plan import PlannedArtifact
    from holdall.deploy.targets import BUILTIN_TARGETS

    artifact = PlannedArtifact(entry.id, tree, collection.location(entry), ())
    return effects_of(artifact, BUILTIN_TARGETS["claude"], Path())


def _version(
    context: Context, collection: Collection, artifact_id: ArtifactId, version: str
) -> Tree:
    from holdall.errors import NotFoundError
    from holdall.files.tree import Tree

    found = context.plugins.first(
        "holdall_version_tree",
        Tree,
        collection=collection,
        artifact_id=artifact_id,
        version=version,
    )
    if found is not None:
        return found
    raise NotFoundError(
        f"{artifact_id}@{version}: no loaded plugin keeps versions",
        hint="`holdall plugins` shows what is loaded and what failed",
    )


def entry_to_json(
    entry: ManifestArtifact | ManifestComposite, tree: Tree | None = None
) -> dict[str, Any]:
    """Return an entry as `list --json` and `show --json` print it; files only with a tree."""
    from holdall.collection.manifest.manifest import ManifestArtifact

    shown: dict[str, Any] = {
        "id": str(entry.id),
        "type": entry.id.type,
        "name": entry.id.name,
        "uuid": entry.uuid,
        "source": entry.source,
        "source_path": entry.source_path,
        "source_revision": entry.source_revision,
    }
    if isinstance(entry, ManifestArtifact):
        shown |= {"path": str(entry.path), "content_hash": entry.content_hash}
    else:
        shown |= {
            "composite_type": entry.composite_type,
            "display_name": entry.display_name,
            "description": entry.description,
            "own_files": str(entry.files) if entry.files else None,
            "metadata": dict(entry.metadata),
            "members": [
                {"id": str(m.id), "relationship": m.relationship, "pin": m.pin}
                for m in entry.members
            ],
        }
    if tree is not None:
        shown["files"] = [
            {
                "path": f.path,
                "mode": "x" if f.executable else "-",
                "size": f.size,
                "sha256": f.sha256,
            }
            for f in tree.files
        ]
    return shown
