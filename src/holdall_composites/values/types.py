"""The values that callers hand to the store, the resolver and sync, or get from them."""

from __future__ import annotations

from enum import StrEnum

from holdall import NamedTuple


class RelationshipType(StrEnum):
    """What a composite has to do with a member."""

    CONTAINS = "contains"
    REQUIRES = "requires"
    EXTENDS = "extends"


class DeploymentState(StrEnum):
    """Whether a deployment was only begun or is known to be finished."""

    PENDING = "pending"
    DONE = "done"


class Expanded(NamedTuple):
    """An artifact that expanding composites led to.

    `pin` is the version that any of the composites holds it at; `wanted_by` are the composites
    that it is a member of, in the order of reading, none if it was only asked for by itself.
    """

    id: str
    uuid: str
    pin: str | None = None
    wanted_by: tuple[str, ...] = ()
