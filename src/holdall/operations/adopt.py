"""Copy edits made to deployed artifacts back into the collection, as its newest content.

The collection and the project change as one: the collection is locked first, and its journal
decides for both.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import field, replace
from pathlib import Path

from holdall import NamedTuple, dataclass
from holdall.artifacts.ids import ArtifactId
from holdall.artifacts.paths import RelPath
from holdall.collection.changes import Change, ChangeKind, ChangeSet
from holdall.collection.collect.from_folder import with_edit
from holdall.collection.collection import Collection
from holdall.deploy.adoptable import Adoptable, files_at, find_adoptable, read_place
from holdall.deploy.consent.allowance import Allowance, Situation
from holdall.deploy.planning.files import Arrangement, planned_files
from holdall.deploy.planning.plan import DeployRequest, Placement, PlannedArtifact
from holdall.deploy.project.ledger import Adopted, Deployed, Ledger
from holdall.deploy.project.project import Project, read_project
from holdall.deploy.project.shared import hash_files
from holdall.deploy.status import find_locked
from holdall.deploy.targets import Target
from holdall.files.scratch import Scratch
from holdall.files.tree import hash_for_skillmeat
from holdall.operations.delivery import report_errors
from holdall.operations.deploy import Deployer
from holdall.operations.projects.merging.adoption import (
    plan_files,
    plan_placed,
    settle_adoptable,
)
from holdall.operations.projects.merging.conflicts import Conflicts, Edits
from holdall.operations.projects.values import Planned
from holdall.operations.session import Session
from holdall.operations.settle import lock_and_settle
from holdall.operations.write_collection import Editor, FirstHalf
from holdall.transaction.actions import Action, Put, Remove
from holdall.transaction.commit import Outcome
from holdall.transaction.placement import ancestors, puts

_Holder = tuple[Deployed, Target, Adoptable]
"""A deployment whose place holds the adopted content."""

_Entries = list[tuple[Deployed, _Holder]]
"""What the ledger gets for each of them."""


class AdoptResult(NamedTuple):
    """What was adopted, or would be, and what of that which was named is as it was deployed.

    `changed` are the collection's part; `adopted` more than that where the collection had the
    content already. `locked` is what the project's lock has otherwise: there it stays an edit. The
    outcomes are None where nothing was written.
    """

    adopted: tuple[Adoptable, ...]
    changed: tuple[Change, ...]
    unchanged: tuple[ArtifactId, ...]
    warnings: tuple[str, ...]
    outcome: Outcome | None = None
    backups: tuple[tuple[str, str], ...] = ()
    written: tuple[RelPath, ...] = ()
    deleted: tuple[RelPath, ...] = ()
    locked: tuple[ArtifactId, ...] = ()


@dataclass(frozen=True)
class Adopter:
    """Adopts from one project into one collection. `targets` are all that have deployments.

    `conflicts` says what to do where the collection has another version by now.
    """

    project: Path
    targets: Sequence[Target]
    session: Session
    conflicts: Conflicts = field(default_factory=lambda: Conflicts(Edits.MERGE, None, "collection"))
    allowance: Allowance = field(default_factory=Allowance)
    dry_run: bool = False
    takes_hidden: bool = False

    def adopt(self, editor: Editor, texts: Sequence[str], names: Sequence[str] = ()) -> AdoptResult:
        """Adopt what was asked for by these ids or names; `names` are targets, none means all.

        What changed in the collection since is merged, and the project gets that, too. Raises
        NotFoundError for what is not there, RefusedError for edits that the collection cannot hold
        exactly or what is not allowed, UnsettledError for what does not merge; nothing is written
        then.
        """
        with lock_and_settle(self.project, self.session) as root, Scratch() as scratch:
            collection = editor.collection
            project = read_project(root, self.targets, self.session.plugins.targets, collection)
            found, unchanged = self._find(project, collection, scratch, texts, names)
            holders = [e for one in found for e in self._holders(project, collection, one)]
            changes = _changes(collection, found, self.project)
            ids = tuple(one.entry.id for one in found)
            where = (self.project, collection, tuple(self.targets))
            is_forced = self.conflicts.edits is Edits.OURS
            request = DeployRequest("adopt", *where, ids, is_forced=is_forced)
            with report_errors(self.session, "holdall_deploy_error", request=request):
                changes = editor.propose(changes)
                after = replace(collection, manifest=changes.after, ahead={})
                deployer = Deployer(
                    *(after, self.project, self.targets, self.session), dry_run=self.dry_run
                )
                keeps_versions = self.session.plugins.implements("holdall_version_tree")
                actions = _actions(collection, found, keeps_versions=keeps_versions)
                first = FirstHalf(editor, changes, actions)
                arrangement, allowed = self._merge(project, holders)
                known = find_locked(project)
                locked = [e for e, _, _ in holders if (e.target, e.id, e.content_hash) in known]
                entries = _new_entries(holders, locked, collection)
                planned = _plan(deployer, project, request, found, entries, first, arrangement)
                warnings = tuple(deployer.check(planned.plan))
                result = AdoptResult(
                    *(tuple(found), changes.changes, tuple(unchanged), warnings),
                    written=tuple(a.path for a in arrangement.actions if isinstance(a, Put)),
                    deleted=tuple(a.path for a in arrangement.actions if isinstance(a, Remove)),
                    locked=tuple(dict.fromkeys(entry.id for entry in locked)),
                )
                if self.dry_run or not found:
                    return result
                done = deployer.finish(project, planned, warnings, first).outcome
                self.allowance.remember(allowed)
                kept = first.outcome.backups if first.outcome else ()
                backups = tuple((str(path), place) for path, place in kept)
                return result._replace(outcome=done, backups=backups)

    def _find(
        self,
        project: Project,
        collection: Collection,
        scratch: Scratch,
        texts: Iterable[str],
        names: Sequence[str],
    ) -> tuple[list[Adoptable], list[ArtifactId]]:
        """Return what is adopted, and what is as it was deployed; raises UnsettledError."""
        ids = {project.resolve(text) for text in texts}
        by_name = {target.name: target for target in self.targets}
        targets = [target for target in self.targets if not names or target.name in names]
        takes_hidden = self.takes_hidden
        found, unchanged = find_adoptable(
            project, collection, targets, ids, takes_hidden=takes_hidden
        )
        settled = []
        for one in found:
            given = (collection, by_name[one.deployed.target], one, self.conflicts)
            settled.append(settle_adoptable(self.session, *given, scratch.folder()))
        self.conflicts.refuse(dry_run=self.dry_run)
        return [one for one in settled if one is not None], unchanged

    def _merge(self, project: Project, holders: Sequence[_Holder]) -> tuple[Arrangement, list[str]]:
        """Return what changes in the project, with what is newly allowed to run or be sent."""
        pairs, actions = [], dict[RelPath, Action]()
        for entry, target, one in holders:
            if one.is_merged:
                placed = plan_placed(one, entry, target)
                pairs.append((target, placed))
                actions |= {action.path: action for action in plan_files(one, placed, target)}
        if not pairs:
            return Arrangement(), []
        files = {
            (target.name, placed.id): {p: f.state for p, f in planned_files(target, placed).items()}
            for target, placed in pairs
        }
        arrangement = Arrangement(tuple(actions.values()), files=files)
        new = {(target.name, placed.id) for target, placed in pairs}
        kept = [e for e in project.ledger.deployed if (e.target, e.id) not in new]
        plugins = self.session.plugins.targets
        known = plugins.with_targets({target.name: target for target in self.targets})
        situation = Situation(project.root, pairs, kept, arrangement, known)
        note = self.session.reporter.note
        return arrangement, self.allowance.check(situation, note, dry_run=self.dry_run)

    def _holders(
        self, project: Project, collection: Collection, one: Adoptable
    ) -> Iterable[_Holder]:
        """Yield every deployment that holds the adopted content, that of other agents too."""
        by_name = {target.name: target for target in self.targets}
        yield one.deployed, by_name[one.deployed.target], one
        for entry in project.ledger.deployed:
            target = by_name.get(entry.target)
            is_same = (entry.uuid or entry.id) == (one.deployed.uuid or one.deployed.id)
            if target is None or not is_same or entry.target == one.deployed.target:
                continue
            if entry.is_pinned or not entry.files or entry.id.type in target.converts:
                continue
            tree = read_place(project, target, entry.id, collection)
            if tree is not None and tree.content_hash == one.tree.content_hash:
                yield entry, target, one


def _plan(
    deployer: Deployer,
    project: Project,
    request: DeployRequest,
    found: Iterable[Adoptable],
    entries: _Entries,
    first: FirstHalf,
    arrangement: Arrangement,
) -> Planned:
    """Return the plan of the project's new ledger and records, with the files that change."""
    ledger = _ledger(project.ledger, [entry for entry, _ in entries])
    placed = [holder for entry, holder in entries if entry.adopted is None]
    return deployer.plan(
        replace(project, ledger=replace(project.ledger, folders=ledger.folders)),
        request,
        arrangement,
        ledger,
        {(e.target, e.id): _skillmeat_hash(e, target, one) for e, target, one in placed},
        # So that the bytes are kept before the project calls them deployed.
        artifacts=[_planned_artifact(one) for one in found],
        placed=[
            Placement(e.id, e.uuid, one.taken.content_hash, target.root_of(e.id.type))
            for e, target, one in placed
        ],
        adopted=first.transaction_id,
    )


