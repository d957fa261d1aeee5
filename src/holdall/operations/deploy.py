"""Deploy into a project and undeploy from it: plan, check, then one transaction."""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import field, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from holdall import dataclass
from holdall.artifacts.ids import ArtifactId
from holdall.collection.collection import Collection
from holdall.config import cache_folder
from holdall.deploy.consent.allowance import Allowance, Situation
from holdall.deploy.planning.files import Arrangement, arrange, refuse_edits, refuse_one_folder
from holdall.deploy.planning.notes import deploy_notes, left_out_notes, wanted_notes
from holdall.deploy.planning.plan import (
    DeployPlan,
    DeployRequest,
    Placement,
    PlannedArtifact,
    Resolution,
)
from holdall.deploy.planning.records import deployed_entries, plan_records
from holdall.deploy.planning.requests import (
    as_collected,
    choose_artifacts,
    find_renewable,
    known_uuids,
    new_placements,
    pair_with_targets,
    placements_of,
    refuse_elsewhere,
    refuse_other_collections,
    refuse_undeployable,
    removed_placements,
    renamed_requests,
    split_deployed,
    split_requested,
    standing_requests,
)
from holdall.deploy.planning.revert import (
    ContentOf,
    plan_revert,
    revert_ledger,
    touched_files,
    with_contents,
)
from holdall.deploy.planning.settings import Entries, add_entries, merge_entries
from holdall.deploy.planning.sharing import rules_seen_twice, split_shared
from holdall.deploy.project.ledger import Deployed, Ledger
from holdall.deploy.project.ledger_diff import LedgerChange, ledger_change
from holdall.deploy.project.place import follow_project, refuse_another_project
from holdall.deploy.project.project import Project, read_project
from holdall.deploy.targets import Target
from holdall.errors import UsageError
from holdall.files.scratch import Scratch
from holdall.files.stat_index import StateIndex, index_file
from holdall.operations.delivery import DEPLOY, deliver_at_end, report_errors, to_journal_json
from holdall.operations.projects.proof import find_proof
from holdall.operations.projects.values import DeployResult, Planned, Share
from holdall.operations.session import Session
from holdall.operations.settle import STEP, lock_and_settle
from holdall.plugins.checks import RESOLVE, ask_plugins, ask_resolution
from holdall.transaction.actions import Put
from holdall.transaction.commit import Half, commit_half
from holdall.transaction.journal import new_transaction_id

if TYPE_CHECKING:
    from holdall.operations.write_collection import FirstHalf

SkillMeatHashes = Mapping[tuple[str, ArtifactId], str]
"""The SkillMeat hashes of what was just deployed, by target and id."""


