"""The contract with plugins: every hook, when it is called, what it may change, what if it raises.

A plugin is a module (or object) in the entry point group `holdall.plugins` with functions of these
names marked by `hookimpl`, which take any of the arguments, by name. All exist since Holdall 0.1.

**The order of calls.** Every command: `holdall_configure`, `holdall_register_types` and
`holdall_register_targets` for one plugin after another, in the order of the plugins' names, then
`holdall_register_commands`, `holdall_command_begin` before the command and `holdall_command_end`
after it. `holdall init --database URL`: `holdall_database_prepare`. A command for which only a
database is named: `holdall_collection_folder`. A command that changes the collection:
`holdall_collect_incoming`, `holdall_collect_file` for each file that no reader claimed (`collect`
only), `holdall_collect_modify`, `holdall_collect_check`; a dry run ends here;
`holdall_collect_prepare`, `holdall_collect_commit`, the commit point, `holdall_collect_complete`. A
command that changes a project: `holdall_deploy_resolve` (`deploy` only), `holdall_deploy_check`; a
dry run ends here; `holdall_deploy_prepare`, the commit point, `holdall_deploy_complete`. One that
changes both as one (`add`, `sync`, `update`, `adopt`): the checks of both, then
`holdall_deploy_prepare`, `holdall_collect_prepare`, `holdall_collect_commit`, one commit point,
`holdall_collect_complete`, `holdall_deploy_complete`. What is given up before the commit point ends
with `holdall_collect_error` or `holdall_deploy_error`, and once it was prepared with
`holdall_collect_abandoned` or `holdall_deploy_abandoned` before that.

**The order of plugins.** One hook's implementations are called as pluggy calls them: those of
plugins that were loaded later come first, `tryfirst=True` before all, `trylast=True` after all. A
`wrapper=True` runs around them: it yields once, gets the list of what they returned (for hooks
marked *first result* the one result) or the first exception, and returns the result for the host.
Where pluggy would stop at an exception, hooks that only report go on to the next plugin. With
`optionalhook=True` a hook that this version of Holdall does not have is no error.

**The fence.** Whatever a plugin raises, KeyboardInterrupt and SystemExit too, counts as that
plugin's failure, is reported by its name, and does what the hook's text says; Holdall's own errors
(`holdall.errors`) pass as they are. Whatever it prints goes to standard error. Where a plugin ends
the process, the next command says so and does not call it for that hook, once, which counts as a
failure.

**Hooks whose name ends in `_complete` or `_abandoned`** may be called more than once for one
transaction id and must then have the same effect as once.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

import pluggy

from holdall import dataclass

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence
    from pathlib import Path

    from holdall.artifacts import ArtifactId, RelPath, TypeSpec
    from holdall.collection import ChangeSet, Collection, EditPlan, Manifest
    from holdall.config import Config
    from holdall.deploy import Deployed, DeployPlan, DeployRequest, Resolution, Target
    from holdall.files import Scratch, Tree
    from holdall.plugins.commands import Command
    from holdall.plugins.values import Details, KnownDeployment, LintProblem, ReleaseState
    from holdall.reporter import Reporter
    from holdall.sources.values import FoundArtifact, Reading
    from holdall.transaction.actions import Action

    Ids = Sequence[ArtifactId]

hookspec = pluggy.HookspecMarker("holdall")
hookimpl = pluggy.HookimplMarker("holdall")


class Severity(StrEnum):
    """How much a problem weighs: an error is a veto, a warning is reported."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Problem:
    """A plugin's objection to a change of the collection, or to a deploy plan."""

    message: str
    severity: Severity = Severity.ERROR
    hint: str | None = None


@hookspec(historic=True)
def holdall_configure(config: Config, settings: Mapping[str, Any], reporter: Reporter) -> None:
    """Keep the run's settings. Called once per run, before any other hook.

    `reporter.note(text)` prints a line on standard error unless the user wants quiet;
    `reporter.warn(text)` prints it as a warning and makes the exit status 1.

    `settings` is the table `[plugin.NAME]` of the configuration, NAME being the plugin's entry
    point: what `.holdall/config.toml` of the collection says, and above that what the user's own
    `config.toml` (in `~/.config/holdall`) says. A collection may come from somebody else: take
    words and numbers from it, never a command to run or a place to write to.

    If it raises, the plugin is disabled and reported.
    """


@hookspec
def holdall_command_begin() -> None:
    """Make ready. Called before a command, also within another; if it raises, that is not run."""


@hookspec
def holdall_command_end() -> None:
    """Close what a command kept. Called however it ended; what it raises is a warning."""


