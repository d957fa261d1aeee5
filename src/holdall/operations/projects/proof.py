"""Ask the collection and the plugins what in a project is provably Holdall's."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from holdall.deploy.project.ledger import Deployed
from holdall.deploy.project.project import Project
from holdall.deploy.proof import Proof
from holdall.deploy.targets import targets_for
from holdall.files.scratch import Scratch
from holdall.files.tree import Tree

if TYPE_CHECKING:
    from holdall.operations.deploy import Deployer


def find_proof(deployer: Deployer, project: Project, scratch: Scratch) -> Proof:
    """Return what decides which of the things that a project's ledger says are Holdall's."""

    def find(wanted: Sequence[Deployed], folder: Path | None) -> Sequence[Tree | None]:
        arguments = {"collection": deployer.collection, "wanted": wanted, "folder": folder}
        found = deployer.session.plugins.first("holdall_known_versions", list, **arguments)
        # One that is too short proves nothing.
        return found if found and len(found) == len(wanted) else [None] * len(wanted)

    known = targets_for(deployer.session.plugins.targets, deployer.project)
    targets = known.with_targets({target.name: target for target in deployer.targets})
    entries = project.ledger.deployed
    return Proof(deployer.project, targets, scratch, deployer.collection, find, entries)
