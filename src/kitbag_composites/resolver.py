"""From `type:name` to UUIDs and back: what callers name, what the rows point to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from itertools import chain

from kitbag.errors import ConflictError
from kitbag_composites.errors import ArtifactNotFound, ConstraintViolated, CycleRefused
from kitbag_composites.graph import find_path
from kitbag_composites.records import MembershipRecord
from kitbag_composites.store import Edge, Store
from kitbag_composites.types import Associations, Expanded, Link, RelationshipType

__all__ = ["Associations", "Expanded", "Link", "Resolver"]


class Resolver:
    """Composites as people speak of them. Nothing here takes or gives UUIDs but `Expanded`."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def add_member(
        self,
        collection_id: str,
        composite_id: str,
        member_id: str,
        pin: str | None = None,
        relationship_type: str = RelationshipType.CONTAINS,
        position: int | None = None,
        metadata: str | None = None,
    ) -> Link:
        """Make an artifact a member of a composite, last unless a position is given.

        Raises ArtifactNotFound for an unknown composite or member, CycleRefused if the composite
        would contain itself, AlreadyExists if it is a member. The collection is locked from the
        check to the insert: of two additions that only together make a cycle one is refused.
        """
        with self.store.transaction():
            self.store.lock_collection(collection_id)
            uuids = self._uuids(collection_id, [composite_id, member_id])
            if self.store.get_composite(collection_id, composite_id) is None:
                raise ConstraintViolated(
                    f"{composite_id} is not a composite", hint="only composites have members"
                )
            self._refuse_cycle(collection_id, composite_id, member_id)
            made = self.store.create_membership(
                collection_id,
                composite_id,
                uuids[member_id],
                relationship_type=relationship_type,
                pin=pin,
                position=position,
                metadata=metadata,
            )
        return _link(made, member_id)

    def _refuse_cycle(self, collection_id: str, composite_id: str, member_id: str) -> None:
        edges = _by_composite(self.store.edges_below(collection_id, [member_id]))
        path = find_path(
            {parent: [edge.child_id for edge in below] for parent, below in edges.items()},
            member_id,
            composite_id,
        )
        if path:
            shown = " -> ".join([composite_id, *path])
            raise CycleRefused(
                f"a composite would contain itself: {shown}", hint="nothing was changed"
            )

    def remove_member(self, collection_id: str, composite_id: str, member_id: str) -> bool:
        """Take an artifact out of a composite; returns whether it was a member.

        Raises ArtifactNotFound for an unknown composite or member.
        """
        with self.store.transaction():
            uuids = self._uuids(collection_id, [composite_id, member_id])
            return self.store.delete_membership(collection_id, composite_id, uuids[member_id])

    def associations(self, collection_id: str, artifact_id: str) -> Associations:
        """Return the composites that contain an artifact, and its own members in their order."""
        uuid = self._uuids(collection_id, [artifact_id])[artifact_id]
        parents, children = self.store.get_associations(artifact_id, uuid, collection_id)
        return Associations(
            parents=tuple(_link(record, record.composite_id) for record in parents),
            children=tuple(_link(record, record.child_id) for record in children),
        )

    def expand(self, collection_id: str, ids: Sequence[str]) -> list[Expanded]:
        """Return what these composites contain, all the way down, but no composites.

        In the order of reading (each composite's members by position, nested ones in their place),
        each artifact once; a plain artifact among `ids` stands for itself. A cycle in the rows is
        walked once; artifacts that are gone from the collection are left out. Raises
        ArtifactNotFound for an unknown id, ConflictError for two pins of one artifact.
        """
        uuids = self._uuids(collection_id, ids)
        roots = {composite.id for composite in self.store.get_composites(collection_id, ids)}
        edges = _by_composite(self.store.edges_below(collection_id, roots))
        pins = _pins(edges)
        found: dict[str, Expanded] = {}
        walked: set[str] = set()
        for artifact_id in ids:
            if artifact_id not in roots:
                pin = pins.get(artifact_id)
                found.setdefault(artifact_id, Expanded(artifact_id, uuids[artifact_id], pin))
            for edge in _members_below(artifact_id, edges, walked):
                child = Expanded(
                    edge.child_id, edge.child_uuid, pins.get(edge.child_id), edge.composite_id
                )
                found.setdefault(edge.child_id, child)
        return list(found.values())

    def _uuids(self, collection_id: str, ids: Iterable[str]) -> dict[str, str]:
        wanted = list(ids)
        uuids = self.store.uuids_of(collection_id, wanted)
        for artifact_id in wanted:
            if artifact_id not in uuids:
                raise ArtifactNotFound(artifact_id, hint=self._likely(collection_id, artifact_id))
        return uuids

    def _likely(self, collection_id: str, artifact_id: str) -> str | None:
        close = get_close_matches(artifact_id, self.store.active_ids(collection_id))
        return f"is it {' or '.join(close)}?" if close else None


def _link(record: MembershipRecord, shown_id: str) -> Link:
    return Link(shown_id, record.relationship_type, record.pinned_version_hash, record.position)


def _by_composite(edges: Iterable[Edge]) -> dict[str, list[Edge]]:
    children = defaultdict(list)
    for edge in edges:
        children[edge.composite_id].append(edge)
    return dict(children)


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
        edge = next(ahead[-1], None)
        if edge is None:
            ahead.pop()
        elif not edge.child_is_composite:
            if edge.child_is_active:
                yield edge
        elif edge.child_id not in walked:
            walked.add(edge.child_id)
            ahead.append(iter(edges.get(edge.child_id, ())))


def _pins(edges: Mapping[str, Sequence[Edge]]) -> dict[str, str]:
    """Return the pinned artifacts' pins; raises ConflictError for two of one artifact."""
    first: dict[str, Edge] = {}
    for edge in chain.from_iterable(edges.values()):
        if edge.pin is None or edge.child_is_composite or not edge.child_is_active:
            continue
        known = first.setdefault(edge.child_id, edge)
        if known.pin != edge.pin:
            raise ConflictError(
                f"{edge.child_id} is pinned to two versions: {known.composite_id} pins"
                f" {str(known.pin)[:12]}, {edge.composite_id} pins {edge.pin[:12]}",
                hint="make both pins the same, or unpin one",
            )
    return {child_id: edge.pin for child_id, edge in first.items() if edge.pin is not None}