@hookspec
def holdall_database_prepare(url: str, dry_run: bool) -> None:
    """Bring the database of a new collection up to date. Called by `holdall init --database URL`.

    Nothing of it is there yet. With `dry_run`, only look. If it raises, no collection is made.
    """


@hookspec(firstresult=True)
def holdall_collection_folder(
    url: str, name: str | None, default: Collection | None, types: Mapping[str, TypeSpec]
) -> Path | None:
    """Return a folder of the user's for a collection that is in a database; make it if need be.

    *First result.* Called where a command needs a collection, and only a database is named
    (`--database URL`, maybe with a collection's `name`). `default` is the user's default
    collection, if there is one: return None if that is the one in the database. `types` are all
    that are known. The folder is then brought forward. If it raises, the command is refused.
    """


@hookspec(historic=True)
def holdall_register_types() -> Iterable[TypeSpec]:
    """Return types of artifacts in addition to the built-in ones. Called at start.

    A type's `deploys_to` names the targets that it can be deployed to, each with the folder below
    the target's root. If it raises, or names a type that exists, the plugin is disabled and
    reported.
    """
    return ()


@hookspec(historic=True)
def holdall_register_targets() -> Iterable[Target]:
    """Return targets in addition to the built-in ones. Called at start.

    If it raises, or names a target that exists, the plugin is disabled and reported.
    """
    return ()


@hookspec
def holdall_register_commands() -> Iterable[Command]:
    """Return commands for the command line. Called when it is read, with all plugins loaded.

    A command's functions are called only if it is named. If this hook raises, the plugin has no
    commands and a warning says so; a command whose name is taken is left out with a warning. A
    command that raises ends with status 5 and the plugin's name; Holdall's own errors pass as they
    are. With `--json` what a command prints by itself goes to standard error: use `context.out`.
    """
    return ()


@hookspec(firstresult=True)
def holdall_collect_file(path: Path, source: Path) -> FoundArtifact | None:
    """Return the artifact that a file is, or None. Called for files that no reader claimed.

    *First result.* Read only. If it raises, that file is reported and nothing else changes.
    """


@hookspec
def holdall_lint_check(reading: Reading) -> Iterable[LintProblem]:
    """Return what is wrong with a source. Called by `holdall lint`, with all that the source holds.

    Read only. If it raises, or answers something else, that is reported as the error
    `plugin-failed`.
    """
    return ()


@hookspec
def holdall_collect_modify(changes: ChangeSet, collection: Collection) -> Manifest | None:
    """Return the manifest that is to be written instead of `changes.after`; None leaves it.

    Called when all is found and nothing is written, also in a dry run, for every command that
    changes a collection (collect, rename, remove, edits of a composite, which is a bundle such as
    a plugin). Each plugin gets the manifest that the one before returned, a wrapper the list of
    all that were returned, of which the last one counts. `changes.extra` takes what the plugin
    needs later. A change set that grew since is asked about again. If it raises, or returns
    something else, the command is refused and nothing is written.
    """


