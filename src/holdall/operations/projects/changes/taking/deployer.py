"""Deploy what is in place already: what differs from what would be placed stays, as an edit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field, fields, replace
from typing import Any

from holdall import dataclass
from holdall.deploy.planning.files import Arrangement
from holdall.deploy.planning.plan import DeployRequest, PlannedArtifact
from holdall.deploy.planning.settings import Entries, planned_entries
from holdall.deploy.project.hints import own_folders
from holdall.deploy.project.ledger import Deployed, Ledger
from holdall.deploy.project.project import Project
from holdall.deploy.targets import Target
from holdall.files.scratch import Scratch
from holdall.operations.projects.locked_deploy import LockedDeployer
from holdall.operations.projects.values import Planned


@dataclass(frozen=True)
class TakingDeployer(LockedDeployer):
    """Leaves what is in the way, and says so in `left`, unless forced."""

    left: list[str] = field(default_factory=list)

    def _arrange(
        self,
        project: Project,
        scratch: Scratch,
        kept: Sequence[Deployed],
        pairs: Sequence[tuple[Target, PlannedArtifact]],
        obsolete: Sequence[Deployed],
    ) -> tuple[Arrangement, Entries]:
        in_place = [*obsolete, *self._entries(pairs)]
        arrangement, entries = super()._arrange(project, scratch, kept, pairs, in_place)
        if self.force:
            return arrangement, entries
        self.left[:] = [
            f"{file.path}: {file.what or 'not as its source has it'}; it stays"
            for file in arrangement.in_the_way
        ]
        return arrangement._replace(in_the_way=()), entries

    def plan(
        self,
        project: Project,
        request: DeployRequest,
        arrangement: Any,
        ledger: Ledger,
        *parts: Any,
        **more: Any,
    ) -> Planned:
        """Return the plan; the folders of artifacts go with them, as if Holdall had made them."""
        new = {*own_folders(ledger.deployed)}
        before = replace(project.ledger, folders=project.ledger.folders | new)
        before = replace(before, deployed=ledger.deployed)
        project = replace(project, ledger=before)
        return super().plan(project, request, arrangement, ledger, *parts, **more)

    def _entries(self, pairs: Sequence[tuple[Target, PlannedArtifact]]) -> list[Deployed]:
        """Return the entries of settings files that the other program is taken to have put in."""
        found = []
        for target, artifact in pairs:
            merge = target.entries_of(artifact.id.type)
            if merge is None:
                continue
            planned = planned_entries(artifact, merge, target, self.project)
            head = (artifact.id, target.name, artifact.uuid, self.collection.name)
            entry = Deployed(*head, artifact.tree.content_hash, (), {})
            found.append(entry._replace(merged=tuple(planned.entries)))
        return found


def leave_in_place(plain: LockedDeployer) -> TakingDeployer:
    """Return a deployer that leaves what is in place."""
    return TakingDeployer(**{f.name: getattr(plain, f.name) for f in fields(LockedDeployer)})
