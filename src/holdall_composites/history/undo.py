"""Undoing operations: what it takes, whether it can be had, and the changes that do it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from functools import reduce
from pathlib import Path
from typing import Any

from holdall import NamedTuple, dataclass
from holdall.artifacts import ArtifactId, ArtifactType, FileKind, RelPath
from holdall.collection import (
    ChangeSet,
    Collection,
    EditPlan,
    EntryEdit,
    ManifestArtifact,
    edits_between,
    revert_edits,
)
from holdall.deploy import Deployed, LedgerChange
from holdall.errors import RefusedError
from holdall.files import FileState, Root, hash_for_skillmeat, rename_tree
from holdall.operations import STEP
from holdall_composites.history.log import OWN_EXTRA, undoes_releases
from holdall_composites.history.turn import plan_turn
from holdall_composites.history.versions import materialize, version_tree
from holdall_composites.session import host_of
from holdall_composites.store.store import Store
from holdall_composites.values.records import OperationRecord


class How(NamedTuple):
    """The command that undoes (`undo` or `redo`), which of its steps this is, as in `1 of 3`.

    With `force`, edited files are replaced, each kept as a backup.
    """

    command: str
    step: str
    force: bool

    def details(self, numbers: Sequence[int], projects: Iterable[str] = ()) -> dict[str, Any]:
        """Return what a change that undoes these operations has to keep.

        `projects` are those that are changed with it.
        """
        return {OWN_EXTRA: {"undoes": numbers, "projects": [*projects]}, STEP: self.step}


@dataclass(frozen=True)
class ProjectUndo:
    """What operations did to one project, as one change, and the bytes that were there before."""

    project: Path
    numbers: tuple[int, ...]
    change: LedgerChange
    store: Store
    scratch: Path
    how: How

    @property
    def extra(self) -> dict[str, Any]:
        """What the log has to know, and the next run."""
        return self.how.details(self.numbers)

    @property
    def targets(self) -> list[str]:
        """The names of the targets that the operations touched."""
        return sorted({target for target, _ in self.change.entries})

    def find_unkept(self) -> set[str]:
        """Return the hashes of what the operations placed and no version has: merged texts."""
        placed = {after.sha256 for _, after in self.change.files.values() if after is not None}
        return self.store.contents.unknown_blobs(placed)

    def hash_of(self, deployed: Deployed) -> str:
        """Return the SkillMeat hash of what was deployed before, as it was placed."""
        tree = version_tree(self.store, deployed.content_hash)
        placed = sorted(state.sha256 for state in deployed.files.values())
        if placed == sorted(file.sha256 for file in tree.files):
            return tree.skillmeat_hash
        if deployed.id.type != ArtifactType.SKILL:
            return placed[0]  # of its one converted file
        folder = self.scratch / f"{deployed.target}-{deployed.content_hash}"
        materialize(self.store, tree, folder)
        named = rename_tree(deployed.id, tree, folder)
        return hash_for_skillmeat(named, folder) if named else tree.skillmeat_hash

    def content_of(self, path: RelPath, state: FileState) -> tuple[Path | bytes, int]:
        """Return the bytes of a file that lay at `path`: from the database, else from a backup."""
        if (kept := self.change.contents.get(state.sha256)) is not None:
            return kept, len(kept)
        backup = _backup_of(self.project, path, state)
        sizes = self.store.contents.blob_sizes([state.sha256])
        if state.sha256 not in sizes and backup is not None:
            if state.kind is FileKind.LINK:
                text = os.fsencode(os.readlink(backup))
                return text, len(text)
            return backup, backup.stat().st_size
        chunks = self.store.contents.read_blob(state.sha256)
        if state.kind is FileKind.LINK:
            text = b"".join(chunks)
            return text, len(text)
        copy = self.scratch / state.sha256
        if not copy.exists():
            with copy.open("wb") as file:
                file.writelines(chunks)
        return copy, sizes[state.sha256]


@dataclass(frozen=True)
class Undo:
    """All that an undo does: the collection's part, then each project's."""

    operations: tuple[OperationRecord, ...]
    collection: EditPlan | None
    projects: tuple[ProjectUndo, ...]


def plan_undo(
    store: Store,
    collection: Collection,
    operations: Sequence[OperationRecord],
    scratch: Path,
    how: How,
) -> Undo:
    """Plan to undo operations, newest first; `scratch` is an empty folder for old bytes.

    Raises RefusedError for what cannot be undone, ConflictError for what changed since, and
    LocalEditError for edits that were not collected; nothing is written then.
    """
    assert collection.manifest.uuid is not None, "operations belong to a collection with a UUID"
    details = store.operations.details_of(
        collection.manifest.uuid, [operation.number for operation in operations]
    )
    planner = _Planner(store, collection, scratch, how)
    for operation in operations:
        planner.add(operation, details[operation.number])
    return Undo(tuple(operations), planner.collection_part(), planner.project_parts())


@dataclass
class _Planner:
    """Gathers what to undo, newest operation first."""

    store: Store
    collection: Collection
    scratch: Path
    how: How
    edits: list[tuple[int, list[EntryEdit]]] = field(default_factory=list)
    releases: list[int] = field(default_factory=list)
    changes: dict[str, list[tuple[OperationRecord, LedgerChange]]] = field(default_factory=dict)

    def add(self, operation: OperationRecord, details: Mapping[str, Any] | None) -> None:
        """Take one operation in, the newest first."""
        if details is None:
            raise _irreversible(operation, "what it deleted is gone for good")
        if "change" in details:
            change = LedgerChange.from_json(details["change"])
            self._refuse_unreachable(operation, change)
            self.changes.setdefault(operation.project or "", []).append((operation, change))
            return
        edits = [EntryEdit.from_json(table) for table in details["edits"]]
        for edit in edits:
            self._refuse_lost(operation, edit)
        self.edits.append((operation.number, edits))
        if operation.release is not None:
            self.releases.append(operation.release)

    def _refuse_lost(self, operation: OperationRecord, edit: EntryEdit) -> None:
        before, after = edit.before, edit.after
        if not isinstance(before, ManifestArtifact) or before.content_hash is None:
            return
        is_here = isinstance(after, ManifestArtifact) and after.content_hash == before.content_hash
        if not is_here:
            self._refuse_unkept(operation, before.id, before.content_hash)

    def _refuse_unkept(
        self, operation: OperationRecord, id_: ArtifactId, content_hash: str
    ) -> None:
        if self.store.contents.unknown_trees([content_hash]):
            raise _irreversible(operation, f"the files that {id_} had were not kept")

    def _refuse_unreachable(self, operation: OperationRecord, change: LedgerChange) -> None:
        project = Path(operation.project or "")
        if self._is_elsewhere(operation) or not project.is_dir():
            where = f"{operation.host}:{project}"
            raise _irreversible(operation, f"its project {where} cannot be reached from here")
        needed = {
            path: before
            for path, (before, _) in change.files.items()
            if before is not None and before.sha256 not in change.contents
        }
        unknown = self.store.contents.unknown_blobs(state.sha256 for state in needed.values())
        for path, state in needed.items():
            if state.sha256 in unknown and _backup_of(project, path, state) is None:
                raise _irreversible(operation, f"what lay at {project / path} was not kept")
        for before, _ in change.entries.values():
            if before is not None:
                self._refuse_unkept(operation, before.id, before.content_hash)

    def _is_elsewhere(self, operation: OperationRecord) -> bool:
        """Return whether another machine did it: what is here at that path is another project."""
        return host_of(self.collection) not in ("", operation.host)

    def collection_part(self) -> EditPlan | None:
        """Return one change set for all that was done to the collection."""
        if not self.edits:
            return None
        before = self.collection.manifest
        after = reduce(lambda manifest, pair: revert_edits(manifest, pair[1]), self.edits, before)
        edits = edits_between(before, after)
        changes, actions = plan_turn(
            self.store, self.collection, edits, self.scratch, force=self.how.force
        )
        numbers = tuple(number for number, _ in self.edits)
        command, extra = self.how.command, self.how.details(numbers, self.changes)
        extra[OWN_EXTRA]["message"] = undoes_releases(self.releases)
        return EditPlan(ChangeSet(command, before, after, changes, extra), actions)

    def project_parts(self) -> tuple[ProjectUndo, ...]:
        """Return for each project what was done to it, as one change."""
        parts = []
        for project, done in self.changes.items():
            change = reduce(lambda later, older: older.join(later), [c for _, c in done])
            numbers = tuple(operation.number for operation, _ in done)
            known = (self.store, self.scratch, self.how)
            parts.append(ProjectUndo(Path(project), numbers, change, *known))
        return tuple(parts)


def _irreversible(operation: OperationRecord, why: str) -> RefusedError:
    return RefusedError(
        f"operation {operation.number} ({operation.command}) cannot be undone: {why}",
        hint="nothing was changed; `holdall undo --skip` undoes the newest one that can be undone",
    )


def _backup_of(project: Path, path: RelPath, state: FileState) -> Path | None:
    """Return a backup of what lay at `path` in this state, if there is one."""
    with Root(project) as root:
        for folder in sorted((project / ".holdall" / "backups").glob("*"), reverse=True):
            place = RelPath.parse(f".holdall/backups/{folder.name}/{path}")
            if os.path.lexists(project / place) and root.state_of(place) == state:
                return project / place
    return None
