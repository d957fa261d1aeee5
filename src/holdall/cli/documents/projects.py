"""The documents of the commands that work with a project's lock."""

from __future__ import annotations

from typing import TypedDict

from holdall.cli.documents.values import Deployment


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


class SyncDocument(TypedDict):
    """The projects that were synced, or checked."""

    projects: list[SyncedProject]


class DropDocument(Deployment):
    """What a project does not want any more, and what that changed in it."""

    dropped: list[str]


DOCUMENTS: dict[str, type] = {
    "sync": SyncDocument,
    "drop": DropDocument,
}
"""By command."""
