"""What `list` and `search` show of entries: descriptions, versions, deployments, problems."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from holdall import NamedTuple
from holdall.cli.commands.collection.show import entry_to_json
from holdall.collection.manifest.manifest import ManifestArtifact, ManifestComposite
from holdall.errors import HoldallError

if TYPE_CHECKING:
    from holdall.cli.context import Context
    from holdall.collection.collection import Collection
    from holdall.plugins.values import Details

Entry = ManifestArtifact | ManifestComposite
_MOST_OF_A_HEAD = 16 << 10


class Shown(NamedTuple):
    """An entry with what is known of it.

    `version` is the number of its newest one; `projects` have it, `stale` of them with other
    content; `problems` are `edited` and `missing`.
    """

    entry: Entry
    description: str = ""
    version: int | None = None
    projects: tuple[str, ...] = ()
    stale: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the entry as `list --long --json` prints it."""
        return {
            **entry_to_json(self.entry),
            "description": self.description or None,
            "version": self.version,
            "projects": list(self.projects),
            "stale": list(self.stale),
            "problems": list(self.problems),
        }


def describe(collection: Collection, entry: Entry) -> str:
    """Return what an entry says that it is for; empty where it says nothing or cannot be read."""
    if isinstance(entry, ManifestComposite):
        return " ".join((entry.description or "").split())
    path = collection.location(entry)
    if path.suffix != ".md":
        path = path / "SKILL.md"
    return _description(path)


def _description(path: Path) -> str:
    from holdall.formats.frontmatter import read_frontmatter

    try:
        with path.open("rb") as file:
            text = file.read(_MOST_OF_A_HEAD).decode(errors="replace")
    except OSError:
        return ""
    return " ".join((read_frontmatter(text).text("description") or "").split())


def details_of(context: Context, collection: Collection) -> Details | None:
    """Return what a plugin knows of versions and deployments; None if none does."""
    from holdall.plugins.values import Details

    return context.plugins.first("holdall_collection_details", Details, collection=collection)


def look_at(
    collection: Collection, entries: Sequence[Entry], details: Details | None
) -> list[Shown]:
    """Return entries with all that is shown of them; reads their files as far as needed."""
    return [_look_at(collection, entry, details) for entry in entries]


def _look_at(collection: Collection, entry: Entry, details: Details | None) -> Shown:
    uuid = entry.uuid or ""
    deployments = details.deployments.get(uuid, ()) if details else ()
    present = entry.content_hash if isinstance(entry, ManifestArtifact) else None
    return Shown(
        entry,
        describe(collection, entry),
        details.versions.get(uuid) if details else None,
        tuple(sorted({one.project for one in deployments})),
        tuple(sorted({one.project for one in deployments if one.content_hash != present})),
        tuple(_problems(collection, entry)),
    )


def _problems(collection: Collection, entry: Entry) -> Sequence[str]:
    if isinstance(entry, ManifestComposite):
        return ()
    with suppress(HoldallError):
        same = collection.tree(entry).content_hash == entry.content_hash
        return () if same else ("edited",)
    return ("missing",)