def _skillmeat_hash(entry: Deployed, target: Target, one: Adoptable) -> str:
    placed = plan_placed(one, entry, target)
    tree = (placed.named or placed.tree) if one.is_merged else one.tree
    return tree.skillmeat_hash or hash_for_skillmeat(tree, one.location)


def _planned_artifact(one: Adoptable) -> PlannedArtifact:
    wanted_by = one.deployed.wanted_by or (one.deployed.id,)
    return PlannedArtifact(one.entry.id, one.taken, one.location, wanted_by, one.entry.uuid)


def _changes(collection: Collection, found: Iterable[Adoptable], project: Path) -> ChangeSet:
    entries = {one.entry.id: with_edit(one.entry, one.taken.content_hash) for one in found}
    before = collection.manifest
    after = replace(before, artifacts=tuple(entries.get(a.id, a) for a in before.artifacts))
    changes = tuple(
        Change(ChangeKind.CHANGED, one.entry.id, note=f"adopted from {project}")
        for one in found
        if entries[one.entry.id] != one.entry
    )
    return ChangeSet("adopt", before, after, changes)


def _actions(
    collection: Collection, found: Iterable[Adoptable], *, keeps_versions: bool
) -> list[Action]:
    """Return the changes that adopt the edits; backups where no version has the replaced files."""
    return [
        action
        for one in found
        for action in puts(
            one.entry.path,
            collection.spec_of(one.entry.id),
            one.taken,
            one.location,
            one.present,
            keep_backup=(one.has_conflict and not one.is_merged)
            or one.is_uncollected
            or not keeps_versions,
        )
    ]


