"""What a project's ledger may claim at all: the places that known targets have, no others.

A ledger may have come with a foreign project. What no Holdall can have written is refused as a
whole, before anything is planned: an entry of a target or type that is not known, files and entries
outside of that artifact's own place. What remains is a hint, which needs proof (`proof`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from holdall.artifacts.hashing import FileDigest, tree_hash
from holdall.artifacts.ids import ArtifactId, Shape
from holdall.artifacts.paths import RelPath
from holdall.deploy.project.ledger import Deployed, Ledger, Merged, hash_value
from holdall.deploy.targets import Merge, Target
from holdall.errors import HostilePathError, InputError

_LOST = "delete it: the deployed record and the collection are enough to continue"
_UNLOADED = (
    "`holdall plugins` shows which plugins are loaded: load the one that deployed it, or run"
    f" without `--no-plugins`. If no plugin did, {_LOST}"
)


def own_place(target: Target, artifact_id: ArtifactId) -> RelPath | None:
    """Return where an artifact is in a project for a target; None if it has no place there."""
    try:
        place = target.place_of(artifact_id)
    except HostilePathError:
        return None
    return None if place is None else target.root_of(artifact_id.type).join_path(place)


def renamed_head(target: Target, entry: Deployed) -> RelPath | None:
    """Return the file of an entry that was placed with another name in its head; None if none was.

    No version has its bytes.
    """
    from holdall.files.name_line import HEADS

    head, place = HEADS.get(entry.id.type), own_place(target, entry.id)
    if head is None or place is None:
        return None
    is_file = target.places[entry.id.type].shape is Shape.FILE
    digests = [
        FileDigest(head if is_file else RelPath(path[len(place) + 1 :]), *state, 0)
        for path, state in entry.files.items()
    ]
    path = place if is_file else place.join_path(head)
    is_changed = path in entry.files and tree_hash(digests) != entry.content_hash
    return path if is_changed else None


def refuse_foreign(ledger: Ledger, known: Mapping[str, Target], where: str) -> None:
    """Raise InputError for a ledger that claims what is not Holdall's; `where` is its path.

    `known` are all targets that the project may have, by name.
    """
    for entry in ledger.deployed:
        target = known.get(entry.target)
        if target is None or not target.knows(entry.id.type):
            raise _unknown(entry, target, where)
        for claim in _foreign(entry, target):
            raise _claim_error(where, f"{entry.id} cannot own {claim}")


def _unknown(entry: Deployed, target: Target | None, where: str) -> InputError:
    what = f"the target {entry.target!a}"
    if target is not None:
        what = f"the type {entry.id.type!a} for {entry.target}"
    return InputError(f"{where}: {entry.id}: no loaded plugin knows {what}", hint=_UNLOADED)


def _claim_error(where: str, problem: str) -> InputError:
    return InputError(f"{where}: not a Holdall ledger: {problem}", hint=_LOST)


def _foreign(entry: Deployed, target: Target) -> Iterator[str]:
    """Yield what an entry claims outside of its artifact's place and its own part of settings."""
    place = own_place(target, entry.id)
    inside = f"{place}/"
    for path in entry.files:
        if place is None or not (path == place or path.startswith(inside)):
            yield ascii(str(path))
    merge = target.entries_of(entry.id.type)
    for merged in entry.merged:
        if merge is None or not is_own_entry(merged, entry.id, merge):
            yield f"{'.'.join((*merged.keys, merged.key or '[]'))!a} in {str(merged.path)!a}"


def is_own_entry(merged: Merged, artifact_id: ArtifactId, merge: Merge) -> bool:
    """Return whether an entry is where an artifact's entries are in a settings file."""
    if not merged.keys and merged.key is not None and merged.key in merge.head:
        return merged.path == merge.path and merged.hash == hash_value(merge.head[merged.key])
    if merge.form.is_hooks:
        keys, key = merged.keys[:-1], None  # the last one names an event
    else:
        keys, key = merged.keys, artifact_id.name
    return (merged.path, keys, merged.key) == (merge.path, merge.keys, key)
