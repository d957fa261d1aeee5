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
        children[edge[0]].append(edge)
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
            first[artifact_id] = ("", artifact_id, uuid, None, False, True)
            wants[artifact_id] = []
        for edge in _below(artifact_id, children, walked):
            known = first.setdefault(edge[1], edge)
            if known is not edge:
                wants.setdefault(edge[1], [known]).append(edge)
    return [
        Expanded(child_id, child, _pin(wants[child_id]), tuple(one[0] for one in wants[child_id]))
        if child_id in wants
        else Expanded(child_id, child, pin, (composite_id,))
        for composite_id, child_id, child, pin, _, _ in first.values()
    ]


def _below(root: str, children: Mapping[str, Sequence[Edge]], walked: set[str]) -> Iterator[Edge]:
    """Yield active memberships of plain artifacts in reading order; each composite's only once.

    Without recursion: a chain may be longer than Python's stack.
    """
    ahead = [] if root in walked else [iter(children.get(root, ()))]
    walked.add(root)
    while ahead:
        for edge in ahead[-1]:
            _, child_id, _, _, is_composite, is_active = edge
            if is_active and not is_composite:
                yield edge
            elif is_active and child_id not in walked:
                walked.add(child_id)
                ahead.append(iter(children.get(child_id, ())))
                break
        else:
            ahead.pop()


def _pin(wants: Sequence[Edge]) -> str | None:
    """Return the pin of an artifact that these memberships want."""
    pinned = [(pin, composite_id) for composite_id, _, _, pin, *_ in wants if pin is not None]
    for pin, composite_id in pinned[1:]:
        first, known = pinned[0]
        if pin != first:
            raise ConflictError(
                f"{wants[0][1]} is pinned to two versions: {known} pins {first[:12]},"
                f" {composite_id} pins {pin[:12]}",
                hint="make both pins the same, or unpin one",
            )
    return pinned[0][0] if pinned else None
