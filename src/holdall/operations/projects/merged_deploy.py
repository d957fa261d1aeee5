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
from dataclasses import replace

from holdall import dataclass
from holdall.artifacts.ids import ArtifactId, FileKind
from holdall.deploy.planning.files import UNPROVEN, Arrangement
from holdall.deploy.planning.plan import PlannedArtifact, StoredContent
from holdall.deploy.planning.settings import Entries
from holdall.deploy.project.ledger import Deployed
from holdall.deploy.project.project import Project
from holdall.deploy.targets import Target
from holdall.errors import ConflictError
from holdall.files.merge.lines import MAX_TEXT_BYTES, is_text, merge_lines
from holdall.files.root import FileState, Root
from holdall.files.scratch import Scratch
from holdall.operations.projects.locked_deploy import LockedDeployer
from holdall.operations.projects.sources.merging import Edits
from holdall.transaction.actions import Action, Put, Remove
from holdall.transaction.placement import content_of

_HINT = "--ours keeps yours, --theirs takes the new one and keeps yours as a backup; or edit yours"


def _nothing_known(_: ArtifactId) -> StoredContent | None:
    return None


@dataclass(frozen=True)
class MergingDeployer(LockedDeployer):
    """Merges what was edited in the project, or decides as `edits` says.

    `bases` gives the content that an artifact was locked at before, None where it is not known.
    """

    edits: Edits = Edits.MERGE
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
        left, actions, refused = [], list[Action](), []
        for file in arrangement.in_the_way:
            owner, action = owners.get(file.path), wanted.get(file.path)
            if file.what not in (None, UNPROVEN) or owner is None or action is None:
                left.append(file)
                continue
            settled = self._settle(project.root, owner, action)
            if isinstance(settled, str):
                refused.append(f"{file.path} {settled}")
            elif settled is not None:
                actions.append(settled)
        if refused:
            raise ConflictError(
                f"edited in {self.project}, and changed in the source: {'; '.join(refused)}",
                hint=_HINT,
            )
        every = (*arrangement.actions, *actions)
        return arrangement._replace(actions=every, in_the_way=tuple(left)), entries

    def _settle(self, root: Root, owner: Deployed, action: Put | Remove) -> Action | str | None:
        """Return what to do with a file in the way: nothing, an action, or why there is none."""
        if self.edits is Edits.OURS:
            return None
        if self.edits is Edits.THEIRS:
            return action
        present, placed = root.state_of(action.path), owner.files[action.path]
        base = self._base(owner, placed)
        if base is not None and present == placed:
            return action  # as the source had it, whoever placed it
        if isinstance(action, Remove):
            return "was changed here and removed there"
        ours = root.read_bytes(action.path, MAX_TEXT_BYTES + 1) if present else None
        if base is None:
            return "began with a version that is not known here"
        content = action.source
        theirs = content if isinstance(content, bytes) else content.read_bytes()
        states = (present, placed, action.state)
        is_plain = all(s is not None and s.kind is FileKind.FILE for s in states)
        if ours is None or not is_plain or not all(map(is_text, (base, ours, theirs))):
            return "was changed on both sides"
        merge = merge_lines(base, ours, theirs)
        if merge.text is None:
            return f"was changed on both sides ({'; '.join(c.told for c in merge.conflicts)})"
        executable = action.state.executable
        if present is not None and present.executable != placed.executable:
            executable = present.executable
        state = FileState(FileKind.FILE, executable, hashlib.sha256(merge.text).hexdigest())
        return Put(action.path, state, len(merge.text), merge.text, present, keep_backup=True)

    def _base(self, owner: Deployed, placed: FileState) -> bytes | None:
        """Return the bytes of a file as it was placed, from the content that was locked before."""
        known = self.bases(owner.id)
        if known is None or known.tree.content_hash != owner.content_hash:
            return None
        spec = self.collection.spec_of(owner.id)
        for file in known.tree.files:
            if file.sha256 == placed.sha256 and file.size <= MAX_TEXT_BYTES:
                content = content_of(known.location, spec, known.tree, file)
                return content if isinstance(content, bytes) else content.read_bytes()
        return None
