"""`holdall search`: find artifacts by what they are called, say and hold."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from holdall.cli.context import Context

if TYPE_CHECKING:
    from collections.abc import Sequence

    from holdall.cli.commands.collection.details import Shown
    from holdall.collection.collection import Collection

_MOST_READ = 256 << 10


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = (
        "Find artifacts that have all of these words in their id, description, source or text, in"
        " any case; those with a word in their id come first."
    )
    parser.add_argument("words", nargs="+", metavar="TEXT", help="words that all have to be there")
    parser.add_argument("--type", metavar="TYPE", help="only artifacts of this type, of %(types)s")
    parser.add_argument("--ids", action="store_true", help="print ids only, for scripts")


def run(context: Context, args: argparse.Namespace) -> int:
    """Print what was found; exit 4 if that is nothing."""
    from holdall.artifacts.ids import sort_ids
    from holdall.cli.commands.collection.details import details_of, look_at
    from holdall.cli.commands.collection.listing import of_type, print_ids, print_shown
    from holdall.errors import NotFoundError

    collection = context.collection()
    words = [word.casefold() for text in args.words for word in text.split()]
    entries = [collection.entry(one) for one in sort_ids(of_type(collection, args.type))]
    details = details_of(context, collection) if context.out.is_terminal else None
    found = [
        shown for shown in look_at(collection, entries, details) if _has(collection, shown, words)
    ]
    found.sort(key=lambda shown: not any(word in str(shown.entry.id).casefold() for word in words))
    if not found:
        raise NotFoundError(
            f"nothing has {' '.join(args.words)!a} in it",
            hint="`holdall list` shows all; fewer words find more",
        )
    if args.ids:
        print_ids(context, [shown.entry.id for shown in found])
    else:
        print_shown(context, found)
    context.out.data({"artifacts": [shown.to_json() for shown in found]})
    return 0


def _has(collection: Collection, shown: Shown, words: Sequence[str]) -> bool:
    """Return whether all words are in an entry; its file is read if they are not in the rest."""
    said = " ".join((str(shown.entry.id), shown.description, shown.entry.source or "")).casefold()
    left = [word for word in words if word not in said]
    if not left:
        return True
    text = _text(collection, shown).casefold()
    return all(word in text for word in left)


def _text(collection: Collection, shown: Shown) -> str:
    """Return the beginning of the text that an agent reads."""
    from holdall.collection.manifest.manifest import ManifestArtifact

    entry = shown.entry
    if not isinstance(entry, ManifestArtifact):
        return " ".join(str(member.id) for member in entry.members)
    path = collection.location(entry)
    if path.is_dir():
        path = path / "SKILL.md"
    try:
        with path.open("rb") as file:
            return file.read(_MOST_READ).decode(errors="replace")
    except OSError:
        return ""
