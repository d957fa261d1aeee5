"""What composites lead to: reading their memberships in order, each artifact once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

from holdall.errors import ConflictError
from holdall_composites.values.records import Edge
from holdall_composites.values.types import Expanded


def by_composite(edges: Iterable[Edge]) -> dict[str, list[Edge]]:
    """Return each composite's memberships in the order given."""
    children = defaultdict(list)
    for edge in edges:
        children[edge.composite_id].append(edge)
    return dict(children)


def expand_edges(
    uuids: Mapping[str, str], composites: Container[str], children: Mapping[str, Sequence[Edge]]
) -> list[Expanded]:
    """Return what is asked for, composites replaced by what they contain, all the way down.

    `uuids` are what is asked for, by `type:name` and in order; `composites` those of them that
    are composites; `children` all memberships below, by composite. What is inactive leads to
    nothing. Raises ConflictError for two pins of one artifact.
    """
    # The first membership that led to each artifact, and all of those artifacts that do not have
    # exactly one, as most have.
    first: dict[str, Edge] = {}
    wants: dict[str, list[Edge]] = {}
    walked: set[str] = set()
    for artifact_id, uuid in uuids.items():
        if artifact_id not in composites and artifact_id not in first:
            first[artifact_id] = Edge("", artifact_id, uuid)
            wants[artifact_id] = []
        for edge in _below(artifact_id, children, walked):
            known = first.setdefault(edge.id, edge)
            if known is not edge:
                wants.setdefault(edge.id, [known]).append(edge)
    return [_expand_edge(edge, wants.get(edge.id)) for edge in first.values()]


def _expand_edge(edge: Edge, wants: Sequence[Edge] | None) -> Expanded:
    if wants is None:
        return Expanded(edge.id, edge.uuid, edge.pin, (edge.composite_id,))
    return Expanded(edge.id, edge.uuid, _pin(wants), tuple(one.composite_id for one in wants))


def _below(root: str, children: Mapping[str, Sequence[Edge]], walked: set[str]) -> Iterator[Edge]:
    """Yield active memberships of plain artifacts in reading order; each composite's only once.

    Without recursion: a chain may be longer than Python's stack.
    """
    ahead = [] if root in walked else [iter(children.get(root, ()))]
    walked.add(root)
    while ahead:
        for edge in ahead[-1]:
            if edge.is_active and not edge.is_composite:
                yield edge
            elif edge.is_active and edge.id not in walked:
                walked.add(edge.id)
                ahead.append(iter(children.get(edge.id, ())))
                break
        else:
            ahead.pop()


def _pin(wants: Sequence[Edge]) -> str | None:
    """Return the pin of an artifact that these memberships want."""
    pinned = [(one.pin, one.composite_id) for one in wants if one.pin is not None]
    for pin, composite_id in pinned[1:]:
        first, known = pinned[0]
        if pin != first:
            raise ConflictError(
                f"{wants[0].id} is pinned to two versions: {known} pins {first[:12]},"
                f" {composite_id} pins {pin[:12]}",
                hint="make both pins the same, or unpin one",
            )
    return pinned[0][0] if pinned else None
