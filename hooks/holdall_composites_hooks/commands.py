"""Commands that need identity: composites, trees, associations, and the database itself."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from holdall.plugins import Command, hookimpl, on_demand

if TYPE_CHECKING:
    from holdall.reporter import Reporter

_COMMANDS = (
    ("composite", "composites", "composite", "make and edit composites"),
    ("tree", "composites", "tree", "print what a composite contains, all the way down"),
    (
        "tree",
        "composites",
        "associations",
        "print the composites that contain an artifact, and its own members",
    ),
    ("version", "history", "versions", "print the versions of an artifact"),
    (
        "version",
        "history",
        "diff",
        "print what differs between two versions, or what was edited in a project",
    ),
    ("version", "history", "restore", "write an old version into the collection, as a new one"),
    ("history", "history", "log", "print what Holdall changed, newest first"),
    ("undo", "history", "undo", "undo the last operations"),
    ("undo", "history", "redo", "do again what was undone last"),
    ("team", "team", "pull", "bring the folder to the newest release of its shared collection"),
    ("care", "care", "purge", "delete removed artifacts for good"),
    ("care", "care", "doctor", "check that files, manifest, database and versions agree"),
    ("care", "care", "rebuild", "rebuild a lost database from the collection's folder"),
    ("export", "composites", "export", "write a composite as a Claude plugin"),
    ("database", "care", "db", "look after the database"),
)
"""Module, group, name and summary of each command, in the order of `holdall --help`."""


@hookimpl
def holdall_configure(reporter: Reporter) -> None:
    """Keep what to report to; warn of a password on the command line."""
    from holdall_composites.console import configure, warn_of_password

    configure(reporter)
    warn_of_password(sys.argv[1:])


@hookimpl
def holdall_database_prepare(url: str, dry_run: bool) -> None:
    """Connect, and apply what the schema lacks."""
    from holdall_composites.schema.runner import prepare_database

    prepare_database(url, dry_run=dry_run)


@hookimpl
def holdall_register_commands() -> list[Command]:
    """Return the commands; the module of one is imported when it is named."""
    return [
        Command(
            name,
            summary,
            group,
            on_demand(f"holdall_composites.commands.{module}:configure_{name}"),
            on_demand(f"holdall_composites.commands.{module}:run_{name}"),
        )
        for module, group, name, summary in _COMMANDS
    ]
