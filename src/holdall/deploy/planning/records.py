"""The actions that bring a project's ledger, records and folders in line with what is deployed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from holdall.artifacts.ids import ArtifactId, ArtifactType
from holdall.artifacts.paths import RelPath
from holdall.artifacts.protected import ATTRIBUTES, DEPLOYED, LEDGER
from holdall.deploy.planning.files import Arrangement
from holdall.deploy.planning.plan import DeployRequest, PlannedArtifact
from holdall.deploy.planning.settings import Entries
from holdall.deploy.project.ledger import (
    MAX_LEDGER_BYTES,
    Deployed,
    Ledger,
    is_same,
    render_ledger,
)
from holdall.deploy.project.project import Project
from holdall.deploy.project.shared import MAX_SHARED_BYTES, hash_text, render_shared
from holdall.deploy.project.skillmeat_record import MAX_RECORD_BYTES, RecordEntry, render_record
from holdall.deploy.targets import Target
from holdall.errors import TooLargeError
from holdall.files.root import Root
from holdall.files.tree import folder_tree
from holdall.transaction.actions import Action, Put, Remove, RemoveFolder
from holdall.transaction.placement import ancestors, as_read, put_bytes

# SkillMeat does not read a record with a type that it does not know.
_UNKNOWN_TO_SKILLMEAT = frozenset(
    {ArtifactType.PLUGIN_FILES, ArtifactType.RULE, ArtifactType.OUTPUT_STYLE}
)


def plan_records(
    project: Project,
    targets: Iterable[Target],
    ledger: Ledger,
    arrangement: Arrangement,
    new: Mapping[tuple[str, ArtifactId], str],
    *,
    is_dry_run: bool,
) -> list[Action]:
    """Return the actions for the records, the ledger and emptied folders.

    `ledger` says what is in the project afterwards; its folders are settled here, and it is sealed
    unless in a dry run. `new` are the SkillMeat hashes of what was just deployed, by target and id.
    Returns nothing where nothing differs.
    """
    known = {target.name: target for target in targets}
    by_path = {project.records[name].path: target for name, target in known.items()}
    records = [a for t in by_path.values() if (a := _record_action(project, ledger, t, known, new))]
    kept_folders = ancestors(_paths_left(project, ledger, records, arrangement))
    folders = project.ledger.folders
    if arrangement.actions or records or not folders <= kept_folders:
        written = [a.path for a in (*arrangement.actions, *records) if isinstance(a, Put)]
        folders = project.folders | _new_folders(project.root, written, arrangement)
    # Each after all that is in it, and next to its siblings.
    emptied = sorted(folders - kept_folders, key=lambda f: f.split("/"), reverse=True)
    ledger = replace(ledger, folders=frozenset(folders & kept_folders))
    return [
        *records,
        *_ledger_actions(project, ledger, is_dry_run=is_dry_run),
        *(RemoveFolder(folder) for folder in emptied),
    ]


def _new_folders(root: Root, written: list[RelPath], arrangement: Arrangement) -> set[RelPath]:
    """Return the folders that will be made, also in the place of a file that is removed."""
    gone = {action.path for action in arrangement.actions if isinstance(action, Remove)}
    instead = {f for f in ancestors(written) if f in gone or not gone.isdisjoint(ancestors([f]))}
    plain = [path for path in written if instead.isdisjoint(ancestors([path]))]
    return instead | set(root.missing_folders(plain))


def _paths_left(
    project: Project,
    ledger: Ledger,
    records: list[Action],
    arrangement: Arrangement,
) -> set[RelPath]:
    left = {path for entry in ledger.deployed for path in entry.files} | ledger.documents.keys()
    removed = {a.path for a in (*arrangement.actions, *records) if isinstance(a, Remove)}
    left |= {file.path for file in arrangement.in_the_way} - removed
    left |= {action.path for action in records if isinstance(action, Put)}
    left |= {
        record.path
        for record in project.records.values()
        if record.text is not None and record.path not in removed
    }
    return left


def _record_action(
    project: Project,
    ledger: Ledger,
    target: Target,
    known: Mapping[str, Target],
    new: Mapping[tuple[str, ArtifactId], str],
) -> Action | None:
    """Return the action for the record in a target's folder, which others of `known` may share."""
    record = project.records[target.name]
    deployed = {entry.id: entry for entry in ledger.deployed if entry.lies_below(target.root)}
    unclear = {e.id for name, e in project.unclear if name == target.name} - project.forgotten
    now = datetime.now(UTC).replace(tzinfo=None).isoformat()
    entries = {e.id: e for e in record.entries if e.id in deployed or e.id in unclear}
    for artifact_id, entry in deployed.items():
        skillmeat_hash = new.get((entry.target, artifact_id))
        if skillmeat_hash is not None and artifact_id.type not in _UNKNOWN_TO_SKILLMEAT:
            old, own = entries.get(artifact_id), known[entry.target]
            if own.root_of(artifact_id.type) != target.root:
                continue
            if not skillmeat_hash:
                skillmeat_hash = old.content_hash if old else _hash_there(project, own, entry)
            entries[artifact_id] = _record_entry(own, entry, skillmeat_hash, old, now)
    wanted = list(entries.values())
    if wanted and _is_recorded(record.entries, wanted):
        return None
    text = render_record(wanted) if wanted else None
    return _text_action(project.root, record.path, record.text, text, MAX_RECORD_BYTES)


