"""`holdall sync`: make a project what its lock says."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from holdall.cli.commands.project.locked import add_options, project_of, terms_of
from holdall.cli.context import Context
from holdall.errors import HoldallError, OvertakenError, UsageError

if TYPE_CHECKING:
    from holdall.operations.projects.compare import Difference

_AGREE = "project, holdall.toml and holdall.lock agree"
_IN_PLACE = "everything is in place already"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = (
        "Make the project what holdall.lock says. What holdall.toml asks for otherwise is locked"
        " first."
    )
    parser.add_argument(
        "--frozen", action="store_true", help="never change holdall.lock; refuse if it had to be"
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="write nothing; exit 1 if project, holdall.toml and holdall.lock differ",
    )
    parser.add_argument(
        "--report-to",
        metavar="DIR|URL",
        help="then report what this machine's projects have, as one small file in a folder or by"
        " PUT; `holdall status --all --reports` reads all of them",
    )
    parser.add_argument(
        "--all",
        action="store_true",
        help="every project in the folder and below; one that fails stops no other",
    )
    add_options(parser)


def run(context: Context, args: argparse.Namespace) -> int:
    """Sync each project in turn; exit 1 if something needs attention."""
    if args.check and (args.force or args.dry_run):
        raise UsageError("--check writes nothing", hint="leave out --force and --dry-run")
    if args.all:
        from holdall.operations.projects.find import projects_below

        projects = projects_below(Path(args.to or "."))
    else:
        projects = [project_of(args)]
    done: list[dict[str, Any]] = []
    failures: dict[Path, HoldallError] = {}
    for project in projects:
        if args.all:
            context.out.line(f"{project}:")
        try:
            done.append(_run_in(context, args, project))
        except OvertakenError:  # everything is run again
            raise
        except HoldallError as error:
            failures[project] = error
            if args.all:
                context.out.warn(f"{project}: {error.message}")
                if error.hint:
                    context.out.note(f"hint: {error.hint}")
    _report(context, args, projects, failures)
    if failures and not args.all:
        raise failures[projects[0]]
    failed = [_failure_to_json(project, error) for project, error in failures.items()]
    context.out.data({"projects": done, "failed": failed})
    if failures:
        context.out.warn(f"{len(failures)} of {len(projects)} projects were not synced")
        return next(iter(failures.values())).exit_status
    return 1 if args.check and not all(one["agree"] for one in done) else 0


def _failure_to_json(project: Path, error: HoldallError) -> dict[str, Any]:
    told = {"code": error.code, "message": error.message, "hint": error.hint}
    return {"project": str(project), **told, "exit_status": error.exit_status}


def _report(
    context: Context,
    args: argparse.Namespace,
    projects: Sequence[Path],
    failures: Mapping[Path, HoldallError],
) -> None:
    """Report projects, those whose sync failed with the code of the error; warn if that fails."""
    if args.report_to is None or args.dry_run:
        return
    from holdall.operations.projects.fleet.reports import describe_project, send_report

    notes = {project: f"sync failed: {error.code}" for project, error in failures.items()}
    try:
        found = [
            describe_project(terms_of(context, args, one), notes.get(one))
            for one in projects
            if one not in notes or one.is_dir()
        ]
        send_report(args.report_to, found)
    except HoldallError as problem:
        context.out.warn(f"not reported: {problem.message}")


def _run_in(context: Context, args: argparse.Namespace, project: Path) -> dict[str, Any]:
    """Sync one project, and return what `--json` prints of it."""
    if not args.force and _is_unchanged(context, project):
        context.out.line(_AGREE if args.check else _IN_PLACE)
        return _to_json(project, args)
    return _check(context, args, project) if args.check else _sync(context, args, project)


def _is_unchanged(context: Context, project: Path) -> bool:
    """Return whether everything has the status that it had when all was in place."""
    from holdall.config import cache_folder
    from holdall.operations.projects.stamps import are_as_stamped, stamps_file

    cache = cache_folder(context.config)
    return cache is not None and are_as_stamped(stamps_file(cache, project), project)


def _to_json(
    project: Path,
    args: argparse.Namespace,
    differences: Sequence[Difference] = (),
    relocked: Sequence[str] = (),
    deployed: dict[str, object] | None = None,
) -> dict[str, Any]:
    return {
        "project": str(project),
        "dry_run": args.dry_run or args.check,
        "agree": not differences,
        "differences": [one._asdict() for one in differences],
        "relocked": list(relocked),
        "deployed": deployed,
    }


def _check(context: Context, args: argparse.Namespace, project: Path) -> dict[str, Any]:
    from holdall.operations.projects.changes.sync import check

    found = check(terms_of(context, args, project))
    for one in found:
        context.out.line(one.sentence)
    if not found:
        context.out.line(_AGREE)
    return _to_json(project, args, found)


def _sync(context: Context, args: argparse.Namespace, project: Path) -> dict[str, Any]:
    from holdall.operations.projects.changes.sync import sync

    done = sync(terms_of(context, args, project), frozen=args.frozen)
    for name in done.relocked:
        context.out.line(f"locked {name}")
    deployed = None
    if done.deployed is None:
        context.out.line(_IN_PLACE)
    else:
        from holdall.cli.commands.project.deploy import result_to_json, tell_files

        tell_files(context, done.deployed, dry_run=args.dry_run)
        deployed = result_to_json(done.deployed, dry_run=args.dry_run)
    for one in done.left:
        context.out.warn(f"{one.sentence}; it stays: --force replaces it")
    return _to_json(project, args, done.left, done.relocked, deployed)
