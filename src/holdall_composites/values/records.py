"""Rows as they come out of the store: frozen, complete, free of the database."""

from __future__ import annotations

from holdall import NamedTuple
from holdall.artifacts import CompositeType
from holdall_composites.values.types import DeploymentState, RelationshipType


class CollectionRecord(NamedTuple):
    """A row of `collections`."""

    id: str
    name: str
    manifest_hash: str | None = None
    head: int = 0
    head_hash: str | None = None


class Among(NamedTuple):
    """Some of a collection's rows: UUIDs and ids, each as a JSON list."""

    uuids: str
    ids: str


class ReleaseRecord(NamedTuple):
    """A row of `releases`: a numbered state of a collection. `parent` is the hash before it."""

    number: int
    change_id: str
    hash: str
    parent: str | None
    state_hash: str
    author: str | None
    host: str
    at: str
    command: str
    message: str | None = None

    def to_json(self) -> dict[str, object]:
        """Return the release as `holdall log --json` prints it."""
        return self._asdict()


class ChannelRecord(NamedTuple):
    """A row of `channels`: a name under which releases are published.

    `release_hash` is the name of the release's published file, `previous` that of the one before.
    """

    name: str
    sequence: int
    release: int
    release_hash: str
    previous: str | None
    at: str


class ArtifactRecord(NamedTuple):
    """A row of `artifacts`, or what one has to say. `id` is `type:name`.

    The database sets the timestamps.
    """

    id: str
    uuid: str
    type: str
    name: str
    path: str | None = None
    origin: str = "local"
    content_hash: str | None = None
    active: bool = True
    created_at: str = ""
    updated_at: str = ""


class MembershipRecord(NamedTuple):
    """A row of `composite_memberships`, or what one has to say. `metadata` is JSON.

    `child_id` is the child's present `type:name`; the database knows it, and sets the timestamps.
    """

    composite_id: str
    child_artifact_uuid: str
    relationship_type: str = RelationshipType.CONTAINS
    position: int = 0
    pinned_version_hash: str | None = None
    metadata: str | None = None
    child_id: str = ""
    created_at: str = ""
    updated_at: str = ""

    def to_json(self, id_: str) -> dict[str, object]:
        """Return the membership as `holdall associations --json` prints it; `id_` is an end."""
        return {
            "id": id_,
            "relationship": self.relationship_type,
            "pin": self.pinned_version_hash,
            "position": self.position,
        }


class Edge(NamedTuple):
    """A step from a composite to a child, as expanding needs it, which takes ten thousand.

    Of SQLite, the truths are 0 and 1, which are equal to Python's.
    """

    composite_id: str
    id: str
    uuid: str
    pin: str | None = None
    is_composite: bool = False
    is_active: bool = True


class CompositeRecord(NamedTuple):
    """A row of `composite_artifacts` with the UUID and name from its row in `artifacts`.

    `metadata` is JSON. `members` are in no row, but in what the rows of a composite have to say.
    """

    uuid: str
    id: str
    name: str
    composite_type: str = CompositeType.PLUGIN
    display_name: str | None = None
    description: str | None = None
    metadata: str | None = None
    members: tuple[MembershipRecord, ...] = ()


class CollectionState(NamedTuple):
    """What the rows of a collection have to say, all in all.

    `removed` are members of composites that are no artifacts of the collection any more, `aliases`
    are pairs: another UUID of an artifact, and its own.
    """

    uuid: str
    name: str
    manifest_hash: str | None = None
    artifacts: tuple[ArtifactRecord, ...] = ()
    composites: tuple[CompositeRecord, ...] = ()
    removed: tuple[ArtifactRecord, ...] = ()
    aliases: tuple[tuple[str, str], ...] = ()


class Associations(NamedTuple):
    """The memberships in which an artifact is the child, and its own members in their order.

    `next_cursor` leads to further ones; None: there are none.
    """

    parents: tuple[MembershipRecord, ...]
    children: tuple[MembershipRecord, ...]
    next_cursor: str | None = None


class DeploymentRecord(NamedTuple):
    """A row of `deployments`. The database sets `deployed_at`.

    `host` is the machine; empty in a database that only one machine has.
    """

    collection_id: str
    project: str
    target_root: str
    artifact_uuid: str
    content_hash: str
    transaction_id: str
    state: str = DeploymentState.PENDING
    deployed_at: str | None = None
    host: str = ""

    @property
    def key(self) -> tuple[str, str, str, str, str]:
        """The collection, host, project, target root and artifact."""
        return (self.collection_id, self.host, *self[1:4])


class DeployedRecord(NamedTuple):
    """A deployment beside what the head has of its artifact: its id and content hash.

    `current` is None for what was removed; `is_pinned` where a composite pins what is deployed.
    """

    host: str
    project: str
    target_root: str
    uuid: str
    id: str
    content_hash: str
    current: str | None
    is_pinned: bool
    is_finished: bool


class VersionRecord(NamedTuple):
    """A numbered state of an artifact. `content_hash` names its tree; `parent` is a number."""

    number: int
    parent: int | None
    content_hash: str
    message: str | None
    author: str | None
    created_at: str

    def to_json(self) -> dict[str, str | int | None]:
        """Return the version as `holdall versions --json` prints it."""
        return self._asdict()


class OperationRecord(NamedTuple):
    """A row of `operations` without its details. `undoes` are the numbers of operations.

    `release` is the number of the release that a change of the collection made.
    """

    number: int
    transaction_id: str
    command: str
    summary: str
    project: str | None
    author: str | None
    host: str
    at: str
    undoes: tuple[int, ...] = ()
    release: int | None = None

    def to_json(self) -> dict[str, object]:
        """Return the operation as `holdall log --json` prints it."""
        return self._asdict()


class Totals(NamedTuple):
    """How much is stored: numbers of rows, and the bytes of content in the blobs."""

    versions: int
    blobs: int
    size: int

    def without(self, other: Totals) -> Totals:
        """Return how much less the other is; what came meanwhile counts as nothing."""
        return Totals(*(max(0, mine - its) for mine, its in zip(self, other, strict=True)))
