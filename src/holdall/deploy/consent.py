"""What agents will run or send because of what is deployed: shown first, and allowed by users.

What was allowed is remembered by content, in the user's own state folder: never in a project or a
collection, which may come from somebody else. Holdall itself runs none of it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Sequence
from dataclasses import dataclass
from pathlib import Path

from holdall.artifacts.ids import ArtifactId
from holdall.deploy.planning.plan import PlannedArtifact
from holdall.deploy.targets import Target
from holdall.errors import InputError, RefusedError
from holdall.files.user_state import remember, remembered
from holdall.formats.escape import one_line

FILE = "allowed-commands.json"


@dataclass(frozen=True)
class Allowance:
    """What the user lets agents run: remembered in the folder `state`, or now with `allow`."""

    state: Path | None = None
    allow: bool = False

    def check(
        self,
        planned: Collection[tuple[Target, PlannedArtifact]],
        written: Container[tuple[str, ArtifactId]],
        project: Path,
        say: Callable[[str], None],
        *,
        dry_run: bool,
    ) -> list[str]:
        """Return the content hashes of what runs or sends something and is not remembered yet.

        Of what becomes files only the `written` counts, by target and id. What looks for its
        plugin's files is remembered with theirs: the programs are among them. Each effect is said.
        Raises RefusedError for those that are not allowed, unless nothing will be written.
        """
        known = self._known()
        new: dict[str, dict[str, None]] = {}
        hashes = {artifact.id: artifact.tree.content_hash for _, artifact in planned}
        for target, artifact in planned:
            content = hashes[artifact.id]
            if artifact.companion is not None:
                content = f"{content}+{hashes[artifact.companion]}"
            is_new = artifact.id.type in target.merges or (target.name, artifact.id) in written
            if is_new and content not in known:
                lines = _lines(artifact, target, project)
                if lines:
                    new.setdefault(content, {}).update(dict.fromkeys(lines))
        lines_shown = [line for lines in new.values() for line in lines]
        if lines_shown and not self.allow and not dry_run:
            shown = "".join(f"\n  {line}" for line in lines_shown)
            raise RefusedError(
                f"an agent would run or send this:{shown}",
                hint="read it, then add --allow-commands; it is remembered until it changes",
            )
        for line in lines_shown:
            say(line)
        return list(new)

    def _known(self) -> set[str]:
        return set() if self.state is None else remembered(self.state / FILE)

    def remember(self, hashes: Sequence[str]) -> None:
        """Remember these content hashes as allowed."""
        if self.state is not None and hashes:
            hint = "what was deployed is in place; check that folder's permissions"
            remember(self.state / FILE, hashes, hint)


def _lines(artifact: PlannedArtifact, target: Target, project: Path) -> list[str]:
    from holdall.deploy.effects import effects_of

    try:
        found = effects_of(artifact, target, project)
    except InputError:
        return []  # nothing of it is merged
    return [one_line(f"{artifact.id} {effect}") for effect in found]
