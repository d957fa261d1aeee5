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


def expanded(
    uuids: Mapping[str, str], composites: Container[str], children: Mapping[str, Sequence[Edge]]
) -> list[Expanded]:
    """Return what is asked for, composites replaced by what they contain, all the way down.

    `uuids` are what is asked for, by `type:name` and in order; `composites` those of them that
    are composites; `children` all memberships below, by composite. What is inactive leads to
    nothing. Raises ConflictError for two pins of one artifact.
    """
    found = _Found()
    for artifact_id, uuid in uuids.items():
        if artifact_id not in composites:
            found.add_plain(artifact_id, uuid)
        found.add_below(artifact_id, children)
    return list(map(Expanded._make, found.rows()))


class _Found:
    """What was met so far: by `type:name` the first membership that led to each artifact."""

    def __init__(self) -> None:
        self._first: dict[str, Edge] = {}
        # All memberships of those artifacts that do not have exactly one, as most have.
        self._wants: dict[str, list[Edge]] = {}
        self._walked: set[str] = set()

    def add_plain(self, artifact_id: str, uuid: str) -> None:
        """Add what is asked for by itself."""
        if artifact_id not in self._first:
            self._first[artifact_id] = ("", artifact_id, uuid, None, False, True)
            self._wants[artifact_id] = []

    def add_below(self, root: str, children: Mapping[str, Sequence[Edge]]) -> None:
        """Add active artifacts in reading order; each composite's memberships only once.

        Without recursion: a chain may be longer than Python's stack.
        """
        first, walked = self._first, self._walked
        if root in walked:
            return
        walked.add(root)
        ahead = [iter(children.get(root, ()))]
        while ahead:
            for edge in ahead[-1]:
                _, child_id, _, _, is_composite, is_active = edge
                if not is_active:
                    continue
                if not is_composite:
                    known = first.setdefault(child_id, edge)
                    if known is not edge:
                        self._wants.setdefault(child_id, [known]).append(edge)
                elif child_id not in walked:
                    walked.add(child_id)
                    ahead.append(iter(children.get(child_id, ())))
                    break
            else:
                ahead.pop()

    def rows(self) -> Iterator[tuple[object, ...]]:
        """Yield the fields of what is expanded."""
        wants = self._wants
        for composite_id, child_id, uuid, pin, _, _ in self._first.values():
            if child_id not in wants:
                yield child_id, uuid, pin, (composite_id,)
            else:
                composites = tuple([edge[0] for edge in wants[child_id]])
                yield child_id, uuid, _pin(wants[child_id]), composites


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
