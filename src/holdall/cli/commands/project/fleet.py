"""`holdall status --all`: every project by machine, as the database knows it or as reported."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from holdall.cli.commands.project.status import STYLES, find_status
from holdall.cli.context import Context
from holdall.errors import UsageError
from holdall.operations.projects.fleet.values import GONE, OUTDATED

if TYPE_CHECKING:
    from holdall.operations.projects.fleet.values import Attention, FleetProject


def run_all(context: Context, args: argparse.Namespace) -> int:
    """Print every project by machine, and what is not in sync there; exit 1 if something is not."""
    if args.target:
        raise UsageError("--all is of every agent", hint="leave out --target")
    problems: list[str] = []
    if args.reports is None:
        projects = _find_known(context)
    else:
        from holdall.operations.projects.fleet.reports import read_reports

        projects = list(read_reports(args.reports, problems))
    for problem in problems:
        context.out.warn(problem)
    for machine, some in groupby(projects, lambda one: one.machine):
        of_it = list(some)
        context.out.line(f"{machine} ({_how(of_it[0])})")
        for project in of_it:
            _tell(context, project)
    _tell_sum(context, projects)
    context.out.data({"projects": [project.to_json() for project in projects]})
    return 0 if all(project.is_synced for project in projects) else 1


def _find_known(context: Context) -> list[FleetProject]:
    """Return what the database of the collection knows."""
    from holdall.operations.projects.fleet.known import look_at_all

    collection, known = context.collection(), None
    if context.plugins.implements("holdall_known_deployments"):
        known = context.plugins.first("holdall_known_deployments", list, collection=collection)
    if known is None:
        hint = "`holdall plugins` shows what is loaded and what failed"
        raise UsageError("--all: no loaded plugin knows the projects", hint=hint)
    return list(look_at_all(known, lambda place: find_status(context, collection, place)))


def _how(project: FleetProject) -> str:
    if project.reported_at is not None:
        return f"reported {project.reported_at}"
    return "this machine" if project.is_here else "as recorded"


def _tell(context: Context, project: FleetProject) -> None:
    """Print one project, and below it what needs attention."""
    context.out.line(f"  {project.project}: {_count(project.states) or 'nothing'}")
    if project.note is not None:
        context.out.line(f"    {project.note}")
    if project.states.keys() == {GONE}:
        return
    for one in project.attention:
        context.out.line(f"    {_sentence(one)}", style=STYLES.get(one.state, "red"), of=13)


def _sentence(one: Attention) -> str:
    where = f" for {one.target}" if one.target else f" in {one.root}" if one.root else ""
    return f"{one.state:9} {one.id}{where}{f' ({one.note})' if one.note else ''}"


def _count(states: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {state}" for state, number in states.items())


def _tell_sources(context: Context, projects: Sequence[FleetProject]) -> None:
    """Print which version of each source how many projects have, where that was reported."""
    have = Counter(pair for project in projects for pair in project.sources.items())
    for (source, version), number in sorted(have.items()):
        context.out.line(f"{source} {version}: {number} {'project' if number == 1 else 'projects'}")


def _tell_sum(context: Context, projects: Sequence[FleetProject]) -> None:
    """Print the sum, and what to do about what is not in sync here."""
    if not projects:
        context.out.line("nothing is deployed anywhere, as far as is known")
        return
    total = sum((Counter(project.states) for project in projects), Counter[str]())
    machines = len({project.machine for project in projects})
    context.out.line(
        f"{machines} {'machine' if machines == 1 else 'machines'},"
        f" {len(projects)} {'project' if len(projects) == 1 else 'projects'}: {_count(total)}"
    )
    _tell_sources(context, projects)
    here = [project for project in projects if project.is_here]
    outdated = next((one for one in here if OUTDATED in one.states), None)
    if outdated is not None:
        context.out.note(f"hint: `holdall deploy --to {outdated.project}` updates what is there")
    gone = next((one for one in here if one.states.keys() == {GONE}), None)
    if gone is not None and not Path(gone.project).is_dir():
        context.out.note(
            f"hint: if {gone.project} moved, `holdall deploy --to` where it is now; else"
            f" `holdall undeploy --forget {gone.project}`"
        )
