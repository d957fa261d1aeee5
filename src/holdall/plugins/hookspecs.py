"""The contract with plugins: every hook, when it is called, what it may change, what if it raises.

A plugin is a module (or object) in the entry point group `holdall.plugins` with functions of these
names marked by `hookimpl`. Implementations take any subset of the arguments, by name. All hooks
exist since Holdall 0.1. Hooks whose name ends in `_complete` may be called more than once for one
transaction id and must then have the same effect as once.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from pathlib import Path

    from holdall.artifacts.ids import ArtifactId, TypeSpec
    from holdall.collection.changes import ChangeSet
    from holdall.collection.collection import Collection
    from holdall.config import Config
    from holdall.deploy.planning.plan import DeployPlan
    from holdall.deploy.targets import Target
    from holdall.files.tree import Tree
    from holdall.sources.values import FoundArtifact


hookspec = pluggy.HookspecMarker("holdall")
hookimpl = pluggy.HookimplMarker("holdall")


class Severity(StrEnum):
    """How much a problem weighs: an error is a veto, a warning is told."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Problem:
    """What a plugin has to say against a change of the collection, or a deploy plan."""

    message: str
    severity: Severity = Severity.ERROR
    hint: str | None = None


@hookspec(historic=True)
def holdall_configure(config: Config) -> None:
    """Take note of the run's settings. Called once per run, before any other hook.

    If it raises, the plugin is disabled and reported.
    """


@hookspec
def holdall_add_commands(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add commands. Called when the command line is built.

    `subparsers.wanted` is the command that was named; those of other names need not be added. It
    is None where all are to be shown.

    Set `run` on a command's parser (`set_defaults(run=function)`): a function of a
    `holdall.cli.context.Context` and the parsed arguments that returns an exit status. If the hook
    raises, the plugin's commands are missing and a warning says so.
    """


@hookspec
def holdall_register_types() -> Sequence[TypeSpec]:
    """Return types of artifacts besides the built-in ones. Called at start.

    If it raises, or names a type that exists, the plugin is disabled and reported.
    """
    return ()


@hookspec
def holdall_register_targets() -> Sequence[Target]:
    """Return targets besides the built-in ones. Called at start.

    If it raises, or names a target that exists, the plugin is disabled and reported.
    """
    return ()


@hookspec(firstresult=True)
def holdall_collect_file(path: Path, source: Path) -> FoundArtifact | None:
    """Return the artifact that a file is, or None. Called for files that no reader claimed.

    Read only. If it raises, that file is reported and nothing else changes.
    """


@hookspec
def holdall_collect_modify(changes: ChangeSet, collection: Collection) -> None:
    """Edit what is about to change in a collection: `changes.after` and `changes.extra`.

    Called when all is found and nothing is written, also in a dry run, for every command that
    changes a collection (collect, rename, remove, composite edits). If it raises, the command
    is refused and nothing is written.
    """


@hookspec
def holdall_collect_check(changes: ChangeSet, collection: Collection) -> Sequence[Problem]:
    """Return what speaks against the finished change set; one error is a veto. Also in a dry run.

    If it raises, that counts as an error.
    """
    return ()


@hookspec
def holdall_collect_prepare(
    changes: ChangeSet, collection: Collection, transaction_id: str
) -> None:
    """Record what is about to happen. Called with all files staged, before the commit point.

    If it raises, nothing becomes visible. A transaction that was prepared may still be given up.
    """


@hookspec
def holdall_collect_complete(
    changes: ChangeSet, collection: Collection, transaction_id: str
) -> None:
    """Record what has happened: the files are in place. `collection` is as it is now.

    If it raises, the user is told, and the next run calls it again until it succeeds.
    """


@hookspec(firstresult=True)
def holdall_version_tree(
    collection: Collection, artifact_id: ArtifactId, version: str
) -> Tree | None:
    """Return the files that an artifact had in a version. Called by `holdall show ID@VERSION`.

    Read only. Raise NotFoundError for a version that does not exist; the command fails with it.
    """


@hookspec
def holdall_deploy_plan(plan: DeployPlan, project: Path) -> None:
    """Resolve what was asked for: fill `plan.members` and `plan.uuids`; also in a dry run.

    If it raises, the deploy is refused and nothing is written.
    """


@hookspec
def holdall_deploy_check(plan: DeployPlan, project: Path) -> Sequence[Problem]:
    """Return what speaks against the finished plan; one error is a veto. Also in a dry run.

    If it raises, that counts as an error.
    """
    return ()


@hookspec
def holdall_deploy_prepare(plan: DeployPlan, transaction_id: str) -> None:
    """Record what is about to happen. Called with all files staged, before the commit point.

    If it raises, nothing becomes visible. A transaction that was prepared may still be given up.
    """


@hookspec
def holdall_deploy_abandoned(plan: DeployPlan, transaction_id: str) -> None:
    """Forget what was to happen: a prepared deploy was given up or killed, nothing was changed.

    `holdall_deploy_prepare` may or may not have been called for it. If it raises, the user is told,
    and the next run calls it again until it succeeds.
    """


@hookspec
def holdall_deploy_complete(plan: DeployPlan, transaction_id: str) -> None:
    """Record what has happened: the files are in place. `plan.placed` and `plan.withdrawn` tell.

    If it raises, the user is told, and the next run calls it again until it succeeds.
    """


@hookspec
def holdall_deploy_error(plan: DeployPlan, error: Exception) -> None:
    """Observe that a deploy was given up. If it raises, that is logged; the first error stays."""
