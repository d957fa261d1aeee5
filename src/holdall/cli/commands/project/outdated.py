"""`holdall outdated`: which sources of a project have something else now."""

from __future__ import annotations

import argparse

from holdall.cli.commands.project.locked import add_options, project_of
from holdall.cli.context import Context


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = (
        "Ask the sources of the project what they have now; fetch and write nothing."
    )
    add_options(parser, writes=False)


def run(context: Context, args: argparse.Namespace) -> int:
    """Print each source that has something else; exit 1 if one has."""
    from holdall.deploy.consent.allowance import Allowance
    from holdall.operations.projects.changes.outdated import find_outdated
    from holdall.operations.projects.terms import Terms

    project = project_of(args)
    terms = Terms(context.session, project, context.caps, Allowance(), dry_run=True)
    found = find_outdated(terms)
    for one in found:
        if one.is_outdated:
            asked = f" {one.revision}" if one.revision else ""
            note = f" ({one.note})" if one.note else ""
            old, new = (_short(state) for state in (one.locked, one.now))
            context.out.line(f"{one.name}{asked}: {old} -> {new}{note}")
        if one.newest is not None and one.newest != one.tag:
            context.out.note(f"{one.name}: {one.newest} is there, outside of {one.revision}")
    outdated = [one for one in found if one.is_outdated]
    if not outdated:
        context.out.line("everything is as its source has it")
    context.out.data(
        {
            "project": str(project),
            "sources": [{**one._asdict(), "outdated": one.is_outdated} for one in found],
        }
    )
    return 1 if outdated else 0


def _short(state: str | None) -> str:
    if state is None:
        return "nothing"
    is_hash = len(state) in (40, 64) or state.startswith("sha256:")
    return state.removeprefix("sha256:")[:12] if is_hash else state
