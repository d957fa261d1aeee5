"""The actions that bring a project's ledger, records and folders in line with what lies there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from kitbag.arrange import Arrangement
from kitbag.artifacts import ArtifactId
from kitbag.files import Root
from kitbag.journal import LEDGER
from kitbag.layout import ancestors, as_read, put_bytes
from kitbag.ledger import Ledger, render_ledger
from kitbag.paths import RelPath
from kitbag.plan import DeployPlan, PlannedArtifact
from kitbag.project import Project
from kitbag.record import RecordEntry, render_record
from kitbag.targets import Target
from kitbag.transaction import Action, Put, Remove, RemoveFolder

__all__ = ["bookkeeping"]


def bookkeeping(
    project: Project, plan: DeployPlan, ledger: Ledger, arrangement: Arrangement
) -> list[Action]:
    """Return the actions for the records, the ledger and emptied folders.

    `ledger` says what lies in the project afterwards; its folders are settled here. Nothing comes
    back where nothing differs.
    """
    now = datetime.now(UTC).replace(tzinfo=None).isoformat()
    records = [a for t in plan.targets if (a := _record_action(project, plan, ledger, t, now))]
    written = [a.path for a in (*arrangement.actions, *records) if isinstance(a, Put)]
    folders = project.ledger.folders | _new_folders(project.root, written, arrangement)
    kept_folders = ancestors(_paths_left(project, ledger, records, arrangement))
    emptied = sorted(folders - kept_folders, key=lambda f: (-f.count("/"), f))
    ledger = replace(ledger, folders=frozenset(folders & kept_folders))
    return [
        *records,
        *_ledger_actions(project, ledger),
        *(RemoveFolder(folder) for folder in emptied),
    ]


def _new_folders(root: Root, written: list[RelPath], arrangement: Arrangement) -> set[RelPath]:
    """Return the folders that will be made, also where a file that goes is in their place."""
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
    left = {path for entry in ledger.deployed for path in entry.files}
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
    project: Project, plan: DeployPlan, ledger: Ledger, target: Target, now: str
) -> Action | None:
    record = project.records[target.name]
    entries = list(_record_entries(project, plan, ledger, target, now))
    return _text_action(
        project.root, record.path, record.text, render_record(entries) if entries else None
    )


def _record_entries(
    project: Project, plan: DeployPlan, ledger: Ledger, target: Target, now: str
) -> Iterator[RecordEntry]:
    record = project.records[target.name]
    staying = {entry.id for entry in ledger.deployed if entry.target == target.name}
    staying |= {e.id for name, e in project.unclear if name == target.name} - project.forgotten
    planned = {
        artifact.id: artifact
        for artifact in plan.artifacts
        if target.place_of(artifact.id) is not None
    }
    known = {entry.id: entry for entry in record.entries}
    for artifact_id, entry in known.items():
        if artifact_id in planned:
            yield _record_entry(plan, target, planned.pop(artifact_id), known, now)
        elif artifact_id in staying:
            yield entry
    for artifact in planned.values():
        yield _record_entry(plan, target, artifact, known, now)


def _record_entry(
    plan: DeployPlan,
    target: Target,
    artifact: PlannedArtifact,
    known: Mapping[ArtifactId, RecordEntry],
    now: str,
) -> RecordEntry:
    place = target.place_of(artifact.id)
    assert place is not None, "only what the target knows is recorded"
    old = known.get(artifact.id)
    entry = RecordEntry(
        artifact.id,
        place,
        plan.collection.name,
        artifact.tree.skillmeat_hash,
        old.deployed_at if old else now,
        artifact.uuid,
        {
            **(old.extra if old else {}),
            "deployment_profile_id": target.profile,
            "platform": target.platform,
            "profile_root_dir": str(target.root),
        },
    )
    return entry if old is None or entry == old else replace(entry, deployed_at=now)


def _ledger_actions(project: Project, ledger: Ledger) -> list[Action]:
    is_empty = not ledger.deployed and not ledger.requests
    text = None if is_empty else render_ledger(ledger)
    action = _text_action(project.root, LEDGER, project.ledger_text, text)
    return [action] if action else []


def _text_action(root: Root, path: RelPath, old: str | None, new: str | None) -> Action | None:
    if old == new:
        return None
    present = as_read(root, path, old)
    if new is not None:
        return put_bytes(path, new.encode(), present)
    return None if present is None else Remove(path, present)
