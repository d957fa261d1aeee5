"""All queries on rows: frozen records out, our errors, a fixed number of statements per call.

Nothing else writes SQL about rows. Each write is one transaction, or part of the caller's
(`Store.transaction`), which an error then ends.
"""

from __future__ import annotations

from holdall_composites.records import (
    ArtifactRecord,
    CollectionRecord,
    CompositeRecord,
    DeploymentRecord,
    Edge,
    MembershipRecord,
    OperationRecord,
    Purged,
    VersionRecord,
)
from holdall_composites.store.artifacts import ArtifactRows
from holdall_composites.store.closures import ClosureRows
from holdall_composites.store.composites import CompositeRows
from holdall_composites.store.deployments import DeploymentRows
from holdall_composites.store.integrity import IntegrityRows
from holdall_composites.store.memberships import UNCHANGED, MembershipRows
from holdall_composites.store.operations import OperationRows
from holdall_composites.store.versions import VersionRows

__all__ = [
    "UNCHANGED",
    "ArtifactRecord",
    "CollectionRecord",
    "CompositeRecord",
    "DeploymentRecord",
    "Edge",
    "MembershipRecord",
    "OperationRecord",
    "Purged",
    "Store",
    "VersionRecord",
]


class Store(
    ArtifactRows,
    CompositeRows,
    MembershipRows,
    ClosureRows,
    DeploymentRows,
    VersionRows,
    OperationRows,
    IntegrityRows,
):
    """The rows of a connected database whose schema is current."""
