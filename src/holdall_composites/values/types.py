"""The values that callers hand to the store, the resolver and sync, or get from them."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from holdall.artifacts import CompositeType


class RelationshipType(StrEnum):
    """What a composite has to do with a member."""

    CONTAINS = "contains"
    REQUIRES = "requires"
    EXTENDS = "extends"


class DeploymentState(StrEnum):
    """Whether a deployment was only begun or is known to be finished."""

    PENDING = "pending"
    DONE = "done"


class Membership(NamedTuple):
    """What a membership has to say. `metadata` is JSON."""

    composite_id: str
    child_artifact_uuid: str
    relationship_type: str = RelationshipType.CONTAINS
    position: int = 0
    pinned_version_hash: str | None = None
    metadata: str | None = None


class ArtifactState(NamedTuple):
    """What the row of an artifact has to say. `id` is `type:name`."""

    id: str
    uuid: str
    type: str
    name: str
    path: str | None = None
    origin: str = "local"
    content_hash: str | None = None


class CompositeState(NamedTuple):
    """What the rows of a composite have to say: its artifact, its own, its members."""

    uuid: str
    id: str
    name: str
    composite_type: str = CompositeType.PLUGIN
    display_name: str | None = None
    description: str | None = None
    metadata: str | None = None
    members: tuple[Membership, ...] = ()


class CollectionState(NamedTuple):
    """What the rows of a collection have to say, all in all.

    `removed` are members of composites that are no artifacts of the collection any more.
    """

    uuid: str
    name: str
    manifest_hash: str | None = None
    artifacts: tuple[ArtifactState, ...] = ()
    composites: tuple[CompositeState, ...] = ()
    removed: tuple[ArtifactState, ...] = ()


class Expanded(NamedTuple):
    """An artifact that expanding composites led to.

    `pin` is the version that any of the composites holds it at; `wanted_by` are the composites
    that it is a member of, in the order of reading, none if it was only asked for by itself.
    """

    id: str
    uuid: str
    pin: str | None = None
    wanted_by: tuple[str, ...] = ()
