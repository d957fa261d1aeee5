"""What agents will run or send because of what is deployed: shown first, and allowed by users.

What was allowed is remembered by content, in the user's own state folder: never in a project or a
collection, which may come from somebody else. Holdall itself runs none of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from holdall import NamedTuple, dataclass
from holdall.deploy.planning.files import Arrangement
from holdall.deploy.planning.plan import PlannedArtifact
from holdall.deploy.project.ledger import Deployed
from holdall.deploy.targets import Target
from holdall.errors import RefusedError
from holdall.files.root import Root
from holdall.files.user_state import read_words, remember

FILE = "allowed-commands.json"


class Situation(NamedTuple):
    """A project and what a deploy is about to do there: what is planned, and what stays as it is.

    `targets` are all that are known, by name.
    """

    root: Root
    planned: Sequence[tuple[Target, PlannedArtifact]]
    kept: Sequence[Deployed]
    arrangement: Arrangement
    targets: Mapping[str, Target]


@dataclass(frozen=True)
class Allowance:
    """What the user lets agents run: remembered in the folder `state`, or now with `allow`."""

    state: Path | None = None
    allow: bool = False

    def check(
        self, situation: Situation, say: Callable[[str], None], *, dry_run: bool
    ) -> list[str]:
        """Return what to remember, by content, of what will run or send something; it is said.

        Raises RefusedError for what is not allowed, unless nothing will be written.
        """
        if not situation.arrangement.actions:
            return []
        from holdall.deploy.consent.questions import find_questions

        known = set() if self.state is None else read_words(self.state / FILE)
        new = {key: lines for key, lines in find_questions(situation).items() if key not in known}
        shown = dict.fromkeys(line for lines in new.values() for line in lines)
        if shown and not self.allow and not dry_run:
            listed = "".join(f"\n  {line}" for line in shown)
            raise RefusedError(
                f"an agent would run or send this:{listed}",
                hint="read it, then add --allow-commands; it is remembered until it changes",
            )
        for line in shown:
            say(line)
        return list(new)

    def remember(self, hashes: Sequence[str]) -> None:
        """Remember these content hashes as allowed."""
        if self.state is not None and hashes:
            hint = "what was deployed is in place; check that folder's permissions"
            remember(self.state / FILE, hashes, hint)