@dataclass(frozen=True)
class Deployer:
    """Deploys from one collection into one project."""

    collection: Collection
    project: Path
    targets: Sequence[Target]
    session: Session
    force: bool = False
    dry_run: bool = False
    allowance: Allowance = field(default_factory=Allowance)

    def deploy(
        self, requests: Sequence[ArtifactId], versions: Mapping[ArtifactId, str] | None = None
    ) -> DeployResult:
        """Deploy artifacts and composites; without requests, update what is deployed.

        `versions` chooses other versions of artifacts than composites or the collection say.
        Raises what a plugin refuses, LocalEditError for files in the way, ConflictError for two
        artifacts at one path; nothing is written then.
        """
        with self._open_project(self.collection) as (project, index, scratch):
            note = self.session.reporter.note
            asked = tuple(requests) or find_renewable(project, self.collection, note)
            if not asked:
                raise UsageError(
                    "nothing to deploy: no id was given and the project has nothing yet",
                    hint="name artifacts or composites, as in `holdall deploy skill:canvas-design`",
                )
            refuse_undeployable(self.collection, asked)
            ids = tuple(dict.fromkeys((*asked, *renamed_requests(project, self.collection))))
            request = self._request(
                "deploy",
                ids,
                standing=tuple(standing_requests(project, self.collection, ids)),
                versions=versions or {},
                scratch=scratch,
            )
            with self._report_error(request):
                result = self._deploy(project, request, scratch)
            self._learn(index, result)
            return result

    def _deploy(self, project: Project, request: DeployRequest, scratch: Scratch) -> DeployResult:
        deployed = project.ledger.deployed
        resolution = ask_resolution(self.session.plugins, request)
        artifacts = self._choose(project, request, resolution)
        if not self.force:
            refuse_other_collections(project, request, artifacts)
        obsolete, kept = split_deployed(deployed, request, artifacts)
        pairs = pair_with_targets(request, resolution, artifacts)
        asked = {i: resolution.uuids.get(i) for i in request.ids}
        requests = {**project.ledger.requests, **asked}
        share = Share(artifacts, pairs, obsolete, kept, requests)
        return self.place(project, request, scratch, share)

    def place(
        self,
        project: Project,
        request: DeployRequest,
        scratch: Scratch,
        share: Share,
        first: FirstHalf | None = None,
    ) -> DeployResult:
        """Put artifacts into the project, and take out what they replace.

        `first` is the change of the collection that this is one with. The caller holds the
        project's lock. Raises what `deploy` raises.
        """
        note, (artifacts, chosen, obsolete, kept, requests) = self.session.reporter.note, share
        targets = self.session.plugins.targets
        pairs, shared = split_shared(chosen, kept, targets)
        arrangement, merged = self._arrange(project, scratch, kept, pairs, obsolete)
        deployed = deployed_entries(request, artifacts, arrangement, merged, obsolete)
        placed = new_placements(arrangement, artifacts, self.targets)
        planned = self.plan(
            project,
            request,
            arrangement,
            Ledger((*kept, *deployed), requests, documents=merged.documents),
            arrangement.hashes,
            artifacts=artifacts,
            placed=placed,
            withdrawn=removed_placements(obsolete, kept, placed, self.targets),
        )
        warnings = [*self.check(planned.plan), *merged.notes, *deploy_notes(request, pairs)]
        twice = rules_seen_twice(pairs, kept, obsolete, targets)
        for text in left_out_notes(pairs, (*shared, *arrangement.losses, *twice)):
            note(text)
        if not self.force:
            refuse_edits(arrangement, self.project)
        known = self.session.plugins.targets.with_targets({t.name: t for t in self.targets})
        situation = Situation(project.root, pairs, kept, arrangement, known)
        allowed = self.allowance.check(situation, note, dry_run=self.dry_run)
        result = self.finish(project, planned, warnings, first)
        if result.outcome is not None:
            self.allowance.remember(allowed)
        return result

    def undeploy(self, texts: Sequence[str]) -> DeployResult:
        """Undeploy what was requested by these ids or names; what other requests need stays.

        Files edited by hand stay in place unless forced, and are named in the result.
        """
        with self._open_project(self.collection) as (project, _, scratch):
            ids = tuple(project.resolve(text) for text in texts)
            request = self._request("undeploy", ids)
            with self._report_error(request):
                return self._undeploy(project, request, scratch)

    def _undeploy(self, project: Project, request: DeployRequest, scratch: Scratch) -> DeployResult:
        ids, ledger = set(request.ids), project.ledger
        unclear = {entry.id for _, entry in project.unclear} & ids
        names = {target.name for target in self.targets}
        refuse_elsewhere(ledger.deployed, request.ids, names)
        obsolete, kept = split_requested(ledger.deployed, ids, names)
        arrangement, merged = self._arrange(project, scratch, kept, (), obsolete)
        going = ids - {i for e in kept if e.target not in names for i in e.wanted_by}
        requests = {i: uuid for i, uuid in ledger.requests.items() if i not in going}
        project = project.without(unclear)
        planned = self.plan(
            project,
            request,
            arrangement,
            Ledger(tuple(kept), requests, documents=merged.documents),
            withdrawn=removed_placements(obsolete, kept, (), self.targets),
        )
        in_the_way = () if self.force else arrangement.in_the_way
        warnings = [
            *self.check(planned.plan),
            *wanted_notes(kept, request.ids, names),
            *(f"{i}: its files differ from its record and stay" for i in sorted(unclear)),
            *(f"left in place: {file.path} ({file.reason})" for file in in_the_way),
        ]
        return self.finish(project, planned, warnings)

    def revert(
        self,
        change: LedgerChange,
        hash_of: Callable[[Deployed], str],
        content_of: ContentOf,
        command: str,
        extra: Mapping[str, Any],
        first: FirstHalf | None = None,
        unkept: Container[str] = (),
    ) -> DeployResult:
        """Undo or redo (`command`) a change of the project: its files, ledger and records.

        `hash_of` gives the SkillMeat hash of what was deployed before, `content_of` the bytes of
        its files; `first` is the change of the collection that this is one with, `unkept` has the
        hashes of bytes that no version has. Raises ConflictError if the project is not as the
        change left it, LocalEditError for files edited since.
        """
        request = self._request(command, ())
        with self._open_project(None) as (project, _, scratch), self._report_error(request):
            refuse_another_project(project.root, project.stored.place)
            ledger = revert_ledger(project, change)
            proof = find_proof(self, project, scratch)
            arrangement = plan_revert(project, change, content_of, proof, force=self.force)
            back = [before for before, _ in change.entries.values() if before is not None]
            placed = placements_of(back, self.targets)
            gone = [after for _, after in change.entries.values() if after is not None]
            planned = self.plan(
                project,
                request,
                arrangement,
                ledger,
                {(entry.target, entry.id): hash_of(entry) for entry in back if entry.files},
                placed=placed,
                withdrawn=removed_placements(gone, ledger.deployed, placed, self.targets),
                adopted=first.transaction_id if first else None,
                extra=extra,
                unkept=unkept,
            )
            warnings = self.check(planned.plan)
            if not self.force:
                refuse_edits(arrangement, self.project)
            return self.finish(project, planned, warnings, first)

    @contextmanager
    def _open_project(
        self, collection: Collection | None
    ) -> Iterator[tuple[Project, StateIndex, Scratch]]:
        """Lock the project, finish what an earlier run left there, and read it.

        Its files are known by their status, where they are what they were. What is laid out for
        the command is in the scratch folder.
        """
        with lock_and_settle(self.project, self.session) as root, Scratch() as scratch:
            file = index_file(cache_folder(self.session.config), "project", self.project)
            index = root.remembered = StateIndex(file, root.folders.top)
            known = self.session.plugins.targets
            yield read_project(root, self.targets, known, collection), index, scratch

    def _arrange(
        self,
        project: Project,
        scratch: Scratch,
        kept: Sequence[Deployed],
        pairs: Sequence[tuple[Target, PlannedArtifact]],
        obsolete: Sequence[Deployed],
    ) -> tuple[Arrangement, Entries]:
        """Return what has to change, settings files included, and the entries in those."""
        refuse_one_folder(project.root, self.targets, kept, self.session.plugins.targets)
        proof = find_proof(self, project, scratch)
        files = arrange(project.root, kept, pairs, obsolete, proof, force=self.force)
        settings = (pairs, obsolete, kept, project.marks, proof)
        entries = merge_entries(project.root, *settings, force=self.force)
        return add_entries(files, entries), entries

    def _request(self, command: str, ids: tuple[ArtifactId, ...], **more: Any) -> DeployRequest:
        return DeployRequest(
            *(command, self.project, self.collection, tuple(self.targets), ids),
            is_forced=self.force,
            **more,
        )

    @contextmanager
    def _report_error(self, request: DeployRequest) -> Iterator[None]:
        """Let plugins observe with what exception the work on a request ends."""
        with report_errors(self.session, "holdall_deploy_error", request=request):
            yield

    def _learn(self, index: StateIndex, result: DeployResult) -> None:
        if result.outcome is not None and not result.outcome.conflicts:
            put = {
                action.path: (action.state, action.size)
                for action in result.arrangement.actions
                if isinstance(action, Put)
            }
            index.remember_placed(put, result.staged_at)
        index.save(path for files in result.arrangement.files.values() for path in files)

    def _choose(
        self, project: Project, request: DeployRequest, resolution: Resolution
    ) -> tuple[PlannedArtifact, ...]:
        # The UUIDs that artifacts were deployed with count where no plugin knows them now.
        is_known = self.session.plugins.implements(RESOLVE)
        known = {} if is_known else known_uuids(project, self.collection)
        artifacts = choose_artifacts(project, request, resolution, known)
        for artifact in artifacts:
            for problem in artifact.tree.problems:
                left_out = f"left out {problem.path}: {problem.message}"
                self.session.reporter.note(f"{artifact.id}: {left_out}")
        return artifacts

    def check(self, plan: DeployPlan) -> list[str]:
        """Ask plugins for problems with a plan; return their warnings, raise what is a veto."""
        plugins = self.session.plugins
        return ask_plugins(plugins, "holdall_deploy_check", plan=plan, project=self.project)

    def plan(
        self,
        project: Project,
        request: DeployRequest,
        arrangement: Arrangement,
        ledger: Ledger,
        new: SkillMeatHashes = MappingProxyType({}),
        *,
        artifacts: Sequence[PlannedArtifact] = (),
        placed: Sequence[Placement] = (),
        withdrawn: Sequence[Placement] = (),
        adopted: str | None = None,
        extra: Mapping[str, Any] = MappingProxyType({}),
        unkept: Container[str] = (),
    ) -> Planned:
        """Return the plan that makes the project what the ledger says, with all file actions."""
        names = {entry.collection for entry in project.stored.deployed}
        found = follow_project(project.root, project.place, names, self.collection.name)
        ledger, moved_from = replace(ledger, place=found[0]), found[1]
        parts = (self.targets, ledger, arrangement, new)
        records = plan_records(project, *parts, is_dry_run=self.dry_run)
        change = ledger_change(project.written, ledger, touched_files(arrangement.actions))
        plan = DeployPlan(
            request.command,
            request.project,
            request.collection,
            request.targets,
            request.ids,
            tuple(artifacts),
            tuple(as_collected(self.collection, placed)),
            tuple(as_collected(self.collection, withdrawn)),
            with_contents(change, project.root, self.targets, unkept),
            adopted,
            moved_from,
            dict(extra),
        )
        return Planned(plan, arrangement, (*arrangement.actions, *records))

    def finish(
        self,
        project: Project,
        planned: Planned,
        warnings: Sequence[str],
        first: FirstHalf | None = None,
    ) -> DeployResult:
        """Commit the file actions of a checked plan, as one with those of `first`.

        The caller holds the project's lock, and the collection's before it if there is a `first`.
        """
        plan, arrangement, actions = planned
        is_needed = actions or first is not None or STEP in plan.extra
        if self.dry_run or not is_needed:
            return DeployResult(plan, arrangement, tuple(warnings), None)
        from holdall.operations.progress import show_progress

        staged_at: list[int] = []

        def prepare(transaction_id: str) -> None:
            staged_at.append(time.time_ns())
            arguments = {"plan": plan, "transaction_id": transaction_id}
            self.session.plugins.call("holdall_deploy_prepare", **arguments)

        with (
            deliver_at_end(project.root, self.session),
            show_progress(self.session.config, "deploying", actions) as progress,
        ):
            payload = {**plan.to_payload(), **to_journal_json({"extra": plan.extra})}
            given = (project.root, actions, DEPLOY, payload, prepare, progress)
            half = Half(new_transaction_id(), *given)
            outcome = commit_half(half) if first is None else first.commit(half)
        return DeployResult(plan, arrangement, tuple(warnings), outcome, staged_at[-1])
