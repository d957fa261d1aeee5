"""The values of a deploy while it is planned and when it is done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from holdall import NamedTuple
from holdall.artifacts.ids import ArtifactId
from holdall.deploy.planning.files import Arrangement
from holdall.deploy.planning.plan import DeployPlan, PlannedArtifact
from holdall.deploy.project.ledger import Deployed
from holdall.deploy.targets import Target
from holdall.transaction.actions import Action
from holdall.transaction.commit import Outcome


class Share(NamedTuple):
    """What a deploy changes of a project: what it brings where, and what that replaces.

    `obsolete` are the deployed artifacts that are replaced or go, `kept` the others, `requests` all
    that is asked for in the project afterwards.
    """

    artifacts: Sequence[PlannedArtifact]
    pairs: Sequence[tuple[Target, PlannedArtifact]]
    obsolete: Sequence[Deployed]
    kept: Sequence[Deployed]
    requests: Mapping[ArtifactId, str | None]


class Planned(NamedTuple):
    """A plan, the file actions of its artifacts with what is in the way, and all file actions."""

    plan: DeployPlan
    arrangement: Arrangement
    actions: tuple[Action, ...]


class DeployResult(NamedTuple):
    """What a deploy or undeploy did, or would do: the plan, the file actions, what was in the way.

    `outcome` is None when nothing was written: a dry run, or nothing to do. `staged_at` is when all
    files were written and none was in place, in nanoseconds.
    """

    plan: DeployPlan
    arrangement: Arrangement
    warnings: tuple[str, ...]
    outcome: Outcome | None
    staged_at: int = 0
