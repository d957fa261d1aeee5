"""What composites pin, where their source has that version beside the present one."""

from __future__ import annotations

from dataclasses import replace

from holdall.artifacts.ids import ArtifactId
from holdall.errors import ConflictError, RefusedError
from holdall.operations.projects.sources.selection import Choice
from holdall.sources.values import FoundArtifact, Reading

HIDDEN_TEXT = "hidden-text"


def hidden_error(what: str) -> RefusedError:
    """Return the error about something with hidden text."""
    return RefusedError(
        f"{what} has text that agents read and you would not see",
        hint=f"look at it with `holdall lint`; --allow {HIDDEN_TEXT} takes it",
    )


def take_pinned(reading: Reading, choice: Choice, *, takes_hidden: bool) -> Reading:
    """Return a reading that has what the chosen composites pin as the version that they pin.

    Raises ConflictError for a version that the source does not bring, and for an artifact that is
    wanted in two versions; RefusedError for one with hidden text, unless `takes_hidden`.
    """
    present = {found.id: found for found in reading.distinct_artifacts()}
    older = {(found.id, found.tree.content_hash): found for found in reading.older}
    taken: dict[ArtifactId, FoundArtifact] = {}
    for artifact_id, versions in _find_versions(choice, reading, present).items():
        found = present[artifact_id]
        (pin, who), *others = versions.items()
        if others:
            (other, whose), *_ = others
            raise ConflictError(
                f"{artifact_id} is wanted in two versions: {who} has {pin[:12]},"
                f" {whose} {other[:12]}",
                hint="a project has one of them: choose with --skill what is to be there",
            )
        if pin == found.tree.content_hash:
            continue
        if (artifact_id, pin) not in older:
            raise ConflictError(
                f"{who} pins {artifact_id} to {pin[:12]}, and its source has"
                f" {found.tree.content_hash[:12]} of it",
                hint="its owner can publish the collection (`holdall publish`), with what is"
                " pinned, or change the pin; --skill with the members takes these as they are",
            )
        one = older[artifact_id, pin]
        if one.hides_text and not takes_hidden:
            raise hidden_error(f"{artifact_id}, as {who} pins it,")
        taken[artifact_id] = replace(
            found, tree=one.tree, location=one.location, data=one.data, hides_text=one.hides_text
        )
    if not taken:
        return reading
    return reading._replace(
        artifacts=tuple(taken.get(found.id, found) for found in reading.artifacts)
    )


def _find_versions(
    choice: Choice, reading: Reading, present: dict[ArtifactId, FoundArtifact]
) -> dict[ArtifactId, dict[str, str]]:
    """Return the hashes in which what is pinned is wanted, each with what wants it."""
    chosen = [one for one in reading.composites if one.id in choice.composites]
    pinned = {m.id for one in chosen for m in one.members if m.pin is not None} & present.keys()
    found: dict[ArtifactId, dict[str, str]] = {one: {} for one in sorted(pinned, key=str)}
    for composite in chosen:
        for member in composite.members:
            if member.id in pinned:
                version = member.pin or present[member.id].tree.content_hash
                found[member.id].setdefault(version, str(composite.id))
    for root in choice.roots:
        if root in pinned:
            found[root].setdefault(present[root].tree.content_hash, "what you chose by itself")
    return found
