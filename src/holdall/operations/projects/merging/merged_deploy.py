"""Deploy an update over files that were edited in the project, three-way.

    base    the file as it was locked before, and placed
    ours    the file in the project
    theirs  the file as it is locked now

A merged file is an edit of what is deployed now, as it was one before; what it was is kept as a
backup, which an undo restores.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import field, replace

from holdall import dataclass
from holdall.artifacts.ids import ArtifactId, FileKind
from holdall.deploy.planning.files import UNPROVEN, Arrangement
from holdall.deploy.planning.plan import PlannedArtifact, StoredContent
from holdall.deploy.planning.settings import Entries
from holdall.deploy.project.ledger import Deployed
from holdall.deploy.project.project import Project
from holdall.deploy.targets import Target
from holdall.files.merge.lines import is_text, merge_lines
from holdall.files.merge.trees import Decided, FileVersions
from holdall.files.root import FileState, Root
from holdall.files.scratch import Scratch
from holdall.operations.projects.locked_deploy import LockedDeployer
from holdall.operations.projects.merging.conflicts import Conflicts, Edits, Where
from holdall.transaction.actions import Action, Put, Remove
from holdall.transaction.placement import content_of


def _nothing_known(_: ArtifactId) -> StoredContent | None:
    return None


@dataclass(frozen=True)
class MergingDeployer(LockedDeployer):
    """Merges what was edited in the project, or decides as `conflicts` says.

    `bases` gives the content that an artifact was locked at before, None where it is not known.
    """

    conflicts: Conflicts = field(default_factory=Conflicts)
    bases: Callable[[ArtifactId], StoredContent | None] = _nothing_known

    def _arrange(
        self,
        project: Project,
        scratch: Scratch,
        kept: Sequence[Deployed],
        pairs: Sequence[tuple[Target, PlannedArtifact]],
        obsolete: Sequence[Deployed],
    ) -> tuple[Arrangement, Entries]:
        given = (project, scratch, kept, pairs, obsolete)
        arrangement, entries = super()._arrange(*given)
        if self.force or not arrangement.in_the_way:
            return arrangement, entries
        forced, _ = replace(self, force=True)._arrange(*given)
        wanted = {a.path: a for a in forced.actions if isinstance(a, Put | Remove)}
        owners = {path: entry for entry in obsolete for path in entry.files}
        left, actions = [], list[Action]()
        for file in arrangement.in_the_way:
            owner, action = owners.get(file.path), wanted.get(file.path)
            if file.what not in (None, UNPROVEN) or owner is None or action is None:
                left.append(file)
                continue
            settled = self._settle(project.root, owner, action)
            if settled is not None:
                actions.append(settled)
        if not self.dry_run:
            self.conflicts.refuse(dry_run=False)
        every = (*arrangement.actions, *actions)
        return arrangement._replace(actions=every, in_the_way=tuple(left)), entries

    def _find_unknown(self, *_: object) -> set[ArtifactId]:
        """Return nothing: what stands in the way is decided by `conflicts`."""
        return set()

    def _settle(self, root: Root, owner: Deployed, action: Put | Remove) -> Action | None:
        """Return what to do with a file in the way; None where it stays, or does not merge."""
        if self.conflicts.edits is Edits.OURS:
            return None
        if self.conflicts.edits is Edits.THEIRS:
            return action
        present, placed = root.state_of(action.path), owner.files[action.path]
        base = self._base(owner, placed)
        if base is not None and present == placed:
            return action  # as the source had it, whoever placed it
        if base is None:
            text = f"{action.path} began with a version that is not known here"
            self.conflicts.refuse_later(Where.PROJECT, text)
            return None
        merged = self._merge(root, action, present, placed, base)
        if merged is None:
            return None
        if merged.data is None:
            return present and Remove(action.path, present, keep_backup=True)
        executable = isinstance(action, Put) and action.state.executable
        if present is not None and present.executable != placed.executable:
            executable = present.executable
        if not self.dry_run and present is not None:
            self.session.reporter.note(f"merged {action.path}: your edit with what is new")
        sha256 = hashlib.sha256(merged.data).hexdigest()
        state, size = FileState(FileKind.FILE, executable, sha256), len(merged.data)
        return Put(action.path, state, size, merged.data, present, present is not None)

    def _merge(
        self,
        root: Root,
        action: Put | Remove,
        present: FileState | None,
        placed: FileState,
        base: bytes,
    ) -> Decided | None:
        """Return what a file is to be: merged, or as it was decided; None where that is open."""
        ours = (
            root.read_bytes(action.path, self.collection.caps.max_file_bytes) if present else None
        )
        theirs = None
        if isinstance(action, Put):
            source = action.source
            theirs = source if isinstance(source, bytes) else source.read_bytes()
        versions, why = FileVersions(base, ours, theirs), "was changed on both sides"
        states = (present, placed, action.state if isinstance(action, Put) else placed)
        if any(state is not None and state.kind is not FileKind.FILE for state in states):
            self.conflicts.refuse_later(Where.PROJECT, f"{action.path} {why}")
            return None
        if ours is None or theirs is None:
            here, there = ("removed", "changed") if ours is None else ("changed", "removed")
            why = f"was {here} here and {there} there"
        elif all(map(is_text, (base, ours, theirs))):
            merge = merge_lines(base, ours, theirs)
            if merge.text is not None:
                return Decided(merge.text)
            why += f" ({'; '.join(c.text for c in merge.conflicts)})"
        text = f"{action.path} {why}"
        return self.conflicts.decide(Where.PROJECT, action.path, text, versions)

    def _base(self, owner: Deployed, placed: FileState) -> bytes | None:
        """Return the bytes of a file as it was placed, from the content that was locked before."""
        known = self.bases(owner.id)
        if known is None or known.tree.content_hash != owner.content_hash:
            return None
        spec = self.collection.spec_of(owner.id)
        for file in known.tree.files:
            if file.sha256 == placed.sha256:
                content = content_of(known.location, spec, known.tree, file)
                return content if isinstance(content, bytes) else content.read_bytes()
        return None
