"""The documents of the built-in commands."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

from holdall.cli.documents import projects
from holdall.cli.documents.values import (
    Change,
    Deployment,
    Diagnostic,
    Entry,
    HintedDiagnostic,
    LeftOut,
    Named,
)


class ErrorValue(TypedDict):
    """Why a command ended: a stable code, what happened, what to do, and its exit status."""

    code: str
    message: str
    hint: str | None
    exit_status: int


class ErrorDocument(TypedDict):
    """What any command prints that ends with an error."""

    error: ErrorValue


class InitDocument(TypedDict):
    """The collection that was made."""

    collection: str
    name: str


class NewDocument(Change):
    """The artifact that was begun, and where it is."""

    path: str


class FoundArtifact(TypedDict):
    """An artifact of a source; `files` is their number, `size` in bytes."""

    type: str
    path: str
    id: str
    name: str
    content_hash: str
    files: int
    size: int
    description: str | None
    uuid: str | None


class FoundComposite(TypedDict):
    """A bundle of a source; `members` are pairs of type and path, `aliases` names by path."""

    id: str
    name: str
    path: str
    kind: str
    version: str | None
    description: str | None
    members: list[list[str]]
    uuid: str | None
    own_files: str | None
    metadata: dict[str, Any]
    aliases: dict[str, str]


class ScanDocument(TypedDict):
    """What sources have; paths are relative to the source."""

    artifacts: list[FoundArtifact]
    composites: list[FoundComposite]
    remotes: NotRequired[list[Named]]
    left_out: NotRequired[list[LeftOut]]
    diagnostics: list[HintedDiagnostic]


class LintDiagnostic(Diagnostic):
    """A diagnostic with its source, its reason and its remedy."""

    source: str
    why: str | None
    remedy: str | None


class FixedFile(TypedDict):
    """A file that `--fix` fixed, or would fix, and the lines of a unified diff."""

    id: str
    path: str
    diff: list[str]


class LintDocument(TypedDict):
    """What is wrong with sources, and how many of each level; SARIF with `--sarif`."""

    fixed: list[FixedFile]
    diagnostics: list[LintDiagnostic]
    errors: int
    warnings: int
    infos: int


class CollectedSource(TypedDict):
    """What one source changed.

    `source` is null for edits of the collection's own folder, `revision` a commit or `sha256:` and
    a checksum, `former_source` the address under which a source that moved was known. `refused` are
    artifacts with hidden text.
    """

    source: str | None
    former_source: str | None
    revision: str | None
    changes: list[Change]
    refused: list[str]
    diagnostics: list[Diagnostic]
    elsewhere: list[Named]
    left_out: list[LeftOut]


class CollectDocument(TypedDict):
    """What was collected."""

    sources: list[CollectedSource]
    dry_run: bool


class ListDocument(TypedDict):
    """What the collection has, composites too."""

    artifacts: list[Entry]


class RemoveDocument(TypedDict):
    """What was removed."""

    removed: list[Change]


class UndeployDocument(TypedDict):
    """What was removed from a project or, with `--forget`, what is not known there any more."""

    project: str
    forgotten: NotRequired[list[str]]
    dry_run: NotRequired[bool]
    transaction: NotRequired[str | None]
    placed: NotRequired[list[dict[str, Any]]]
    withdrawn: NotRequired[list[dict[str, Any]]]
    written: NotRequired[list[str]]
    deleted: NotRequired[list[str]]
    conflicts: NotRequired[list[str]]
    backups: NotRequired[dict[str, str]]
    warnings: NotRequired[list[str]]


class LockedArtifact(TypedDict):
    """An artifact as `holdall.lock` has it."""

    id: str
    uuid: str | None
    source: str | None
    path: str | None
    content_hash: str | None
    targets: list[str]
    wanted_by: list[str]


class AddDocument(Deployment):
    """What was added to a project, and what that changed in the collection.

    `taken_from` is the program whose lock was taken over, None for what a source has; `notes` say
    what was not as that lock said.
    """

    collection: str
    taken_from: str | None
    notes: list[str]
    sources: list[projects.SourceState]
    artifacts: list[LockedArtifact]
    changes: list[Change]
    diagnostics: list[Diagnostic]


class FileChange(TypedDict):
    """A deployed file that is not as it was deployed."""

    path: str
    change: Literal["missing", "edited"]


class DeployedStatus(TypedDict):
    """The state of a deployed artifact; `wanted_by` are the requests that it is there for."""

    id: str
    target: str
    state: Literal["synced", "modified", "outdated", "renamed", "removed", "unknown"]
    uuid: str | None
    wanted_by: list[str]
    files: list[FileChange]
    note: str | None


class StatusDocument(TypedDict):
    """What is deployed in a project; with `--all` all `projects` instead."""

    project: NotRequired[str]
    deployed: NotRequired[list[DeployedStatus]]
    projects: NotRequired[list[projects.FleetProject]]


class Adopted(TypedDict):
    """An edit that was copied into the collection, or merged with what that had by then."""

    id: str
    target: str
    content_hash: str
    merged: bool


class AdoptDocument(TypedDict):
    """What was copied from a project into the collection.

    `written` and `deleted` are files of the project that were merged; `backups` are in the
    collection, `project_backups` in the project. What is `locked` stays an edit of what
    `holdall.lock` has.
    """

    project: str
    dry_run: bool
    adopted: list[Adopted]
    changes: list[Change]
    diagnostics: list[Diagnostic]
    locked: list[str]
    unchanged: list[str]
    transaction: str | None
    written: list[str]
    deleted: list[str]
    backups: dict[str, str]
    project_backups: dict[str, str]
    warnings: list[str]


class WatchDocument(TypedDict):
    """What was collected and deployed until Ctrl-C, and what was refused."""

    collected: list[str]
    deployed: list[str]
    refused: list[str]
    dry_run: bool


class Plugin(TypedDict):
    """A plugin that was found."""

    name: str
    distribution: str | None
    version: str | None
    status: Literal["loaded", "failed"]
    hooks: list[str]
    error: str | None


class PluginsDocument(TypedDict):
    """The plugins that were found."""

    plugins: list[Plugin]


class Argument(TypedDict):
    """An argument of a command; `options` is empty for a positional one."""

    options: list[str]
    metavar: str | None
    help: str
    choices: list[str] | None
    is_required: bool
    is_repeated: bool


class CommandHelp(TypedDict):
    """A command, or an action of one (`composite create`)."""

    name: str
    group: str
    summary: str
    description: str
    examples: list[str]
    arguments: list[Argument]


class HelpDocument(TypedDict):
    """Commands with their arguments."""

    commands: list[CommandHelp]


class CompletionDocument(TypedDict):
    """The script for a shell."""

    shell: Literal["bash", "zsh", "fish"]
    script: str


class NextCommand(TypedDict):
    """A command that makes sense now."""

    command: str
    why: str


class OverviewCollection(TypedDict):
    """The collection, and how much it has."""

    path: str
    name: str
    artifacts: int
    composites: int


class OverviewDocument(TypedDict):
    """Where one stands; `deployed` is the number of artifacts by state."""

    project: str
    deployed: dict[str, int]
    agents: list[str]
    collection: OverviewCollection | None
    problem: str | None
    next: list[NextCommand]


DOCUMENTS: dict[str, type] = {
    "": OverviewDocument,
    "init": InitDocument,
    "scan": ScanDocument,
    "lint": LintDocument,
    "new": NewDocument,
    "collect": CollectDocument,
    "list": ListDocument,
    "search": ListDocument,
    "show": Entry,
    "rename": Change,
    "remove": RemoveDocument,
    "add": AddDocument,
    **projects.DOCUMENTS,
    "deploy": Deployment,
    "undeploy": UndeployDocument,
    "status": StatusDocument,
    "adopt": AdoptDocument,
    "watch": WatchDocument,
    "plugins": PluginsDocument,
    "help": HelpDocument,
    "completion": CompletionDocument,
}
"""The document of each built-in command by its name."""
