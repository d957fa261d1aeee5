"""What the plugin's commands print with `--json`."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

from holdall.cli.documents import Change, Composite, Deployment, Finding, Member, WhyDocument


class CompositeList(TypedDict):
    """A page of composites; `next_cursor` is for `--cursor`, null at the end."""

    composites: list[Composite]
    next_cursor: str | None


class Pin(TypedDict):
    """The version that a member is held at, and how many newer ones there are."""

    content_hash: str
    number: int | None
    behind: int | None


class Node(TypedDict):
    """An artifact in a tree, with a composite's members; with `--all`, the collection with all."""

    id: str
    uuid: str | None
    relationship: NotRequired[str]
    pin: NotRequired[Pin]
    members: NotRequired[list[Node]]


class Link(Member):
    """A membership, seen from the other side."""

    position: int


class Associations(TypedDict):
    """The composites that have an artifact, and its own members."""

    id: str
    parents: list[Link]
    children: list[Link]
    next_cursor: str | None


class Version(TypedDict):
    """A version of an artifact; `parent` is a number."""

    number: int
    parent: int | None
    content_hash: str
    message: str | None
    author: str | None
    created_at: str


class Versions(TypedDict):
    """The versions of an artifact, oldest first."""

    id: str
    versions: list[Version]


class FieldChange(TypedDict):
    """A field of an entry on both sides; null where there is none."""

    before: Any
    after: Any


class EntryChange(TypedDict):
    """What differs in an artifact, a composite, or the collection's own entry."""

    id: str
    uuid: str
    kind: Literal["new", "changed", "gone"]
    fields: dict[str, FieldChange]


class Diff(TypedDict):
    """The lines of a unified diff; with `--to`, `new` is the project.

    With `--release`, both are releases, and `changes` has each entry that differs.
    """

    old: str
    new: str | None
    diff: list[str]
    changes: NotRequired[list[EntryChange]]


class Restored(TypedDict):
    """The version that was written as a new one."""

    id: str
    version: str | None
    changed: bool


class Operation(TypedDict):
    """A change made through Holdall; `project` is null for one of the collection."""

    number: int
    transaction_id: str
    command: str
    summary: str
    project: str | None
    author: str | None
    host: str
    at: str
    undoes: list[int]
    release: int | None


class LoggedOperation(Operation):
    """An operation with the number of the one that undid it."""

    undone_by: int | None


class LoggedRelease(TypedDict):
    """A numbered state of the collection; `parent` is the hash of the one before."""

    number: int
    change_id: str
    hash: str
    parent: str | None
    state_hash: str
    author: str | None
    host: str
    at: str
    command: str
    message: str | None


class Log(TypedDict):
    """Operations and releases, newest first; most releases were made by an operation."""

    operations: list[LoggedOperation]
    releases: list[LoggedRelease]


class Undone(TypedDict):
    """What `undo` undid."""

    dry_run: bool
    undone: list[Operation]
    changes: list[Change]
    projects: list[Deployment]


class Redone(TypedDict):
    """What `redo` did again."""

    dry_run: bool
    redone: list[Operation]
    changes: list[Change]
    projects: list[Deployment]


class Clone(TypedDict):
    """`holdall clone`: the new folder and what it holds."""

    dry_run: bool
    collection: str
    name: str
    uuid: str | None
    release: int | None
    artifacts: list[str]
    composites: list[str]


class Pulled(TypedDict):
    """The release that the folder is at now, and what it changed."""

    dry_run: bool
    release: int | None
    changes: list[Change]


class SiteWritten(TypedDict):
    """How many files the site has, and how many were written and removed.

    `left_out` has a sentence for each thing that other programs cannot install from it.
    """

    files: int
    written: int
    removed: int
    left_out: list[str]
    dry_run: bool


class GitMerge(TypedDict):
    """Whether the manifests merged, and what stood against it."""

    dry_run: bool
    merged: bool
    conflicts: list[str]


