"""Undo what an earlier deploy or undeploy did to a project."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Container, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from holdall.artifacts.ids import FileKind
from holdall.artifacts.paths import RelPath
from holdall.artifacts.protected import PROJECT_FILES
from holdall.deploy.ownership import renamed_head
from holdall.deploy.planning.files import Arrangement, EditedFile, is_below
from holdall.deploy.project.ledger import Ledger
from holdall.deploy.project.ledger_diff import FilePair, LedgerChange
from holdall.deploy.project.project import Project
from holdall.deploy.targets import Target
from holdall.errors import ConflictError
from holdall.files.root import FileState, Root
from holdall.transaction.actions import Action, Put, Remove, RemoveFolder
from holdall.transaction.placement import emptied_folders

if TYPE_CHECKING:
    from holdall.deploy.proof import Proof

MAX_KEPT = 8 << 20

ContentOf = Callable[[RelPath, FileState], tuple[Path | bytes, int]]
"""Where the bytes of a file that was at a path in this state come from, and how many they are."""


def touched_files(actions: Iterable[Action]) -> dict[RelPath, FilePair]:
    """Return what is at each path before and after some actions."""
    pairs: dict[RelPath, FilePair] = {}
    for action in actions:
        if not isinstance(action, RemoveFolder):
            first = pairs[action.path][0] if action.path in pairs else action.expected
            pairs[action.path] = (first, action.state if isinstance(action, Put) else None)
    return pairs


def revert_ledger(project: Project, change: LedgerChange) -> Ledger:
    """Return the ledger as it was before; raises ConflictError if it is not as the change left it.

    Its folders are not settled.
    """
    entries = {(entry.target, entry.id): entry for entry in project.ledger.deployed}
    left = {key: after and after.unsealed for key, (_, after) in change.entries.items()}
    there = {key: entries[key].unsealed for key in left if key in entries}
    requests = {i: (uuid,) for i, uuid in project.ledger.requests.items()}
    moved = [key[1] for key, after in left.items() if there.get(key) != after]
    moved += [i for i, (_, after) in change.requests.items() if requests.get(i) != after]
    if moved:
        raise ConflictError(
            f"{moved[0]} in {project.root.path} was changed after that operation",
            hint="undo the later changes first; `holdall log ID` lists them",
        )
    entries.update({key: before for key, (before, _) in change.entries.items() if before})
    requests.update({i: before for i, (before, _) in change.requests.items() if before})
    documents = dict(project.ledger.documents)
    for path, (marks, _) in change.documents.items():
        documents.pop(path, None)
        documents.update({path: marks} if marks is not None else {})
    return Ledger(
        tuple(e for key, e in entries.items() if change.entries.get(key, (e,))[0]),
        {i: r[0] for i, r in requests.items() if change.requests.get(i, (r,))[0]},
        documents=documents,
    )


def with_contents(
    change: LedgerChange, root: Root, targets: Iterable[Target], unkept: Container[str] = ()
) -> LedgerChange:
    """Return the change with the bytes that are there now and that no collection has.

    Those are settings files, the project's own files, files that were converted for an agent, heads
    with another name, and what is known to be `unkept` (SHA-256 in hexadecimal digits).
    """
    by_name = {target.name: target for target in targets}
    entries = [entry for pair in change.entries.values() for entry in pair if entry is not None]
    precious = {*change.settings, *PROJECT_FILES}
    precious |= {p for p, (before, _) in change.files.items() if before and before.sha256 in unkept}
    replaced = {path for path, (before, _) in change.files.items() if before is not None}
    for entry in entries if replaced else ():
        target = by_name.get(entry.target)
        if target is None or replaced.isdisjoint(entry.files):
            continue
        if entry.id.type in target.converts:
            precious |= entry.files.keys()
        elif (head := renamed_head(target, entry)) is not None:
            precious.add(head)
    contents = {}
    for path in precious & change.files.keys():
        before = change.files[path][0]
        data = _read_there(root, path, before) if before is not None else None
        if data is not None:
            contents[hashlib.sha256(data).hexdigest()] = data
    return replace(change, contents=contents)


def _read_there(root: Root, path: RelPath, state: FileState) -> bytes | None:
    """Return a file's bytes, or a link's text, where it is in the state."""
    if state.kind is not FileKind.LINK:
        return root.read_bytes(path, MAX_KEPT)
    is_there = root.state_of(path) == state
    return os.fsencode(os.readlink(root.path / path)) if is_there else None


def plan_revert(
    project: Project, change: LedgerChange, content_of: ContentOf, proof: Proof, *, force: bool
) -> Arrangement:
    """Return the file actions; with `force` files edited since are replaced, each kept as a backup.

    What is not Holdall's, because an earlier undo brought it back, is kept as a backup too. Not so
    settings as Holdall left them: except for its own entries they are what is restored.
    """
    edited: list[EditedFile] = []
    owned = {path: entry for entry in project.ledger.deployed for path in entry.files}
    settings = (change.settings | PROJECT_FILES) - change.edited
    gone: list[Action] = []
    puts: list[Action] = []
    for path, (before, after) in change.files.items():
        present = project.root.state_of(path)
        if present == before:
            continue
        in_the_way = present is not None and present != after
        if in_the_way:
            edited.append(EditedFile(path, is_ours=path in owned))
            if not force:
                continue
        owner = owned.get(path)
        is_own = path in settings or (owner is not None and proof.covers_file(owner, path))
        keep = in_the_way or (present is not None and not is_own)
        if before is not None:
            content, size = content_of(path, before)
            puts.append(Put(path, before, size, content, present, keep_backup=keep))
        elif present is not None:
            gone.append(Remove(path, present, keep_backup=keep))
    wanted = {action.path for action in puts}
    emptied = emptied_folders([a.path for a in gone], wanted)
    # Remove before writing: a folder may take the place of a file, and the other way round.
    folders = [RemoveFolder(folder) for folder in emptied if is_below(folder, wanted)]
    return Arrangement((*gone, *folders, *puts), tuple(edited))
