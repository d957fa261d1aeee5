"""How the commands of a project's lock work: where, with whose consent, and whether at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from functools import cached_property
from pathlib import Path

from holdall import dataclass
from holdall.artifacts.limits import Caps
from holdall.deploy.consent.allowance import Allowance
from holdall.deploy.project.project import targets_in
from holdall.deploy.targets import Target, Targets, target_named, targets_for
from holdall.operations.session import Session


@dataclass(frozen=True)
class Terms:
    """The settings of one such command."""

    session: Session
    project: Path
    caps: Caps
    allowance: Allowance = field(default_factory=Allowance)
    force: bool = False
    dry_run: bool = False
    takes_hidden: bool = False

    @cached_property
    def known_targets(self) -> Targets:
        """All targets that are there for the project."""
        return targets_for(self.session.plugins.targets, self.project)

    def targets(self, names: Sequence[str]) -> list[Target]:
        """Return the targets of these names, else those found in the project, else `claude`."""
        known = self.known_targets
        if not names:
            deployed = targets_in(self.project, known)
            names = [name for name in known if name in {*known.find_in(self.project), *deployed}]
        if not names:
            names = ["claude"]
            self.session.reporter.note(f"for claude: no agent was found in {self.project}")
        return [target_named(name, known) for name in dict.fromkeys(names)]
