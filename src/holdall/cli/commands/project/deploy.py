"""`holdall deploy`: deploy artifacts and composites into a project."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from holdall.cli.context import Context
from holdall.errors import InputError, UsageError

if TYPE_CHECKING:
    from holdall.artifacts.ids import ArtifactId
    from holdall.collection.collection import Collection
    from holdall.deploy.targets import Target
    from holdall.operations.projects.values import DeployResult


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = (
        "Put artifacts and composites into a project. Without an ID, update what is deployed there;"
        " if nothing is, a terminal lists what there is to choose from."
    )
    parser.add_argument("ids", nargs="*", metavar="ID[@VERSION]", help="what to deploy")
    add_project_options(parser)
    parser.add_argument(
        "--allow-commands",
        action="store_true",
        help="allow agents to run and send what is shown; remembered for each artifact",
    )


def add_project_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that deploy and undeploy share."""
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--to", default=".", metavar="PROJECT", help="the project (default: here)")
    where.add_argument(
        "--user", action="store_true", help="your home folder, for all projects, instead"
    )
    parser.add_argument(
        "--target",
        action="append",
        metavar="TARGET",
        help="the agent, several with commas, or all (default: those with deployments, else those"
        " found in the project); known are %(targets)s",
    )
    parser.add_argument(
        "--force", action="store_true", help="also replace edited files; each is kept as a backup"
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="show what would be done, write nothing"
    )


def project_of(args: argparse.Namespace) -> Path:
    """Return the folder that the options mean; raises UsageError for a home that is not known."""
    if not args.user:
        return Path(args.to)
    from holdall.files.user_state import home_folder

    home = home_folder()
    if home is None:
        raise UsageError(
            "--user: nothing says where your home folder is", hint="set HOME, or name it with --to"
        )
    return home


def targets_of(context: Context, args: argparse.Namespace) -> list[Target]:
    """Return the targets that are named, else those with deployments in the project."""
    from holdall.deploy.project.project import targets_in

    project = project_of(args)
    return context.targets(args.target or targets_in(project, context.plugins.targets), project)


def _choose_targets(context: Context, args: argparse.Namespace) -> tuple[list[Target], str]:
    """Return the targets for what is new, and a line that says which ones were found, if so.

    They are those that `targets_of` returns, else the agents found in the project, else `claude`.
    """
    from holdall.deploy.project.project import targets_in
    from holdall.deploy.targets import targets_for

    project = project_of(args)
    if args.target or not args.ids or targets_in(project, context.plugins.targets):
        return targets_of(context, args), ""
    found = targets_for(context.plugins.targets, project).find_in(project)
    how = f"{', '.join(found)}: found" if found else "claude: no agent was found"
    return context.targets(found, project), f"for {how} in {project}; --target chooses"


def run(context: Context, args: argparse.Namespace) -> int:
    """Deploy; exit 1 if something needs attention."""
    from holdall.artifacts.references import Reference
    from holdall.deploy.consent.allowance import Allowance
    from holdall.files.user_state import state_folder

    collection = context.newest_collection()
    args.ids = args.ids or _choose_ids(context, args, collection)
    targets, how = _choose_targets(context, args)
    deployer = context.deployer(
        collection,
        project_of(args),
        targets,
        force=args.force,
        dry_run=args.dry_run,
        allowance=Allowance(state_folder(), allow=args.allow_commands),
    )
    requests, versions = [], {}
    for text in args.ids:
        name, version = Reference.parse(text)
        requests.append(collection.resolve(name, prefer_composite=True))
        if version is not None:
            versions[requests[-1]] = version
    result = deployer.deploy(requests, versions)
    collection.remember()
    if how:
        context.out.note(how)
    status = tell(context, result, dry_run=args.dry_run)
    _tell_of_lock(context, collection, project_of(args), requests)
    return status


def _tell_of_lock(
    context: Context, collection: Collection, project: Path, requests: Sequence[ArtifactId]
) -> None:
    """Say what was deployed by hand where a `holdall.toml` says what the project wants."""
    from holdall.artifacts.protected import PROJECT_FILE

    if not requests or not (project / PROJECT_FILE).is_file():
        return
    import shlex

    from holdall.operations.projects.files import read_both

    try:
        lock = read_both(project).lock
    except InputError:  # what was deployed is there all the same; `sync` says what is wrong
        return
    required = {request for one in lock.artifacts for request in one.wanted_by}
    for one in requests:
        if one not in required:
            source = collection.entry(one).source
            how = f'; with `{{ id = "{one}" }}` in its `require`, `holdall sync` keeps it'
            if source is not None:
                how = f"; `holdall add {shlex.quote(source)} --skill {one}` writes it there"
            context.out.note(f"{one} is not in {PROJECT_FILE}{how}")