@hookspec
def holdall_collect_check(changes: ChangeSet, collection: Collection) -> Sequence[Problem]:
    """Return the problems of the finished change set; one error is a veto. Also in a dry run.

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


@hookspec(firstresult=True)
def holdall_collect_commit(
    changes: ChangeSet,
    collection: Collection,
    transaction_id: str,
    actions: Sequence[Action],
    trees: Mapping[RelPath, Tree],
) -> bool | None:
    """Commit a change where others see it, and return True; None leaves that to the folder.

    *First result.* Called when all is staged and prepared, and nothing is visible. `collection` is
    as it will be; `actions` will make it so and have the bytes of new files, `trees` are the files
    of artifacts by their paths, as far as they are known. What is committed here is done, even if
    the folder never shows it: the plugin brings it there by `holdall_collect_incoming`. If it
    raises, nothing becomes visible; an OvertakenError lets the same command run again.
    """


@hookspec(firstresult=True)
def holdall_collect_incoming(collection: Collection, scratch: Scratch) -> EditPlan | None:
    """Return what others changed since the folder was written, None if that is nothing.

    *First result.* Called under the collection's lock before each change of it; the change starts
    from what this makes of the folder. With a shared database also before a deploy, an export and a
    sync of ids; a dry run is refused then. New files may be laid out in `scratch.path`, which is
    deleted afterwards. If it raises, the command is refused and nothing is written.
    """


@hookspec
def holdall_collect_abandoned(
    changes: ChangeSet, collection: Collection, transaction_id: str
) -> None:
    """Forget what was to happen: a prepared change was given up or killed, nothing was changed.

    `holdall_collect_prepare` may or may not have been called for it. `changes` holds what was to
    change; its `before` and `after` are both the collection's present manifest. If it raises, that
    is reported, and the next run calls it again until it succeeds.
    """


@hookspec
def holdall_collect_complete(
    changes: ChangeSet, collection: Collection, transaction_id: str
) -> None:
    """Record what has happened: the files are in place. `collection` is as it is now.

    If it raises, that is reported, and the next run calls it again until it succeeds.
    """


@hookspec
def holdall_collect_error(changes: ChangeSet, error: Exception) -> None:
    """Observe that a change of the collection was given up after `holdall_collect_modify`.

    Called for every command that changes a collection. If it raises, that is reported; the first
    error stays.
    """


@hookspec(firstresult=True)
def holdall_collection_details(collection: Collection) -> Details | None:
    """Return the newest versions of artifacts, and where they are deployed.

    *First result.* Read only. Called by `holdall list` on a terminal or with `--long`, and for
    completion. If it raises, the command fails with it.
    """


@hookspec(firstresult=True)
def holdall_known_deployments(collection: Collection) -> Sequence[KnownDeployment] | None:
    """Return what is deployed in every project that is known, on all machines.

    *First result.* Read only. Called by `holdall status --all`. If it raises, the command fails
    with it.
    """


@hookspec(firstresult=True)
def holdall_version_tree(
    collection: Collection, artifact_id: ArtifactId, version: str
) -> Tree | None:
    """Return the files that an artifact had in a version. Called by `holdall show ID@VERSION`.

    *First result.* Read only. Raise NotFoundError for a version that does not exist; the command
    fails with it.
    """


@hookspec(firstresult=True)
def holdall_release_state(collection: Collection, release: int, ids: Ids) -> ReleaseState | None:
    """Return what a collection was in a release, for `list` and `show` with `--release N`.

    *First result.* Read only. The files of `ids`, as they are called there, are wanted, too. Raise
    NotFoundError for what does not exist, or is not kept any more; the command fails with it.
    """


@hookspec(firstresult=True)
def holdall_known_versions(
    collection: Collection, wanted: Sequence[Deployed], folder: Path | None
) -> list[Tree | None] | None:
    """Return the files of stored versions: what is equal to one of them may be Holdall's.

    *First result.* Called where a project says that Holdall placed something, nothing else proves
    it, and it is about to be replaced or removed. For each of `wanted`, in order: the tree that its
    `content_hash` names, if that is a version of the artifact with its `uuid`, or with its `id` in
    the collection; else None, and what is in the project stays. With a `folder`, write the files of
    number N into its subfolder `N`. If it raises, the command is refused and nothing is written.
    """


@hookspec
def holdall_deploy_resolve(request: DeployRequest) -> Resolution | None:
    """Return what the ids of a deploy bring, as far as the plugin knows; also in a dry run.

    Read only. All plugins are asked and their answers merged: a plugin answers for the artifacts
    that it knows, and a wrapper can change the answers of others. Two that differ for one artifact,
    an answer of another form (a member that is not in the collection, a UUID that is no text), and
    whatever it raises refuse the deploy, with the plugin's name; nothing is written.
    """


@hookspec
def holdall_deploy_check(plan: DeployPlan, project: Path) -> Sequence[Problem]:
    """Return the problems of the finished plan; one error is a veto. Also in a dry run.

    Called for deploy, undeploy, undo, redo and adopt (`plan.command`). The plan is not changed any
    more, but for what you put into `plan.extra` here. If it raises, that counts as an error.
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

    `holdall_deploy_prepare` may or may not have been called for it. If it raises, that is
    reported, and the next run calls it again until it succeeds.
    """


@hookspec
def holdall_deploy_complete(plan: DeployPlan, transaction_id: str) -> None:
    """Record what has happened: the files are in place.

    `plan.placed` and `plan.withdrawn` say what, `plan.requests` what was asked for, `plan.targets`
    for which agents; `plan.artifacts` is empty, since the plan may be of an earlier run. If it
    raises, that is reported, and the next run calls it again until it succeeds.
    """


@hookspec
def holdall_deploy_forget(
    collection: Collection, project: str, present: Container[str]
) -> Sequence[ArtifactId]:
    """Forget what was deployed into a project and is gone with it; return what that was.

    Called by `holdall undeploy --forget`. `project` is its path, links resolved, `present` are the
    UUIDs of what is there all the same. If it raises, the command fails.
    """
    return ()


@hookspec
def holdall_deploy_error(request: DeployRequest, error: Exception) -> None:
    """Observe that what was asked for in a project was given up (`request.command` says what).

    If it raises, that is reported; the first error stays.
    """
