"""The documents of the commands that work with a project's lock."""

from __future__ import annotations

from typing import Literal, TypedDict

from holdall.cli.documents.values import Change, Deployment


class SourceState(TypedDict):
    """A source as `holdall.lock` has it."""

    source: str
    revision: str | None
    commit: str | None
    digest: str | None
    select: list[str] | None
    tag: str | None
    needed_by: list[str]


class Difference(TypedDict):
    """In what a project is not what its files say: an artifact or a source, for which agent."""

    what: str
    target: str | None
    why: str


class SyncedProject(TypedDict):
    """A project: `relocked` are requirements that were locked again, `differences` what is left.

    `deployed` is null where nothing had to be written, and with `--check`.
    """

    project: str
    dry_run: bool
    agree: bool
    differences: list[Difference]
    relocked: list[str]
    deployed: Deployment | None


class FailedProject(TypedDict):
    """A project that could not be synced, and the error; `hint` says what to do."""

    project: str
    code: str
    message: str
    hint: str | None
    exit_status: int


class SyncDocument(TypedDict):
    """The projects that were synced, or checked, and with `--all` those that could not be."""

    projects: list[SyncedProject]
    failed: list[FailedProject]


class DropDocument(Deployment):
    """What a project does not want any more, and what that changed in it."""

    dropped: list[str]


class UpdatedFile(TypedDict):
    """A file of an artifact that an update changes."""

    path: str
    change: Literal["added", "changed", "removed"]


class UpdatedArtifact(TypedDict):
    """An artifact that an update changes: its content hash before and after, null for none.

    `files` is null where what was there is not known; `effects` are what it lets an agent run that
    it did not before.
    """

    id: str
    old: str | None
    new: str | None
    files: list[UpdatedFile] | None
    effects: list[str]


class UpdatedSource(TypedDict):
    """A source that was looked at, as it was locked and as it is now."""

    name: str
    old: SourceState | None
    new: SourceState | None
    newest: str | None
    artifacts: list[UpdatedArtifact]


class UpdateDocument(TypedDict):
    """What an update does; `changes` are the collection's, `deployed` null if there are none."""

    project: str
    dry_run: bool
    sources: list[UpdatedSource]
    changes: list[Change]
    deployed: Deployment | None


class Attention(TypedDict):
    """A deployed artifact that is not synced. Only one of `target` and `root` may be known."""

    id: str
    state: Literal["modified", "outdated", "renamed", "removed", "unknown", "gone"]
    target: str | None
    root: str | None
    note: str | None


class FleetProject(TypedDict):
    """A project on a machine: how many artifacts are in which state, and those to look at.

    `is_here` says that it was looked at on this machine, `reported_at` when its machine reported
    it; without either it is as the database has it. `note` says why it could not be looked at.
    `sources` has the version of each source that was reported.
    """

    machine: str
    project: str
    is_here: bool
    states: dict[str, int]
    attention: list[Attention]
    note: str | None
    reported_at: str | None
    sources: dict[str, str]


class OutdatedSource(TypedDict):
    """A source with its commit or checksum in the lock, and the one that it has now.

    With a range of versions `tag` is the newest in it, `newest` the newest of all.
    """

    name: str
    revision: str | None
    locked: str | None
    now: str | None
    note: str
    tag: str | None
    newest: str | None
    outdated: bool


class OutdatedDocument(TypedDict):
    """The sources of a project."""

    project: str
    sources: list[OutdatedSource]


class Step(TypedDict):
    """An operation of the log."""

    number: int
    command: str
    at: str
    author: str | None
    host: str


class WhyDocument(TypedDict):
    """Why something is in a project. `version` is null where its content is in no version.

    `required` is the line of `holdall.toml`, `since` and `last` are operations there, `effects` is
    what it lets agents run, `projects` are others that have it, `back` says how to go back.
    """

    project: str
    id: str
    uuid: str | None
    content_hash: str | None
    version: int | None
    newest: int | None
    edited: list[str]
    source: str | None
    path: str | None
    revision: str | None
    commit: str | None
    digest: str | None
    required: str | None
    wanted_by: list[str]
    by_hand: list[str]
    targets: list[str]
    since: Step | None
    last: Step | None
    effects: list[str]
    projects: list[str]
    back: list[str]


DOCUMENTS: dict[str, type] = {
    "sync": SyncDocument,
    "drop": DropDocument,
    "update": UpdateDocument,
    "outdated": OutdatedDocument,
}
"""By command."""
