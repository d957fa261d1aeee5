"""`holdall` without a command: where one stands, and what comes next. It writes nothing."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from holdall.cli.commands.project.status import find_status
from holdall.cli.context import Context
from holdall.errors import HoldallError, NotFoundError

if TYPE_CHECKING:
    from holdall.collection.collection import Collection


def configure(parser: argparse.ArgumentParser) -> None:
    """Add nothing: there is no command to add it to."""


def run(context: Context, args: argparse.Namespace) -> int:
    """Print the project, the collection, the agents found here, and the next commands."""
    from holdall.cli.parser import known_commands
    from holdall.deploy.targets import targets_for

    here = Path.cwd()
    collection, problem = _collection(context)
    try:
        found = find_status(context, collection, here)
    except HoldallError as error:
        found, problem = [], problem or error
    states = Counter(status.state.value for status in found)
    targets = targets_for(context.plugins.targets, here)
    agents = sorted({status.target for status in found})
    roots = {targets[name].root for name in agents if name in targets}
    agents += [name for name in targets.find_in(here) if targets[name].root not in roots]
    known, _ = known_commands(context.plugins)
    following = [
        (words, why)
        for words, why in _next(collection, states)
        if words.split()[1].startswith("-") or words.split()[1] in known
    ]
    rows = [("project", str(here)), ("deployed", _count(states) or "nothing here")]
    rows.append(("agents", ", ".join(agents) or "none found here"))
    entries = collection.manifest.by_id if collection is not None else {}
    composites = sum(found.type == "composite" for found in entries)
    if collection is not None:
        held = f"{len(entries) - composites} artifacts, {composites} composites"
        rows.append(("collection", f"{collection.root} ({held})"))
    else:
        rows.append(("collection", "none yet" if problem is None else problem.message))
    context.out.table(rows)
    if problem is not None and problem.hint:
        context.out.line(f"hint: {problem.hint}")
    context.out.line()
    context.out.line("next:")
    context.out.table([(f"  {words}", why) for words, why in following])
    context.out.data(
        {
            "project": str(here),
            "deployed": dict(states),
            "agents": agents,
            "collection": None
            if collection is None
            else {
                "path": str(collection.root),
                "name": collection.name,
                "artifacts": len(entries) - composites,
                "composites": composites,
            },
            "problem": None if problem is None else problem.message,
            "next": [{"command": words, "why": why} for words, why in following],
        }
    )
    return 0


def _collection(context: Context) -> tuple[Collection | None, HoldallError | None]:
    """Return the collection, or why it cannot be read; neither where there is none."""
    try:
        return context.collection_as_it_is(), None
    except NotFoundError as error:
        return None, error if context.config.collection is not None else None
    except HoldallError as error:
        return None, error


def _count(states: Mapping[str, int]) -> str:
    total = sum(states.values())
    return f"{total} ({', '.join(f'{n} {state}' for state, n in states.items())})" if total else ""


def _next(collection: Collection | None, states: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    """Yield commands that make sense now, and what each does."""
    if collection is None:
        yield "holdall add SOURCE", "add what a folder or a git repository has to this project"
        yield "holdall init ~/kit", "make a collection"
        yield "holdall scan SOURCE", "see what a folder or a git repository has"
    elif not collection.manifest.by_id:
        yield "holdall collect SOURCE", "fill the collection, from a folder or a git repository"
    else:
        if states.get("modified"):
            yield "holdall status", "see which files were edited here"
            yield "holdall adopt ID", "take such an edit into the collection"
        if states.keys() - {"modified", "synced"}:
            yield "holdall deploy", "update what is deployed here"
        if not states:
            yield "holdall list", "see what the collection has"
            yield "holdall deploy ID", "put some of it into this project"
        elif states.keys() == {"synced"}:
            yield "holdall status", "see what is deployed here"
            yield "holdall list", "see what else the collection has"
    yield "holdall --help", "see all commands"
