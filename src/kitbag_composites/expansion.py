"""What composites lead to: reading their memberships in order, each artifact once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

from kitbag.errors import ConflictError
from kitbag_composites.bulk import made_of
from kitbag_composites.records import Edge
from kitbag_composites.types import Expanded

__all__ = ["by_composite", "expanded", "expanded_below"]


def by_composite(edges: Iterable[Edge]) -> dict[str, list[Edge]]:
    """Return each composite's memberships in the order given."""
    children = defaultdict(list)
    for edge in edges:
        children[edge.composite_id].append(edge)
    return dict(children)


def expanded(
    uuids: Mapping[str, str], composites: Iterable[str], edges: Iterable[Edge]
) -> list[Expanded]:
    """Return what is asked for, composites replaced by what they contain, all the way down.

    `uuids` are what is asked for, by `type:name` and in order; `composites` those of them that
    are composites; `edges` all memberships below. What is inactive leads to nothing. Raises
    ConflictError for two pins of one artifact.
    """
    return expanded_below(uuids, set(composites), by_composite(edges))


def expanded_below(
    uuids: Mapping[str, str], roots: Container[str], children: Mapping[str, Sequence[Edge]]
) -> list[Expanded]:
    """Do what `expanded` does, with the memberships by composite."""
    wanting: dict[str, list[Edge]] = {}
    walked: set[str] = set()
    for artifact_id in uuids:
        if artifact_id not in roots:
            wanting.setdefault(artifact_id, [])
        for edge in _members_below(artifact_id, children, walked):
            if (wants := wanting.get(edge.child_id)) is None:
                wanting[edge.child_id] = [edge]
            else:
                wants.append(edge)
    return made_of(Expanded, [_row(child, wants, uuids) for child, wants in wanting.items()])


def _row(artifact_id: str, wants: list[Edge], uuids: Mapping[str, str]) -> tuple[object, ...]:
    """Return the fields of what is expanded."""
    if not wants:
        return artifact_id, uuids[artifact_id], None, ()
    if len(wants) == 1:  # as most are: no need to look for the pin
        return artifact_id, wants[0].child_uuid, wants[0].pin, (wants[0].composite_id,)
    composites = tuple([edge.composite_id for edge in wants])
    return artifact_id, wants[0].child_uuid, _pin(wants), composites


def _members_below(
    root: str, edges: Mapping[str, Sequence[Edge]], walked: set[str]
) -> Iterator[Edge]:
    """Yield memberships of active artifacts in reading order, each composite's only once.

    Without recursion: a chain may be longer than Python's stack.
    """
    if root in walked:
        return
    walked.add(root)
    ahead = [iter(edges.get(root, ()))]
    while ahead:
        for edge in ahead[-1]:
            if not edge.child_is_active:
                continue
            if not edge.child_is_composite:
                yield edge
            elif edge.child_id not in walked:
                walked.add(edge.child_id)
                ahead.append(iter(edges.get(edge.child_id, ())))
                break
        else:
            ahead.pop()


def _pin(wants: Sequence[Edge]) -> str | None:
    """Return the pin of an artifact that these memberships want."""
    pinned = [(edge.pin, edge) for edge in wants if edge.pin is not None]
    for pin, edge in pinned[1:]:
        first, known = pinned[0]
        if pin != first:
            raise ConflictError(
                f"{edge.child_id} is pinned to two versions: {known.composite_id} pins"
                f" {first[:12]}, {edge.composite_id} pins {pin[:12]}",
                hint="make both pins the same, or unpin one",
            )
    return pinned[0][0] if pinned else None
