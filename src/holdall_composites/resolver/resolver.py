"""The service: from `type:name` to UUIDs and back, and changes of what composites contain."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING

from holdall import dataclass
from holdall.artifacts import ArtifactId, ArtifactType, CompositeType, Reference
from holdall.collection import Collection, Manifest, ManifestMember
from holdall.errors import NotFoundError, RefusedError
from holdall_composites.errors import ArtifactNotFound
from holdall_composites.resolver.expansion import by_composite, expand_edges
from holdall_composites.store.store import Store
from holdall_composites.values.pagination import Page
from holdall_composites.values.records import Associations, CompositeRecord, Edge
from holdall_composites.values.types import Expanded, RelationshipType

if TYPE_CHECKING:
    from holdall.collection import Change, ChangeKind
    from holdall.operations import Editor

    Edit = Callable[[], AbstractContextManager[Editor]]

_COMPOSITE_TYPES = ArtifactType.composite_types()


def _refuse_edits() -> AbstractContextManager[Editor]:
    raise RefusedError(
        "this collection was opened to read only",
        hint="open it with `holdall_composites.open_resolver(folder)`",
    )


@dataclass
class _Draft:
    """A change of a composite in the making; `manifest` is what the collection's becomes."""

    change: Change
    collection: Collection
    manifest: Manifest

    @property
    def id(self) -> ArtifactId:
        return self.change.id

    def resolve(self, text: str) -> ArtifactId:
        """Return the id that a text means; raises ArtifactNotFound, UsageError if two have it."""
        try:
            return self.collection.resolve(text)
        except NotFoundError as error:
            raise ArtifactNotFound(text, hint=error.hint) from error

    def members(self, texts: Sequence[str]) -> list[ArtifactId]:
        """Return the ids of members, also of those that were removed from the collection."""
        from holdall_composites.resolver import composition

        present = composition.composite_in(self.manifest, self.id).members
        known = {str(member.id): member.id for member in present}
        return [known.get(text) or self.resolve(text) for text in texts]


