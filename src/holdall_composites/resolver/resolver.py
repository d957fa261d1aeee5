"""From `type:name` to UUIDs and back: what callers name, what the rows point to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from holdall.artifacts import ArtifactId, has_plain_name
from holdall.errors import UsageError
from holdall_composites.errors import ArtifactNotFound, ConstraintViolated, CycleRefused
from holdall_composites.resolver.expansion import by_composite, expanded, expanded_below
from holdall_composites.store.store import Store
from holdall_composites.values.graph import find_path
from holdall_composites.values.records import MembershipRecord
from holdall_composites.values.types import (
    Associations,
    Expanded,
    Link,
    NewMembership,
    RelationshipType,
)


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
            uuids = self._uuids_to_join(collection_id, composite_id, [member_id])
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
            uuids = self._uuids_to_join(collection_id, composite_id, member_ids)
            self.store.create_memberships(
                collection_id,
                [NewMembership(composite_id, uuids[i], relationship_type) for i in member_ids],
            )

    def _uuids_to_join(
        self, collection_id: str, composite_id: str, member_ids: Sequence[str]
    ) -> dict[str, str]:
        """Return the UUIDs of what may become members; raises what `add_member` raises for it."""
        uuids, composites = self._active(collection_id, [composite_id, *member_ids])
        if composite_id not in composites:
            raise ConstraintViolated(
                f"{composite_id} is not a composite", hint="only composites have members"
            )
        inner = [member_id for member_id in member_ids if member_id in composites]
        if inner:  # nothing else leads back
            self._refuse_cycle(collection_id, composite_id, inner)
        return uuids

    def _refuse_cycle(self, collection_id: str, composite_id: str, inner: Sequence[str]) -> None:
        edges = by_composite(self.store.edges_below(collection_id, inner))
        children = {
            parent: [child_id for _, child_id, *_ in below] for parent, below in edges.items()
        }
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
        uuids, roots = self._active(collection_id, ids)
        return expanded(uuids, roots, self.store.edges_below(collection_id, roots))

    def expand_each(self, collection_id: str, ids: Sequence[str]) -> dict[str, list[Expanded]]:
        """Return for each id what `expand` returns for it alone; raises what that raises.

        The number of statements does not depend on the number of ids.
        """
        uuids, roots = self._active(collection_id, ids)
        children = by_composite(self.store.edges_below(collection_id, roots)) if roots else {}
        return {
            artifact_id: expanded_below({artifact_id: uuid}, roots, children)
            for artifact_id, uuid in uuids.items()
        }

    def resolve_name(self, collection_id: str, text: str) -> str:
        """Return the `type:name` that `text` means: itself, or the only one of that name.

        Raises UsageError that lists the candidates, ArtifactNotFound if there is none.
        """
        if self.store.active_uuids_of(collection_id, [text])[0]:
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

    def _uuids(self, collection_id: str, ids: Sequence[str]) -> dict[str, str]:
        """Return UUIDs in the order of the ids; raises ArtifactNotFound, with what is like it."""
        return self._in_order(collection_id, ids, self.store.uuids_of(collection_id, ids))

    def _active(self, collection_id: str, ids: Sequence[str]) -> tuple[dict[str, str], set[str]]:
        """Return what `_uuids` does, of active artifacts only, and which are composites."""
        uuids, composites = self.store.active_uuids_of(collection_id, ids)
        return self._in_order(collection_id, ids, uuids), composites

    def _in_order(
        self, collection_id: str, ids: Sequence[str], uuids: Mapping[str, str]
    ) -> dict[str, str]:
        for artifact_id in ids:
            if artifact_id not in uuids:
                raise ArtifactNotFound(artifact_id, hint=self._likely(collection_id, artifact_id))
        return {artifact_id: uuids[artifact_id] for artifact_id in ids}

    def _likely(self, collection_id: str, text: str) -> str | None:
        from difflib import get_close_matches

        ids = self.store.active_ids(collection_id)
        close = get_close_matches(text if ":" in text else f"skill:{text}", ids)
        return f"is it {' or '.join(close)}?" if close else None


def _link(record: MembershipRecord, shown_id: str) -> Link:
    return Link(shown_id, record.relationship_type, record.pinned_version_hash, record.position)