def _choose_ids(context: Context, args: argparse.Namespace, collection: Collection) -> list[str]:
    """Let a user choose what to deploy where nothing is deployed yet."""
    from holdall.deploy.project.project import targets_in

    if not sys.stdin.isatty() or targets_in(project_of(args), context.plugins.targets):
        return []
    from holdall.cli.asking.choosing import Row, can_ask, choose_from
    from holdall.cli.commands.collection.details import describe

    entries = collection.manifest.by_id.values()
    if not can_ask(context.out) or not entries:
        return []
    rows = [Row(entry.id, describe(collection, entry)) for entry in entries]
    return [str(one) for one in choose_from(rows, "name what you want: `holdall deploy ID`")]


def tell(context: Context, result: DeployResult, *, dry_run: bool) -> int:
    """Print what was done, and return the exit status."""
    tell_files(context, result, dry_run=dry_run)
    context.out.data(result_to_json(result, dry_run=dry_run))
    return 0


def tell_files(context: Context, result: DeployResult, *, dry_run: bool) -> None:
    """Print for the user what was done."""
    from holdall.transaction.actions import Put, Remove

    actions = result.arrangement.actions
    puts = [action for action in actions if isinstance(action, Put)]
    removals = [action for action in actions if isinstance(action, Remove)]
    if dry_run or context.out.verbose:
        for line in context.out.shorten([f"delete {removal.path}" for removal in removals]):
            context.out.line(line, style="red", of=6)
        for line in context.out.shorten([f"write {put.path}" for put in puts]):
            context.out.line(line, style="green", of=5)
    for warning in result.warnings:
        context.out.warn(warning)
    for path in result.outcome.conflicts if result.outcome else ():
        context.out.warn(f"{path} changed during the deploy; your version was kept")
    for path, backup in result.outcome.backups if result.outcome else ():
        context.out.note(f"kept your version of {path} as {backup}")
    if result.outcome and result.outcome.backups:
        context.out.note("copy it back to restore it, or undo the whole deploy with `holdall undo`")
    done = f"{_count(puts, removals)} {where_of(result)}"
    if not actions and (result.plan.placed or not result.outcome):
        done = "everything is in place already" if result.plan.placed else "nothing to do"
    context.out.line(f"{'dry run, nothing written: ' if dry_run else ''}{done}")


def _count(puts: Sequence[object], removals: Sequence[object]) -> str:
    """Return how many files were written and deleted, in words."""
    counts = [(puts, "written"), (removals, "deleted")]
    words = [f"{len(some)} {done}" for some, done in counts if some]
    files = " file " if words[:1] and words[0].startswith("1 ") else " files "
    return ", ".join(words).replace(" ", files, 1) or "no files written"


def where_of(result: DeployResult) -> str:
    """Return for which agents something was done, and where: `for claude and codex in ./app`."""
    plan = result.plan
    roots = {placement.target_root for placement in (*plan.placed, *plan.withdrawn)}
    names = [t.name for t in plan.targets if t.root in roots] or [t.name for t in plan.targets]
    place = "here" if str(plan.project) == "." else f"in {plan.project}"
    return f"for {join_words(names)} {place}" if names else place


def join_words(words: Sequence[str]) -> str:
    """Return words as a sentence lists them: `a, b and c`."""
    return " and ".join([", ".join(words[:-1]), *words[-1:]] if len(words) > 1 else words)


def result_to_json(result: DeployResult, *, dry_run: bool) -> dict[str, object]:
    """Return the result as `--json` prints it."""
    from holdall.transaction.actions import Put, Remove

    actions = result.arrangement.actions
    return {
        "project": str(result.plan.project),
        "dry_run": dry_run,
        "transaction": result.outcome.transaction_id if result.outcome else None,
        "placed": [placement.to_json() for placement in result.plan.placed],
        "withdrawn": [placement.to_json() for placement in result.plan.withdrawn],
        "written": [action.path for action in actions if isinstance(action, Put)],
        "deleted": [action.path for action in actions if isinstance(action, Remove)],
        "conflicts": list(result.outcome.conflicts) if result.outcome else [],
        "backups": dict(result.outcome.backups) if result.outcome else {},
        "warnings": list(result.warnings),
    }