def _hash_there(project: Project, target: Target, entry: Deployed) -> str:
    """Return the SkillMeat hash of a folder artifact that is in its place already."""
    return folder_tree(project.root.path / target.path_of(entry.id)).skillmeat_hash


def _is_recorded(there: Sequence[RecordEntry], wanted: Sequence[RecordEntry]) -> bool:
    """Return whether a record has the right values, key by key, in any formatting."""
    return len(there) == len(wanted) and all(
        old is new or old.to_table() == new.to_table()
        for old, new in zip(there, wanted, strict=True)
    )


def _record_entry(
    target: Target, deployed: Deployed, skillmeat_hash: str, old: RecordEntry | None, now: str
) -> RecordEntry:
    place = target.place_of(deployed.id)
    assert place is not None, "only what the target knows is recorded"
    entry = RecordEntry(
        deployed.id,
        place,
        deployed.collection,
        skillmeat_hash,
        old.deployed_at if old else now,
        deployed.uuid,
        {
            **(old.extra if old else {}),
            **({"deployment_profile_id": target.profile} if target.profile else {}),
            **({"platform": target.platform} if target.platform else {}),
            "profile_root_dir": str(target.root_of(deployed.id.type)),
        },
    )
    if old is None:
        return entry
    if entry.to_table() == old.as_read:
        return old
    return entry if entry == old else replace(entry, deployed_at=now)


def _ledger_actions(project: Project, ledger: Ledger, *, is_dry_run: bool) -> list[Action]:
    """Return the actions for the ledger and `deployed.toml`."""
    is_empty = not ledger.deployed and not ledger.requests
    is_known = hash_text(project.shared_text) == project.stored.shared
    if is_known and not is_empty and _is_written(project, ledger):
        return []
    from holdall.deploy.project.seals import seal_ledger

    others = project.shared_others
    shared = None if is_empty and not others else render_shared(ledger, others)
    text = None
    if not is_empty:
        # With others in it, it is read again each time.
        ledger = replace(ledger, shared="" if others else hash_text(shared))
        sealed = ledger if is_dry_run else seal_ledger(ledger)
        text = render_ledger(sealed, project.stored, project.ledger_text or "")
    actions = (
        _text_action(project.root, LEDGER, project.ledger_text, text, MAX_LEDGER_BYTES),
        _text_action(project.root, DEPLOYED, project.shared_text, shared, MAX_SHARED_BYTES),
        _attributes_action(project.root, is_needed=shared is not None),
    )
    return [action for action in actions if action is not None]


def _attributes_action(root: Root, *, is_needed: bool) -> Action | None:
    """Return the action that lets git merge `deployed.toml` line by line, or no longer."""
    put = put_bytes(ATTRIBUTES, b"deployed.toml merge=union\n", None)
    present = root.state_of(ATTRIBUTES)
    if is_needed:
        return put if present is None else None
    return Remove(ATTRIBUTES, put.state) if present == put.state else None


def _is_written(project: Project, ledger: Ledger) -> bool:
    """Return whether the ledger is there as it should be; what others wrote is no difference."""
    stored = project.stored
    if project.ledger_text is None:
        return False
    if is_same(ledger, stored) or project.is_head_sealed:
        return is_same(ledger, stored)
    return is_same(replace(ledger, folders=stored.folders, documents=stored.documents), stored)


def _text_action(
    root: Root, path: RelPath, old: str | None, new: str | None, limit: int
) -> Action | None:
    """Return the action that writes a text; TooLargeError for one that could not be read again."""
    if old == new:
        return None
    present = as_read(root, path, old)
    if new is not None:
        data = new.encode()
        if len(data) > limit:
            raise TooLargeError(
                f"{root.path / path} would be larger than {limit >> 20} MiB",
                hint="deploy fewer artifacts into this project",
            )
        return put_bytes(path, data, present)
    return None if present is None else Remove(path, present)


def deployed_entries(
    request: DeployRequest,
    artifacts: Iterable[PlannedArtifact],
    arrangement: Arrangement,
    merged: Entries,
    earlier: Iterable[Deployed],
) -> Iterator[Deployed]:
    """Yield what the ledger will say of each artifact that is placed, for each target.

    What is as the `earlier` entry says keeps its seal, whoever's that is.
    """
    known = {(entry.target, entry.id): entry for entry in earlier}
    for artifact in artifacts:
        for target in request.targets:
            key = target.name, artifact.id
            files = arrangement.files.get(key)
            if files is None:
                continue
            entries = merged.owned.get(key, ())
            old = known.get(key)
            is_same_place = old is not None and (old.files, old.merged) == (files, entries)
            yield Deployed(
                artifact.id,
                target.name,
                artifact.uuid,
                request.collection.name,
                artifact.tree.content_hash,
                artifact.wanted_by,
                files,
                artifact.is_pinned,
                entries,
                old.seal if old is not None and is_same_place else None,
            )