def _new_entries(
    holders: Sequence[_Holder], locked: Sequence[Deployed], collection: Collection
) -> _Entries:
    found = []
    for entry, target, one in holders:
        placed = plan_placed(one, entry, target)
        tree = (placed.named or placed.tree) if one.is_merged else one.tree
        files = files_at(target, entry.id, tree)
        if entry in locked:
            known = {path: state for path, state in files.items() if path in entry.files}
            adopted = Adopted(one.taken.content_hash, hash_files(known))
            found.append((entry._replace(adopted=adopted), (entry, target, one)))
            continue
        new = entry._replace(
            uuid=entry.uuid or collection.entry(one.entry.id).uuid,
            collection=collection.name,
            content_hash=one.taken.content_hash,
            files=files,
            # What is in settings was not compared: its seal would be no proof.
            seal="" if entry.merged else None,
        )
        found.append((new, (entry, target, one)))
    return found


def _ledger(ledger: Ledger, entries: Sequence[Deployed]) -> Ledger:
    new = {(entry.target, entry.id): entry for entry in entries}
    kept = [e for e in ledger.deployed if (e.target, e.id) not in new]
    own = {f for e in new.values() for f in ancestors(e.files) if f.count("/") > 1}
    return replace(ledger, deployed=(*kept, *new.values()), folders=ledger.folders | own)
