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
        _command("scan", "print what a source holds; write nothing", "source.scan", "sources"),
        _command("lint", "judge a source by the specifications", "source.lint", "sources"),
        _command(
            "collect", "take artifacts into the collection", "collection.collect", "collection"
        ),
        _command("list", "print what the collection holds", "collection.listing", "collection"),
        _command("show", "print one artifact", "collection.show", "collection", "show"),
        _command(
            "rename",
            "rename an artifact; its UUID, composites and deployments stay",
            "collection.rename",
            "collection",
        ),
        _command(
            "remove", "take artifacts out of the collection", "collection.remove", "collection"
        ),
        _command(
            "deploy", "put artifacts and composites into a project", "project.deploy", "projects"
        ),
        _command(
            "undeploy", "take artifacts out of a project again", "project.undeploy", "projects"
        ),
        _command("status", "compare a project with the collection", "project.status", "projects"),
        _command(
            "adopt",
            "take what was edited in a project back into the collection",
            "project.adopt",
            "projects",
        ),
        _command("plugins", "print the plugins that were found", "plugins", "care"),
    )
}
"""Each command by its name, in the order of `holdall --help`."""
