"""The built-in commands, one thin module each: arguments in, plain calls, printed results out.

A module is imported when its command is named.
"""

from __future__ import annotations

from holdall.plugins.commands import Command, on_demand

__all__ = ["BUILT_IN", "OVERVIEW"]

_EXAMPLES: dict[str, tuple[str, ...]] = {
    "init": (
        "holdall init ~/kit",
        "holdall init ~/kit --name team --database postgresql://db.example.org/holdall",
    ),
    "scan": (
        "holdall scan .",
        "holdall scan https://github.com/anthropics/skills@main#document-skills",
    ),
    "lint": (
        "holdall lint .",
        "holdall lint . --target opencode,codex",
        "holdall lint . --fix --dry-run  # what can be fixed in the collection",
        "holdall lint . --strict --sarif > lint.sarif  # for CI",
    ),
    "new": (
        "holdall new skill pdf-forms",
        'holdall new command git:tidy --description "Delete merged branches."',
    ),
    "collect": (
        "holdall collect https://github.com/anthropics/skills",
        "holdall collect ./my-skills --dry-run",
        "holdall collect  # record what you edited in the collection's folder",
    ),
    "list": (
        "holdall list",
        "holdall list --type skill --source anthropics/skills",
        "holdall list --outdated --ids",
        "holdall list --release 7  # as it was then",
    ),
    "search": (
        "holdall search pdf forms",
        "holdall search --type hook lint",
    ),
    "show": (
        "holdall show skill:pdf",
        "holdall show pdf@2  # an old version",
        "holdall show pdf --release 7",
    ),
    "rename": ("holdall rename skill:pdf pdf-forms",),
    "remove": ("holdall remove skill:pdf agent:reviewer",),
    "add": (
        "holdall add anthropics/skills --skill pdf",
        "holdall add ./my-skills --to ./app",
        "holdall add --from skills-lock.json  # of another program",
    ),
    "drop": (
        "holdall drop skill:pdf",
        "holdall drop github:anthropics/skills  # all of a source",
    ),
    "update": (
        "holdall update",
        "holdall update skill:pdf --dry-run",
        "holdall update --yes --theirs  # your edits become backups",
    ),
    "outdated": ("holdall outdated",),
    "sync": (
        "holdall sync",
        "holdall sync --frozen --check  # for CI",
        "holdall sync --all",
    ),
    "deploy": (
        "holdall deploy skill:pdf --to ./app",
        "holdall deploy starter --target claude --target codex",
        "holdall deploy pdf@2 --user  # an old version, for all projects",
        "holdall deploy  # update what is deployed here",
    ),
    "undeploy": (
        "holdall undeploy skill:pdf --to ./app",
        "holdall undeploy --forget ./gone  # a project whose folder is gone",
    ),
    "status": (
        "holdall status",
        "holdall status --to ./app --target codex",
        "holdall status --all  # every project, on all machines",
    ),
    "adopt": ("holdall adopt skill:pdf --from ./app",),
    "watch": (
        "holdall watch --to ./app",
        "holdall watch ./my-skills --to ./app",
    ),
    "plugins": ("holdall plugins",),
    "completion": ("holdall completion bash",),
    "help": (
        "holdall help deploy",
        "holdall help composite create",
        "holdall help --json  # every command with its options, for programs",
    ),
}
"""Lines that the help of each command shows."""


_DOCUMENTS = "holdall.cli.documents:DOCUMENTS"


def _command(name: str, summary: str, module: str, group: str, run: str = "run") -> Command:
    configure = on_demand(f"holdall.cli.commands.{module}:configure")
    does = on_demand(f"holdall.cli.commands.{module}:{run}")
    return Command(name, summary, group, configure, does, _EXAMPLES.get(name, ()), _DOCUMENTS)


OVERVIEW = _command("overview", "print where one stands", "overview", "")
"""What runs where no command is named."""


BUILT_IN = {
    command.name: command
    for command in (
        _command("init", "make an empty collection", "collection.init", "collection"),
        _command("scan", "list what a source contains; write nothing", "source.scan", "sources"),
        _command("lint", "check a source against the specifications", "source.lint", "sources"),
        _command("new", "begin an artifact from a skeleton", "collection.new", "collection"),
        _command("collect", "collect artifacts from sources", "collection.collect", "collection"),
        _command(
            "list", "list the artifacts of the collection", "collection.listing", "collection"
        ),
        _command("search", "find artifacts by their words", "collection.search", "collection"),
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
        _command("drop", "take something out of what a project wants", "project.drop", "projects"),
        _command(
            "update", "bring a project what its sources have now", "project.update", "projects"
        ),
        _command(
            "outdated", "list sources that have something else now", "project.outdated", "projects"
        ),
        _command("sync", "make a project what its holdall.lock says", "project.sync", "projects"),
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
        _command("watch", "collect and redeploy while one writes", "watch", "care"),
        _command("plugins", "print the plugins that were found", "plugins", "care"),
        _command("help", "print the help of a command", "help", "care"),
        _command("completion", "print a script that completes words", "completion", "care"),
    )
}
"""Each command by its name, in the order of `holdall --help`."""
