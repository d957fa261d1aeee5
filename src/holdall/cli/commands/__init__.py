"""The built-in commands, one thin module each: arguments in, plain calls, printed results out.

A module is imported when its command is named.
"""

from __future__ import annotations

from holdall.plugins.commands import Command, on_demand

__all__ = ["BUILT_IN"]


def _command(name: str, summary: str, module: str, group: str, run: str = "run") -> Command:
    configure = on_demand(f"holdall.cli.commands.{module}:configure")
    return Command(
        name, summary, group, configure, on_demand(f"holdall.cli.commands.{module}:{run}")
    )


BUILT_IN = {
    command.name: command
    for command in (
        _command("init", "make an empty collection", "collection.init", "collection"),
        _command("scan", "list what a source contains; write nothing", "source.scan", "sources"),
        _command("lint", "check a source against the specifications", "source.lint", "sources"),
        _command("collect", "collect artifacts from sources", "collection.collect", "collection"),
        _command(
            "list", "list the artifacts of the collection", "collection.listing", "collection"
        ),
        _command("show", "print one artifact", "collection.show", "collection", "show"),
        _command(
            "rename",
            "rename an artifact; it keeps its UUID, composites and deployments",
            "collection.rename",
            "collection",
        ),
        _command(
            "remove", "remove artifacts from the collection", "collection.remove", "collection"
        ),
        _command(
            "add", "add what a source has to a project, for every agent", "project.add", "projects"
        ),
        _command(
            "deploy", "put artifacts and composites into a project", "project.deploy", "projects"
        ),
        _command(
            "undeploy", "remove deployed artifacts from a project", "project.undeploy", "projects"
        ),
        _command("status", "compare a project with the collection", "project.status", "projects"),
        _command(
            "adopt",
            "copy edits made in a project back into the collection",
            "project.adopt",
            "projects",
        ),
        _command("plugins", "print the plugins that were found", "plugins", "care"),
    )
}
"""Each command by its name, in the order of `holdall --help`."""
