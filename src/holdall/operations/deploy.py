"""Deploy into a project and undeploy from it: plan, check, then one transaction."""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from holdall.artifacts.ids import ArtifactId, ArtifactType
from holdall.collection.collection import Collection
from holdall.collection.manifest.manifest import ManifestArtifact
from holdall.config import cache_folder
from holdall.deploy.consent.allowance import Allowance, Situation
from holdall.deploy.planning.files import Arrangement, arrange, refuse_edits
from holdall.deploy.planning.plan import DeployPlan, Placement, PlannedArtifact
from holdall.deploy.planning.records import deployed_entries, plan_records
from holdall.deploy.planning.requests import (
    Earlier,
    placements,
    refuse_other_collections,
    refuse_undeployable,
    removed_placements,
    renamed_requests,
    renewable,
    split_deployed,
    standing,
    still_wanted,
    withdrawn_by,
)
from holdall.deploy.planning.revert import (
    ContentOf,
    plan_revert,
    revert_ledger,
    touched_files,
    with_contents,
)
from holdall.deploy.planning.settings import merge_entries
from holdall.deploy.project.ledger import Deployed, Ledger
from holdall.deploy.project.ledger_diff import LedgerChange, ledger_change
from holdall.deploy.project.project import Project, read_project
from holdall.deploy.targets import Target
from holdall.errors import NotFoundError, PluginError, UsageError
from holdall.files.lock import locked
from holdall.files.root import Root
from holdall.files.scratch import Scratch
from holdall.files.stat_index import StateIndex, index_file
from holdall.operations.delivery import DEPLOY, delivering, report_errors, settle, to_journal_json
from holdall.operations.proof import find_proof
from holdall.operations.session import Session
from holdall.plugins.checks import ask_plugins
from holdall.transaction.actions import Put
from holdall.transaction.commit import Outcome, commit


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
        with Root(self.project) as root, locked(root), Scratch() as scratch:
            settle(root, self.session)
            index = self._remember(root)
            known = self.session.plugins.targets
            project = read_project(root, self.targets, known, self.collection)
            note = self.session.reporter.note
            asked = tuple(requests) or renewable(project, self.collection, note)
            if asked:
                asked = tuple(dict.fromkeys((*asked, *renamed_requests(project, self.collection))))
            plan = self._plan("deploy", asked)
            plan.versions, plan.scratch, plan.is_forced = versions or {}, scratch, self.force
            plan.standing = tuple(standing(project, plan))
            with self.report_errors(plan):
                result = self._deploy(project, plan)
                self._learn(index, result)
                return result

    def report_errors(self, plan: DeployPlan) -> AbstractContextManager[None]:
        """Let plugins observe with what exception the work on a plan ends."""
        return report_errors(self.session, "holdall_deploy_error", plan=plan)

    def _remember(self, root: Root) -> StateIndex:
        """Let the project's files be known by their status, where they are what they were."""
        file = index_file(cache_folder(self.session.config), "project", self.project)
        index = StateIndex(file, root.folders.top)
        root.remembered = index
        return index

    def _learn(self, index: StateIndex, result: DeployResult) -> None:
        if result.outcome is not None and not result.outcome.conflicts:
            put = {
                action.path: (action.state, action.size)
                for action in result.arrangement.actions
                if isinstance(action, Put)
            }
            index.placed(put, result.staged_at)
        index.save(path for files in result.arrangement.files.values() for path in files)

    def _deploy(self, project: Project, plan: DeployPlan) -> DeployResult:
        self.session.plugins.call("holdall_deploy_plan", plan=plan, project=self.project)
        self._choose(project, plan)
        if not self.force:
            refuse_other_collections(project, plan)
        obsolete, kept = split_deployed(project.ledger.deployed, plan)
        pairs = [(target, artifact) for target in self.targets for artifact in plan.artifacts]
        assert plan.scratch is not None, "made for each deploy"
        proof = find_proof(self, project, plan.scratch)
        arrangement = arrange(project.root, kept, pairs, obsolete, proof, force=self.force)
        settings = (pairs, obsolete, kept, project.marks, arrangement, proof)
        merged = merge_entries(project.root, *settings, force=self.force)
        plan.placed = tuple(placements(arrangement, plan))
        plan.withdrawn = tuple(removed_placements(obsolete, plan, self.targets))
        warnings = [*self._checked(plan), *merged.notes]
        self._tell_left_out(plan)
        if not self.force:
            refuse_edits(arrangement, self.project)
        known = {**self.session.plugins.targets, **{target.name: target for target in self.targets}}
        situation = Situation(project.root, pairs, kept, arrangement, known)
        allowed = self.allowance.check(situation, self.session.reporter.note, dry_run=self.dry_run)
        deployed = deployed_entries(plan, arrangement, merged, obsolete)
        requests = {**project.ledger.requests, **{i: plan.uuids.get(i) for i in plan.requests}}
        ledger = Ledger((*kept, *deployed), requests, documents=merged.documents)
        result = self.finish(project, plan, arrangement, ledger, arrangement.hashes, warnings)
        if result.outcome is not None:
            self.allowance.remember(allowed)
        return result

    def undeploy(self, texts: Sequence[str]) -> DeployResult:
        """Undeploy what was requested by these ids or names; what other requests need stays.

        Files edited by hand stay in place unless forced, and are named in the result.
        """
        with Root(self.project) as root, locked(root), Scratch() as scratch:
            settle(root, self.session)
            self._remember(root)
            known = self.session.plugins.targets
            project = read_project(root, self.targets, known, self.collection)
            plan = self._plan("undeploy", ())
            plan.scratch = scratch
            with self.report_errors(plan):
                return self._undeploy(project, plan, texts)

    def _undeploy(self, project: Project, plan: DeployPlan, texts: Sequence[str]) -> DeployResult:
        ids = [project.resolve(text) for text in texts]
        plan.requests = tuple(ids)
        unclear = {entry.id for _, entry in project.unclear} & set(ids)
        names = {target.name for target in self.targets}
        obsolete, kept = withdrawn_by(project.ledger.deployed, set(ids), names)
        assert plan.scratch is not None, "made for each undeploy"
        proof = find_proof(self, project, plan.scratch)
        arrangement = arrange(project.root, kept, (), obsolete, proof, force=self.force)
        settings = ((), obsolete, kept, project.marks, arrangement, proof)
        merged = merge_entries(project.root, *settings, force=self.force)
        plan.withdrawn = tuple(removed_placements(obsolete, plan, self.targets))
        warnings = [
            *self._checked(plan),
            *still_wanted(kept, ids),
            *(f"{i}: its files differ from its record and stay" for i in sorted(unclear)),
            *self._left_in_place(arrangement),
        ]
        project = project.without(unclear)
        elsewhere = {i for e in kept if e.target not in names for i in e.wanted_by}
        going = set(ids) - elsewhere
        requests = {i: u for i, u in project.ledger.requests.items() if i not in going}
        ledger = Ledger(tuple(kept), requests, documents=merged.documents)
        return self.finish(project, plan, arrangement, ledger, {}, warnings)

    def revert(
        self,
        change: LedgerChange,
        hash_of: Callable[[Deployed], str],
        content_of: ContentOf,
        extra: Mapping[str, Any],
    ) -> DeployResult:
        """Undo a change of the project: its files, ledger and records.

        `hash_of` gives the SkillMeat hash of what was deployed before, `content_of` the bytes of
        its files. Raises ConflictError if the
        project is not as the change left it, LocalEditError for files edited since.
        """
        with Root(self.project) as root, locked(root), Scratch() as scratch:
            settle(root, self.session)
            project = read_project(root, self.targets, self.session.plugins.targets, None)
            plan = self._plan("undo", ())
            plan.extra.update(extra)
            with self.report_errors(plan):
                ledger = revert_ledger(project, change)
                proof = find_proof(self, project, scratch)
                arrangement = plan_revert(project, change, content_of, proof, force=self.force)
                roots = {target.name: target.root for target in self.targets}
                plan.placed = tuple(
                    Placement(b.id, b.uuid, b.content_hash, roots[b.target])
                    for b, _ in change.entries.values()
                    if b is not None
                )
                placed = {(p.target_root, p.uuid or str(p.id)) for p in plan.placed}
                plan.withdrawn = tuple(
                    Placement(a.id, a.uuid, a.content_hash, roots[a.target])
                    for _, a in change.entries.values()
                    if a is not None and (roots[a.target], a.uuid or str(a.id)) not in placed
                )
                warnings = self._checked(plan)
                if not self.force:
                    refuse_edits(arrangement, self.project)
                new = {key: hash_of(b) for key, (b, _) in change.entries.items() if b and b.files}
                return self.finish(project, plan, arrangement, ledger, new, warnings)

    def _left_in_place(self, arrangement: Arrangement) -> list[str]:
        if self.force:
            return []
        return [f"left in place: {f.path} ({f.reason})" for f in arrangement.in_the_way]

    def _plan(self, command: str, requests: tuple[ArtifactId, ...]) -> DeployPlan:
        if command == "deploy" and not requests:
            raise UsageError(
                "nothing to deploy: no id was given and the project has nothing yet",
                hint="name artifacts or composites, as in `holdall deploy skill:canvas-design`",
            )
        refuse_undeployable(self.collection, requests)
        return DeployPlan(command, self.project, self.collection, tuple(self.targets), requests)

    def _choose(self, project: Project, plan: DeployPlan) -> None:
        """Fill `plan.artifacts` with everything the requests bring, in order, once each."""
        wanted: dict[ArtifactId, list[ArtifactId]] = {}
        for request in plan.requests:
            for member in self._members(plan, request):
                companion = plan.companions.get(member)
                for artifact_id in (member, companion) if companion else (member,):
                    wanted.setdefault(artifact_id, []).append(request)
        earlier = Earlier(project.ledger.deployed, {target.name for target in self.targets})
        asked = set(plan.requests)
        known = self._known_uuids(project)
        plan.artifacts = tuple(
            self._planned(plan, artifact_id, requests, asked, earlier, known)
            for artifact_id, requests in wanted.items()
        )

    def _known_uuids(self, project: Project) -> dict[ArtifactId, str | None]:
        """Return the UUIDs that artifacts were deployed with, for when no plugin knows them now."""
        if self.session.plugins.implements("holdall_deploy_plan"):
            return {}
        known: dict[ArtifactId, str | None] = {}
        for entry in project.ledger.deployed:
            if entry.collection == self.collection.name:
                known.setdefault(entry.id, entry.uuid)
        return known

    def _members(self, plan: DeployPlan, request: ArtifactId) -> tuple[ArtifactId, ...]:
        if request in plan.members:
            return plan.members[request]
        if request.type in ArtifactType.composite_types():
            raise NotFoundError(
                f"{request} cannot be expanded: no loaded plugin knows composites",
                hint="`holdall plugins` shows what is loaded and what failed",
            )
        return (request,)

    def _planned(
        self,
        plan: DeployPlan,
        artifact_id: ArtifactId,
        requests: Sequence[ArtifactId],
        asked: Container[ArtifactId],
        earlier: Earlier,
        known: Mapping[ArtifactId, str | None],
    ) -> PlannedArtifact:
        entry = self.collection.entry(artifact_id)
        if not isinstance(entry, ManifestArtifact):
            raise PluginError(
                f"{artifact_id} has no files of its own, but a plugin named it as a member",
                hint="run with --no-plugins to do without it, or report this to its authors",
            )
        uuid = plan.uuids.get(artifact_id) or known.get(artifact_id)
        others = [r for r in earlier.wanting(artifact_id, uuid) if r not in asked]
        stored = plan.contents.get(artifact_id)
        tree = stored.tree if stored else self.collection.tree(entry)
        for problem in tree.problems:
            self.session.reporter.note(f"{artifact_id}: left out {problem.path}: {problem.message}")
        return PlannedArtifact(
            artifact_id,
            tree,
            stored.location if stored else self.collection.location(entry),
            tuple(dict.fromkeys([*requests, *others])),
            uuid,
            is_pinned=stored is not None and stored.is_pinned,
            companion=plan.companions.get(artifact_id),
        )

    def _checked(self, plan: DeployPlan) -> list[str]:
        plugins = self.session.plugins
        return ask_plugins(plugins, "holdall_deploy_check", plan=plan, project=self.project)

    def _tell_left_out(self, plan: DeployPlan) -> None:
        for target in self.targets:
            unknown = [artifact.id for artifact in plan.artifacts]
            unknown = [found for found in unknown if not target.knows(found.type)]
            for type_name in dict.fromkeys(found.type for found in unknown):
                ids = [str(found) for found in unknown if found.type == type_name]
                more = f" and {len(ids) - 3} more" if len(ids) > 3 else ""
                left_out = ", ".join(ids[:3]) + more
                self.session.reporter.note(
                    f"{target.name} does not support the type {type_name}: {left_out} left out"
                )

    def finish(
        self,
        project: Project,
        plan: DeployPlan,
        arrangement: Arrangement,
        ledger: Ledger,
        new: Mapping[tuple[str, ArtifactId], str],
        warnings: Sequence[str],
    ) -> DeployResult:
        """Commit the file actions, and bring the project's ledger and records in line with them.

        `new` are the SkillMeat hashes of what was just deployed, by target and id. The caller holds
        the project's lock.
        """
        is_dry_run = self.dry_run
        records = plan_records(
            project, plan.targets, ledger, arrangement, new, is_dry_run=is_dry_run
        )
        actions = [*arrangement.actions, *records]
        change = ledger_change(project.written, ledger, touched_files(arrangement.actions))
        plan.change = with_contents(change, project.root, self.targets)
        outcome = None
        staged_at: list[int] = [0]

        def prepare(transaction_id: str) -> None:
            staged_at.append(time.time_ns())
            self._prepare(plan, transaction_id)

        if actions and not self.dry_run:
            from holdall.operations.progress import show_progress

            with (
                delivering(project.root, self.session),
                show_progress(self.session.config, "deploying", actions) as progress,
            ):
                outcome = commit(
                    project.root,
                    actions,
                    kind=DEPLOY,
                    payload={**plan.to_payload(), **to_journal_json({"extra": plan.extra})},
                    prepare=prepare,
                    progress=progress,
                )
        return DeployResult(plan, arrangement, tuple(warnings), outcome, staged_at[-1])

    def _prepare(self, plan: DeployPlan, transaction_id: str) -> None:
        plugins = self.session.plugins
        plugins.call("holdall_deploy_prepare", plan=plan, transaction_id=transaction_id)
