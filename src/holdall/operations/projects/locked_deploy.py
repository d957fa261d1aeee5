"""Make a project what a lock says: files, ledger, records and the lock itself, in one transaction.

Only what the lock lists, or what it listed when it was last deployed here, is touched: what was
deployed by hand stays, and so do requests by hand for what the lock lists, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import field
from typing import TYPE_CHECKING, Any

from holdall import NamedTuple, dataclass
from holdall.artifacts.ids import ArtifactId, ArtifactType
from holdall.artifacts.protected import LOCK_FILE
from holdall.deploy.locked.values import Lock, LockedArtifact
from holdall.deploy.planning.deployed_names import name_head
from holdall.deploy.planning.files import UNPROVEN
from holdall.deploy.planning.plan import DeployRequest, PlannedArtifact, StoredContent
from holdall.deploy.project.ledger import Deployed
from holdall.deploy.project.project import Project
from holdall.deploy.project.seals import is_sealed
from holdall.deploy.status import changed_files
from holdall.errors import NotFoundError
from holdall.files.root import Root
from holdall.files.scratch import Scratch
from holdall.operations.deploy import Deployer
from holdall.operations.projects.values import DeployResult, Planned, Share
from holdall.transaction.actions import Action

if TYPE_CHECKING:
    from holdall.operations.write_collection import FirstHalf

Key = tuple[str, ArtifactId]

_UNKNOWN = (
    f"is neither what {LOCK_FILE} has nor any version that is known here; it stays: --force"
    " replaces it"
)


class Wanted(NamedTuple):
    """What a project shall have: `lock`, instead of what it had by `synced`.

    With `ids`, of what the lock lists only these are put in place; the others stay as they are.
    """

    lock: Lock
    synced: Lock
    ids: frozenset[ArtifactId] | None = None

    @property
    def places(self) -> dict[Key, LockedArtifact]:
        """What is to be in place, by target and id."""
        found = _places(self.lock.unite())
        return found if self.ids is None else {k: a for k, a in found.items() if a.id in self.ids}

    @property
    def own_requests(self) -> set[ArtifactId]:
        """What the lock asks for, or asked for."""
        both = (*self.lock.artifacts, *self.synced.artifacts)
        return {request for artifact in both for request in artifact.wanted_by}


def _places(lock: Lock) -> dict[Key, LockedArtifact]:
    return {(target, one.id): one for one in lock.artifacts for target in one.targets}


def find_missing(project: Project, wanted: Wanted, *, force: bool) -> set[ArtifactId]:
    """Return what the lock lists and is not in place: its bytes are needed.

    What was edited here counts with `force` only; without, it is in the way of a change.
    """
    entries = {(entry.target, entry.id): entry for entry in project.ledger.deployed}
    missing = set()
    for key, one in wanted.places.items():
        entry = entries.get(key)
        if entry is None or entry.content_hash != one.content_hash:
            missing.add(one.id)
        else:
            changes = [file.change for file in changed_files(project, entry)]
            if changes and (force or "missing" in changes):
                missing.add(one.id)
    return missing


@dataclass(frozen=True)
class LockedDeployer(Deployer):
    """Deploys what a lock lists. `files` gives the actions for the project's own files.

    `first` is the change of the collection that this is one with, if there is one.
    """

    command: str = "sync"
    files: Callable[[Root], Iterable[Action]] = field(default=lambda _: ())
    first: FirstHalf | None = None

    @contextmanager
    def open_project(self) -> Iterator[Project]:
        """Read the project as it is, finishing what an earlier run left there."""
        with self._open_project(self.collection) as (project, _, _):
            yield project

    def make(self, wanted: Wanted, contents: Mapping[ArtifactId, StoredContent]) -> DeployResult:
        """Make the project what is wanted; `contents` has the bytes of what is not in place.

        Raises what `deploy` raises, NotFoundError where bytes are missing.
        """
        wanted = wanted._replace(lock=wanted.lock.unite())
        with self._open_project(self.collection) as (project, index, scratch):
            share = self._share(project, wanted, contents)
            unknown = self._find_unknown(project, scratch, share, wanted)
            if unknown:
                share = self._share(project, wanted, contents, unknown)
            ids = tuple(dict.fromkeys(r for a in wanted.lock.artifacts for r in a.wanted_by))
            request = self._request(self.command, ids, scratch=scratch)
            with self._report_error(request):
                result = self.place(project, request, scratch, share, self.first)
            self._learn(index, result)
            told = (f"{one} {_UNKNOWN}" for one in sorted(unknown))
            return result._replace(warnings=(*result.warnings, *told))

    def _find_unknown(
        self, project: Project, scratch: Scratch, share: Share, wanted: Wanted
    ) -> set[ArtifactId]:
        """Return what somebody else placed, and git brought, in versions not known here.

        It is an edit of what the lock has, and stays.
        """
        owners = {
            path: entry.id
            for entry in share.obsolete
            if (entry.target, entry.id) in wanted.places and not is_sealed(entry)
            for path in entry.files
        }
        if self.force or not owners:
            return set()
        given = (project, scratch, share.kept, share.pairs, share.obsolete)
        in_the_way = self._arrange(*given)[0].in_the_way
        return {owners[f.path] for f in in_the_way if f.what == UNPROVEN and f.path in owners}

    def _share(
        self,
        project: Project,
        wanted: Wanted,
        contents: Mapping[ArtifactId, StoredContent],
        unknown: Set[ArtifactId] = frozenset(),
    ) -> Share:
        places, own = wanted.places, wanted.own_requests
        listed, locked = _places(wanted.synced), _places(wanted.lock)
        missing = find_missing(project, wanted, force=self.force) - unknown
        entries = {(entry.target, entry.id): entry for entry in project.ledger.deployed}
        others = {
            one.id: _others(entries, one, own) for one in wanted.lock.artifacts if one.targets
        }
        obsolete: list[Deployed] = []
        kept: list[Deployed] = []
        for key, entry in entries.items():
            by_hand = tuple(request for request in entry.wanted_by if request not in own)
            if (one := places.get(key)) is not None:
                if one.id in missing:
                    obsolete.append(entry)
                else:
                    wanted_by = (*one.wanted_by, *others[one.id])
                    kept.append(entry._replace(wanted_by=wanted_by, uuid=one.uuid or entry.uuid))
            elif (one := locked.get(key)) is not None:
                kept.append(entry._replace(wanted_by=(*one.wanted_by, *others[one.id])))
            elif key in listed and not by_hand:
                obsolete.append(entry)
            else:
                kept.append(entry._replace(wanted_by=by_hand) if key in listed else entry)
        artifacts = [
            _plan_artifact(one, contents, others[one.id])
            for one in wanted.lock.artifacts
            if one.id in missing
        ]
        pairs = [
            (target, artifact)
            for target in self.targets
            for artifact in artifacts
            if (target.name, artifact.id) in places
        ]
        uuids = {one.id: one.uuid for one in wanted.lock.artifacts}
        still = {request for entry in kept for request in entry.wanted_by}
        requests = {i: u for i, u in project.ledger.requests.items() if i not in own or i in still}
        requests |= {i: uuids.get(i) for one in wanted.lock.artifacts for i in one.wanted_by}
        return Share(artifacts, pairs, obsolete, kept, requests)

    def plan(
        self, project: Project, request: DeployRequest, arrangement: Any, *parts: Any, **more: Any
    ) -> Planned:
        """Return the plan with the project's own files."""
        actions = (*arrangement.actions, *self.files(project.root))
        arrangement = arrangement._replace(actions=actions)
        more = {**more, "adopted": self.first.transaction_id if self.first else None}
        return super().plan(project, request, arrangement, *parts, **more)


def _others(
    entries: Mapping[Key, Deployed], one: LockedArtifact, own: set[ArtifactId]
) -> tuple[ArtifactId, ...]:
    """Return the requests by hand for what the lock lists, too."""
    found = [e.wanted_by for t in one.targets if (e := entries.get((t, one.id))) is not None]
    return tuple(dict.fromkeys(r for some in found for r in some if r not in own))


def _plan_artifact(
    one: LockedArtifact,
    contents: Mapping[ArtifactId, StoredContent],
    others: Sequence[ArtifactId],
) -> PlannedArtifact:
    content = contents.get(one.id)
    if content is None:
        raise NotFoundError(
            f"{one.id}: its files were changed meanwhile", hint="run the command again"
        )
    has_head = one.id.type in (ArtifactType.SKILL, ArtifactType.AGENT)
    is_other = has_head and one.name is not None
    return PlannedArtifact(
        one.id,
        content.tree,
        content.location,
        (*one.wanted_by, *others),
        one.uuid,
        is_pinned=content.is_pinned,
        companion=one.companion,
        named=name_head(one.id, content.tree, content.location) if is_other else None,
    )
