"""Which files of a repository are needed for some skills of it, as its tree alone tells.

    skills/pdf/SKILL.md     of `pdf`: this folder, and the manifests that say what belongs together
    skills/web/SKILL.md     not needed

Where the tree alone cannot tell, because the whole might say something else of a skill (its name is
there twice, it is in another skill, it has links, its content is at two places), all is needed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

_PLAIN = r"[a-z0-9][a-z0-9_-]{0,63}"
_HEAD = "SKILL.md"
_MANIFESTS = frozenset({"plugin.json", "marketplace.json", ".gitattributes"})
_MANIFEST_FOLDERS = ("-plugin", "plugins")
_COLLECTIONS = frozenset({"manifest.toml", "collection.toml", _HEAD})
"""Files at the top that say by themselves what a repository holds."""


def folders_of(
    files: Mapping[str, str], links: Iterable[str], names: Sequence[str]
) -> list[str] | None:
    """Return the folder of each skill; None where all is needed.

    `files` are the hashes of all files by their paths.
    """
    if not names or not all(re.fullmatch(_PLAIN, name) for name in names):
        return None
    if not _COLLECTIONS.isdisjoint(files):
        return None
    known = [path.removesuffix(f"/{_HEAD}") for path in files if path.endswith(f"/{_HEAD}")]
    by_name: dict[str, list[str]] = {}
    for folder in known:
        by_name.setdefault(folder.rpartition("/")[2].lower(), []).append(folder)
    heads = Counter(files[f"{folder}/{_HEAD}"] for folder in known)
    found: list[str] = []
    for name in names:
        places = by_name.get(name, ())
        if len(places) != 1 or places[0].rpartition("/")[2] != name:
            return None
        if heads[files[f"{places[0]}/{_HEAD}"]] > 1:
            return None
        above = places[0].split("/")
        if any("/".join(above[:end]) in known for end in range(1, len(above))):
            return None
        found.append(places[0])
    if any(link.startswith(f"{folder}/") for link in links for folder in found):
        return None
    return found


def is_needed(path: str, folders: Iterable[str]) -> bool:
    """Return whether a file is in one of these folders, or a manifest of what is around them."""
    if any(path.startswith(f"{folder}/") for folder in folders):
        return True
    above, _, name = path.rpartition("/")
    return name in _MANIFESTS or (name.endswith(".json") and above.endswith(_MANIFEST_FOLDERS))
