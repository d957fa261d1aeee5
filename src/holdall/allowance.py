"""Commands that agents will run because of what is deployed: shown first, and allowed by people.

What was allowed is remembered by content, in the user's own state folder: never in a project or a
collection, which may come from somebody else. Holdall itself runs none of it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from holdall.errors import RefusedError
from holdall.escape import one_line
from holdall.merging import commands_of
from holdall.plan import PlannedArtifact
from holdall.targets import Target
from holdall.userstate import remember, remembered

__all__ = ["Allowance"]

FILE = "allowed-commands.json"


@dataclass(frozen=True)
class Allowance:
    """What the user lets agents run: remembered in the folder `state`, or now with `allow`."""

    state: Path | None = None
    allow: bool = False

    def check(
        self,
        planned: Collection[tuple[Target, PlannedArtifact]],
        project: Path,
        say: Callable[[str], None],
        *,
        dry_run: bool,
    ) -> list[str]:
        """Return the content hashes of what runs commands and is not remembered yet.

        What looks for its plugin's files is remembered with theirs: the programs are among them.
        Each command is said. Raises RefusedError for those that are not allowed, unless nothing
        will be written.
        """
        known, new = self._known(), {}
        hashes = {artifact.id: artifact.tree.content_hash for _, artifact in planned}
        for target, artifact in planned:
            merge = target.merges.get(artifact.id.type)
            commands = commands_of(artifact, merge, target, project) if merge else []
            content = hashes[artifact.id]
            if artifact.companion is not None:
                content = f"{content}+{hashes[artifact.companion]}"
            if commands and content not in known:
                new[content] = (artifact.id, commands)
        told = [
            one_line(f"{i} runs: {command}") for i, commands in new.values() for command in commands
        ]
        if told and not self.allow and not dry_run:
            lines = "".join(f"\n  {line}" for line in told)
            raise RefusedError(
                f"an agent would run these commands:{lines}",
                hint="read them, then add --allow-commands; it is remembered until they change",
            )
        for line in told:
            say(line)
        return list(new)

    def _known(self) -> set[str]:
        return set() if self.state is None else remembered(self.state / FILE)

    def remember(self, hashes: Sequence[str]) -> None:
        """Remember these content hashes as allowed."""
        if self.state is not None and hashes:
            hint = "what was deployed is in place; check that folder's permissions"
            remember(self.state / FILE, hashes, hint)
