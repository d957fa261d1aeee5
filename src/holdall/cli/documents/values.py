"""Values that several documents have."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict


class Change(TypedDict):
    """What happened to an artifact; `kept` is one that its source does not show."""

    kind: Literal["new", "identical", "changed", "renamed", "conflict", "gone", "kept"]
    id: str
    old_id: NotRequired[str]
    note: NotRequired[str]


class Diagnostic(TypedDict):
    """What is wrong with a source: where, how badly, and a stable code."""

    path: str
    line: int | None
    level: Literal["error", "warning", "info"]
    code: str
    message: str


class HintedDiagnostic(Diagnostic):
    """A diagnostic with what to do about it, where its code says that."""

    hint: NotRequired[str]


class Named(TypedDict):
    """A plugin that is in another source."""

    name: str
    source: str


class LeftOut(TypedDict):
    """A file or folder that is not collected, and why."""

    path: str
    why: str


class File(TypedDict):
    """A file of an artifact: `mode` is `x` for an executable, else `-`."""

    path: str
    mode: Literal["x", "-"]
    size: int
    sha256: str


class Member(TypedDict):
    """A member of a composite; `pin` is the hash of the version that it is held at."""

    id: str
    relationship: str
    pin: str | None


class Entry(TypedDict):
    """An artifact of the collection, or a composite: each has keys of its own.

    `list --long` and `search` add the newest version, the projects that have it, those of them with
    other content, and problems; `show` adds what it lets an agent run or send.
    """

    id: str
    type: str
    name: str
    uuid: str | None
    source: str | None
    source_path: str | None
    source_revision: str | None
    path: NotRequired[str]
    content_hash: NotRequired[str | None]
    files: NotRequired[list[File]]
    effects: NotRequired[list[str]]
    composite_type: NotRequired[str]
    display_name: NotRequired[str | None]
    description: NotRequired[str | None]
    own_files: NotRequired[str | None]
    metadata: NotRequired[dict[str, Any]]
    members: NotRequired[list[Member]]
    version: NotRequired[int | None]
    projects: NotRequired[list[str]]
    stale: NotRequired[list[str]]
    problems: NotRequired[list[Literal["edited", "missing"]]]


Composite = Entry
"""A composite is an entry with `members`."""


class Placement(TypedDict):
    """An artifact that a deploy placed for a target, or withdrew."""

    id: str
    uuid: str | None
    content_hash: str | None
    target_root: str


class Deployment(TypedDict):
    """What a deploy or an undeploy did in a project; `backups` are by path."""

    project: str
    dry_run: bool
    transaction: str | None
    placed: list[Placement]
    withdrawn: list[Placement]
    written: list[str]
    deleted: list[str]
    conflicts: list[str]
    backups: dict[str, str]
    warnings: list[str]


class Finding(TypedDict):
    """Something that does not agree, with a stable code and what fixes it."""

    code: str
    subject: str
    message: str
    hint: str
