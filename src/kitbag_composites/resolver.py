"""From `type:name` to UUIDs and back: what callers name, what the rows point to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kitbag.artifacts import ArtifactId, has_plain_name
from kitbag.errors import UsageError
from kitbag_composites.errors import ArtifactNotFound, ConstraintViolated, CycleRefused
from kitbag_composites.expansion import by_composite, expanded, expanded_below
from kitbag_composites.graph import find_path
from kitbag_composites.records import MembershipRecord
from kitbag_composites.store import Store
from kitbag_composites.types import (
    Associations,
    Expanded,
    Link,
    NewMembership,
    RelationshipType,
)

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
            uuids = self._uuids(collection_id, [composite_id, member_id], active_only=True)
            self._refuse_plain(collection_id, composite_id)
            self._refuse_cycle(collection_id, composite_id, [member_id])
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

    def add_members(
        self,
        collection_id: str,
        composite_id: str,
        member_ids: Sequence[str],
        relationship_type: str = RelationshipType.CONTAINS,
    ) -> None:
        """Make artifacts members of a composite, behind those it has, in this order; all or none.

        Raises what `add_member` raises. The number of statements does not depend on how many.
        """
        with self.store.transaction():
            self.store.lock_collection(collection_id)
            wanted = [composite_id, *member_ids]
            uuids = self._uuids(collection_id, wanted, active_only=True)
            self._refuse_plain(collection_id, composite_id)
            self._refuse_cycle(collection_id, composite_id, member_ids)
            self.store.create_memberships(
                collection_id,
                [NewMembership(composite_id, uuids[i], relationship_type) for i in member_ids],
            )

    def _refuse_plain(self, collection_id: str, composite_id: str) -> None:
        if self.store.get_composite(collection_id, composite_id) is None:
            raise ConstraintViolated(
                f"{composite_id} is not a composite", hint="only composites have members"
            )

    def _refuse_cycle(
        self, collection_id: str, composite_id: str, member_ids: Sequence[str]
    ) -> None:
        edges = by_composite(self.store.edges_below(collection_id, member_ids))
        children = {parent: [edge.child_id for edge in below] for parent, below in edges.items()}
        inner = [i for i in member_ids if i in children or i == composite_id]
        path = next((p for i in inner if (p := find_path(children, i, composite_id))), None)
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
        uuids = self._uuids(collection_id, ids, active_only=True)
        roots = {composite.id for composite in self.store.get_composites(collection_id, ids)}
        return expanded(uuids, roots, self.store.edges_below(collection_id, roots))

    def expand_each(self, collection_id: str, ids: Sequence[str]) -> dict[str, list[Expanded]]:
        """Return for each id what `expand` returns for it alone; raises what that raises.

        The number of statements does not depend on the number of ids.
        """
        uuids = self._uuids(collection_id, ids, active_only=True)
        roots = {composite.id for composite in self.store.get_composites(collection_id, ids)}
        children = by_composite(self.store.edges_below(collection_id, roots)) if roots else {}
        return {
            artifact_id: expanded_below({artifact_id: uuid}, roots, children)
            for artifact_id, uuid in uuids.items()
        }

    def resolve_name(self, collection_id: str, text: str) -> str:
        """Return the `type:name` that `text` means: itself, or the only one of that name.

        Raises UsageError that lists the candidates, ArtifactNotFound if there is none.
        """
        if self.store.uuids_of(collection_id, [text], active_only=True):
            return text
        same = (ArtifactId.parse(a.id) for a in self.store.find_by_name(collection_id, text))
        found = [str(artifact_id) for artifact_id in same if has_plain_name(artifact_id)]
        if len(found) > 1:
            raise UsageError(
                f"{text!r} could be any of {', '.join(found)}",
                hint="write the type too, as in type:name",
            )
        if not found:
            raise ArtifactNotFound(text, hint=self._likely(collection_id, text))
        return found[0]

    def _uuids(
        self, collection_id: str, ids: Iterable[str], *, active_only: bool = False
    ) -> dict[str, str]:
        """Return UUIDs in the order of the ids; raises ArtifactNotFound, with what is like it."""
        wanted = list(ids)
        uuids = self.store.uuids_of(collection_id, wanted, active_only=active_only)
        for artifact_id in wanted:
            if artifact_id not in uuids:
                raise ArtifactNotFound(artifact_id, hint=self._likely(collection_id, artifact_id))
        return {artifact_id: uuids[artifact_id] for artifact_id in wanted}

    def _likely(self, collection_id: str, text: str) -> str | None:
        from difflib import get_close_matches

        ids = self.store.active_ids(collection_id)
        close = get_close_matches(text if ":" in text else f"skill:{text}", ids)
        return f"is it {' or '.join(close)}?" if close else None


def _link(record: MembershipRecord, shown_id: str) -> Link:
    return Link(shown_id, record.relationship_type, record.pinned_version_hash, record.position)
