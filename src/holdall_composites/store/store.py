"""All queries on rows, as one object.

Nothing else writes SQL about rows. Each write is one transaction, or part of the caller's
(`Store.transaction`), which an error then ends.
"""

from __future__ import annotations

from holdall_composites.store.artifacts import ArtifactRows
from holdall_composites.store.closures import ClosureRows
from holdall_composites.store.composites import CompositeRows
from holdall_composites.store.deployments import DeploymentRows
from holdall_composites.store.integrity import IntegrityRows
from holdall_composites.store.memberships import MembershipRows
from holdall_composites.store.operations import OperationRows
from holdall_composites.store.versions import VersionRows


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