class Resolver:
    """Composites as users speak of them; no call takes or gives UUIDs but `Expanded`.

    Each change is one operation on manifest and rows: under the collection's lock, proposed to all
    plugins, journalled, logged, and undone by `holdall undo`. Names and versions are as users write
    them: `type:name`, or a name that one artifact alone has; a number or the first digits of a
    hash. Every change raises ArtifactNotFound for a name or version that there is not, and
    CycleRefused where a composite would contain itself; with `dry_run` nothing is written.
    """

    def __init__(self, store: Store, collection_id: str, edit: Edit = _refuse_edits) -> None:
        self.store, self.collection_id = store, collection_id
        self._edit = edit

    def create_composite(
        self,
        name: str,
        members: Sequence[str] = (),
        *,
        composite_type: CompositeType = CompositeType.PLUGIN,
        display_name: str | None = None,
        description: str | None = None,
        dry_run: bool = False,
    ) -> Change:
        """Make a composite with its first members (`ID[@VERSION]`).

        Raises AlreadyExists if there is one of that name.
        """
        from holdall.collection import ChangeKind
        from holdall_composites.resolver import composition

        with self._change_manifest("create", name, dry_run, ChangeKind.NEW) as draft:
            made = composition.with_composite(
                draft.manifest,
                draft.id.name,
                composite_type=composite_type,
                display_name=display_name,
                description=description,
            )
            given = self._members(draft, members, RelationshipType.CONTAINS)
            draft.manifest = composition.with_members(made, draft.id, given)
        return draft.change

    def delete_composite(self, composite: str, *, dry_run: bool = False) -> Change:
        """Drop a composite; its members stay. Raises ConstraintViolated if it is a member."""
        from holdall.collection import ChangeKind
        from holdall_composites.resolver import composition

        with self._change_manifest("delete", composite, dry_run, ChangeKind.GONE) as draft:
            draft.manifest = composition.without_composite(draft.manifest, draft.id)
        return draft.change

    def add_member(
        self,
        composite: str,
        member: str,
        pin: str | None = None,
        relationship_type: str = RelationshipType.CONTAINS,
        position: int | None = None,
    ) -> Change:
        """Make an artifact a member, last unless a position is given; `pin` is a version of it.

        Raises AlreadyExists if it is a member.
        """
        text = member if pin is None else f"{member}@{pin}"
        return self.add_members(composite, [text], relationship_type, position)

    def add_members(
        self,
        composite: str,
        members: Sequence[str],
        relationship_type: str = RelationshipType.CONTAINS,
        position: int | None = None,
        *,
        dry_run: bool = False,
    ) -> Change:
        """Make artifacts (`ID[@VERSION]`) members as `add_member` does; all or none."""
        from holdall_composites.resolver import composition

        with self._change_manifest("add", composite, dry_run) as draft:
            given = self._members(draft, members, relationship_type)
            draft.manifest = composition.with_members(draft.manifest, draft.id, given, position)
        return draft.change

    def remove_member(self, composite: str, *members: str, dry_run: bool = False) -> Change:
        """Take members out of a composite; raises ArtifactNotFound for one that is none."""
        from holdall_composites.resolver import composition

        with self._change_manifest("remove", composite, dry_run) as draft:
            ids = draft.members(members)
            draft.manifest = composition.without_members(draft.manifest, draft.id, ids)
        return draft.change

    def reorder_members(self, composite: str, *members: str, dry_run: bool = False) -> Change:
        """Put these members first, in this order; the others keep theirs behind them."""
        from holdall_composites.resolver import composition

        with self._change_manifest("reorder", composite, dry_run) as draft:
            ids = draft.members(members)
            draft.manifest = composition.with_order(draft.manifest, draft.id, ids)
        return draft.change

    def pin_member(
        self, composite: str, member: str, version: str | None = None, *, dry_run: bool = False
    ) -> Change:
        """Hold a member at a version, by default its newest."""
        from holdall_composites.resolver import composition
        from holdall_composites.resolver.versions import find_version

        with self._change_manifest("pin", composite, dry_run) as draft:
            member_id = draft.resolve(member)
            pin = find_version(self.store, draft.collection, member_id, version).content_hash
            draft.manifest = composition.with_pin(draft.manifest, draft.id, member_id, pin)
        return draft.change

    def unpin_member(self, composite: str, member: str, *, dry_run: bool = False) -> Change:
        """Let a member follow its current version."""
        from holdall_composites.resolver import composition

        with self._change_manifest("unpin", composite, dry_run) as draft:
            (member_id,) = draft.members([member])
            draft.manifest = composition.with_pin(draft.manifest, draft.id, member_id, None)
        return draft.change

    def _members(
        self, draft: _Draft, texts: Sequence[str], relationship_type: str
    ) -> list[ManifestMember]:
        from holdall_composites.resolver.versions import find_version

        members = []
        for text in texts:
            name, version = Reference.parse(text)
            member_id, pin = draft.resolve(name), None
            if version is not None:
                pin = find_version(self.store, draft.collection, member_id, version).content_hash
            members.append(ManifestMember(member_id, None, str(relationship_type), pin))
        return members

    @contextmanager
    def _change_manifest(
        self, action: str, composite: str, dry_run: bool, kind: ChangeKind | None = None
    ) -> Iterator[_Draft]:
        """Change the manifest; hooks give UUIDs, refuse cycles, and make the rows follow."""
        from holdall.collection import Change, ChangeKind, ChangeSet

        kind = kind or ChangeKind.CHANGED
        change = Change(kind, ArtifactId.of("composite", composite.removeprefix("composite:")))
        with self._edit() as editor:
            before = editor.collection.manifest
            draft = _Draft(change, editor.collection, before)
            yield draft
            changes = ChangeSet(f"composite {action}", before, draft.manifest, (change,))
            changes = editor.propose(changes)
            if not dry_run:
                editor.commit(changes)
                # The first change of a collection gives it its UUID.
                self.collection_id = changes.after.uuid or self.collection_id

    def composites(
        self, *, cursor: str | None = None, limit: int | None = None
    ) -> Page[CompositeRecord]:
        """Return composites in the order of their ids: all, or a page of them."""
        return self.store.composites.all_of(self.collection_id, cursor=cursor, limit=limit)

    def associations(
        self, artifact_id: str, *, cursor: str | None = None, limit: int | None = None
    ) -> Associations:
        """Return the composites that contain an artifact, and its own members in their order.

        All, or a page of both together. Raises ArtifactNotFound for an unknown `type:name`.
        """
        with self.store.snapshot():
            uuid = self._uuids([artifact_id])[artifact_id]
            page = self.store.memberships.get_associations(
                artifact_id, uuid, self.collection_id, cursor=cursor, limit=limit
            )
        return Associations(
            tuple(found for found in page.items if found.child_artifact_uuid == uuid),
            tuple(found for found in page.items if found.composite_id == artifact_id),
            page.next_cursor,
        )

    def id_of(self, uuid: str) -> str:
        """Return the `type:name` of the artifact that has this UUID, or has it as an alias.

        Raises ArtifactNotFound if none of the collection has.
        """
        with self.store.snapshot():
            artifacts = self.store.artifacts
            own = artifacts.resolve_aliases(self.collection_id, [uuid]).get(uuid, uuid)
            owner, id_ = artifacts.owners_of([own]).get(own, ("", ""))
        if owner != self.collection_id:
            raise ArtifactNotFound(uuid)
        return id_

    def expand(self, ids: Sequence[str]) -> list[Expanded]:
        """Return what these composites contain, all the way down, but no composites.

        In the order of reading (each composite's members by position, nested ones in their place),
        each artifact once; a plain artifact among `ids` stands for itself. A cycle in the rows is
        walked once; artifacts that are gone from the collection are left out. Raises
        ArtifactNotFound for an unknown id, ConflictError for two pins of one artifact.
        """
        return expand_edges(*self._below(ids))

    def expand_each(self, ids: Sequence[str]) -> dict[str, list[Expanded]]:
        """Return for each id what `expand` returns for it alone; raises what that raises.

        The number of statements does not depend on the number of ids.
        """
        uuids, composites, children = self._below(ids)
        return {
            artifact_id: expand_edges({artifact_id: uuid}, composites, children)
            for artifact_id, uuid in uuids.items()
        }

    def _below(self, ids: Sequence[str]) -> tuple[dict[str, str], list[str], dict[str, list[Edge]]]:
        """Return the UUIDs of active artifacts, the composites among them, and what is below."""
        with self.store.snapshot():
            uuids = self._uuids(ids, only_active=True)
            composites = [one for one in uuids if one.partition(":")[0] in _COMPOSITE_TYPES]
            if not composites:
                return uuids, [], {}
            edges = self.store.memberships.edges_below(self.collection_id, composites)
        return uuids, composites, by_composite(edges)

    def _uuids(self, ids: Sequence[str], *, only_active: bool = False) -> dict[str, str]:
        """Return UUIDs in the order of the ids; raises ArtifactNotFound, with what is like it."""
        found = self.store.artifacts.uuids_of(self.collection_id, ids, only_active=only_active)
        for artifact_id in ids:
            if artifact_id not in found:
                raise ArtifactNotFound(artifact_id, hint=self._likely(artifact_id))
        return {artifact_id: found[artifact_id] for artifact_id in ids}

    def _likely(self, text: str) -> str | None:
        from difflib import get_close_matches

        ids = [row.id for row in self.store.artifacts.all_of(self.collection_id) if row.active]
        close = get_close_matches(text if ":" in text else f"skill:{text}", ids)
        return f"is it {' or '.join(close)}?" if close else None