class Published(TypedDict):
    """The release that a channel names now; `sequence` is null in a dry run.

    `commit` is that of the git repository beside it, null without `--git`.
    """

    number: int
    channel: str
    sequence: int | None
    files: int
    bytes: int
    commit: str | None
    dry_run: bool


class Identity(TypedDict):
    """An id and its UUID."""

    id: str
    uuid: str


class Purge(TypedDict):
    """What was deleted for good; the numbers are null in a dry run."""

    dry_run: bool
    purged: list[Identity]
    wanted: list[str]
    versions: int | None
    blobs: int | None
    bytes: int | None


class Doctor(TypedDict):
    """What does not agree."""

    findings: list[Finding]


class Rebuild(TypedDict):
    """What came back; `lost_pins` are composite, member and content hash. Only `dry_run` in one."""

    dry_run: bool
    artifacts: NotRequired[int]
    composites: NotRequired[int]
    memberships: NotRequired[int]
    is_new: NotRequired[bool]
    replaced: NotRequired[str | None]
    unversioned: NotRequired[list[str]]
    lost_pins: NotRequired[list[list[str]]]


class ExportedMember(Member):
    """A member, and where it is in the export."""

    uuid: str | None
    path: str
    content_hash: str


class Exported(TypedDict):
    """What was exported, and what the agent, or the other program, will not have of it.

    `backup` is where an earlier export is now. `id` is None for a project's lock.
    """

    id: str | None
    to: str
    dry_run: bool
    backup: str | None
    members: list[ExportedMember]
    files: list[str]
    losses: list[str]


class Revisions(TypedDict):
    """Migrations that were applied, reverted or stamped, or would be."""

    revisions: list[str]


class Current(TypedDict):
    """The newest migration that was applied, and those that were not."""

    current: str | None
    pending: list[str]


class AppliedRevision(TypedDict):
    """A migration, and when it was applied."""

    revision: str
    applied_at: str | None


class Audit(TypedDict):
    """What was done to a migration."""

    action: Literal["applied", "reverted", "stamped", "unstamped"]
    revision: str
    name: str
    checksum: str
    author: str | None
    host: str
    at: str


class MigrationHistory(TypedDict):
    """Every migration, and all that was done."""

    revisions: list[AppliedRevision]
    audit: list[Audit]


class Differences(TypedDict):
    """Where the live schema is not what it should be."""

    differences: list[str]


class Statements(TypedDict):
    """The statements that lead from one revision to another."""

    dialect: Literal["sqlite", "postgresql"]
    statements: list[str]


class NewRevision(TypedDict):
    """The migration that was written."""

    revision: str
    path: str


class Backup(TypedDict):
    """Where the copy is; null in a dry run."""

    backup: str | None
    dry_run: bool


class Trusted(TypedDict):
    """The collection whose own choice of a database is trusted."""

    collection: str


_EDITS = ("create", "add", "remove", "reorder", "pin", "unpin", "delete")

DOCUMENTS: dict[str, Any] = {
    **{f"composite {action}": Change for action in _EDITS},
    "composite show": Composite,
    "composite list": CompositeList,
    "tree": Node,
    "associations": Associations,
    "versions": Versions,
    "diff": Diff,
    "restore": Restored,
    "log": Log,
    "why": WhyDocument,
    "undo": Undone,
    "redo": Redone,
    "clone": Clone,
    "pull": Pulled,
    "git-merge": GitMerge,
    "publish": Published,
    "site": SiteWritten,
    "purge": Purge,
    "doctor": Doctor,
    "rebuild": Rebuild,
    "export": Exported,
    "db upgrade": Revisions,
    "db downgrade": Revisions,
    "db stamp": Revisions,
    "db current": Current,
    "db history": MigrationHistory,
    "db check": Differences,
    "db sql": Statements,
    "db revision": NewRevision,
    "db backup": Backup,
    "db roles": Statements,
    "db trust": Trusted,
}
"""The document of each command, or action of one, by its name."""
